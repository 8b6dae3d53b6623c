"""Whether a recv or a send cuts a character: said only where the stream is text, as far as the session tells."""

from __future__ import annotations

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.text.hexdump import CutCharacter, cut_character

_ENOUGH = 1 << 16
"""Bytes of a send that are looked at."""
_PLENTY = 12
_SPACES = frozenset("\t\n\r\f\x1b")


def cut_of_text(call: Call, around: Around) -> CutCharacter | None:
    """Return where the call's bytes cut a character of UTF-8; None where they don't, or are not known to be text.

    What a recv took is text if the sends that it came from are; where they are not known, it has to look like
    text without a doubt. What was
    sent is text if all but its cut ends is.
    """
    cut = cut_character(call.data)
    if not (cut.head or cut.have):
        return None
    if call.sends:
        return cut if is_text(call.data) else None
    wanted = {part.seq for part in around.sources or ()}
    sends = [each.data for each in around.kin if each.seq in wanted]
    known = len(sends) == len(wanted) and all(map(is_text, sends)) if wanted else _is_plainly_text(call.data)
    return cut if known else None


def _is_plainly_text(data: bytes) -> bool:
    """Whether bytes can hardly be anything but text: many printable characters, and whole ones of several bytes."""
    cut = cut_character(data)
    whole = data[cut.head : len(data) - cut.have]
    return is_text(data) and len(whole) >= _PLENTY and not whole.isascii()


def is_text(data: bytes) -> bool:
    """Whether bytes read as UTF-8 text of printable characters, but for one that is cut at either end."""
    data = data[:_ENOUGH]
    cut = cut_character(data)
    try:
        text = data[cut.head : len(data) - cut.have].decode()
    except UnicodeDecodeError:
        return False
    return bool(text) and all(char.isprintable() or char in _SPACES for char in text)
