"""Which calls of a session a report shows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.journal.reader import FAILED
from workbench.model.address import quoted
from workbench.model.call import Call
from workbench.model.explain import errno_name


@dataclass(frozen=True, slots=True)
class Filter:
    """What a call must have to be shown; what is empty or false is not asked for."""

    socket: str = ""
    """The socket's id, such as "4711.3", or its name."""
    call: str = ""
    error: bool = False
    """Only calls that failed."""
    find: bytes = b""
    """Bytes that lie within those which the call moved."""

    def may_match(self, mark: int, length: int) -> bool:
        """Tell from the journal's index alone, its *mark* and bytes moved, whether reading the call is worth it."""
        return len(self.find) <= length and (not self.error or bool(mark & FAILED))

    def matches(self, call: Call) -> bool:
        """Tell whether *call* has all that is asked for."""
        return (
            (not self.socket or self.socket in (call.socket, call.name))
            and (not self.call or self.call == call.call)
            and (not self.error or call.error is not None or bool(errno_name(call)))
            and self.find in call.data
        )


def parse_find(text: str) -> bytes:
    """Read what to find: text, in utf-8, or 0x and hex digits; raises ValueError with a sentence for wrong digits."""
    if not text:
        raise ValueError("nothing to find: write some text, or bytes such as 0xdead")
    if not text.startswith(("0x", "0X")):
        return text.encode("utf-8", "surrogateescape")
    digits = text[2:]
    if wrong := re.search(r"[^0-9A-Fa-f]", digits):
        raise ValueError(f"{quoted(wrong[0])} in {quoted(text)} is not a hex digit: write bytes such as 0xdead")
    if not digits or len(digits) % 2:
        raise ValueError(
            f"{quoted(text)} has {len(digits)} hex digits, and a byte takes two: write bytes such as 0xdead"
        )
    return bytes.fromhex(digits)
