"""One connection as a conversation: what one of its ends sent and received, as text, as hex or as frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from workbench.model.call.call import Call
from workbench.model.lens.lens import Lens
from workbench.model.lens.parser import Frame
from workbench.model.text.hexdump import plain_line
from workbench.model.text.safe import safe

TEXT, HEX = "text", "hex"
_MOST = 4096  # bytes in one line of text


class Line(NamedTuple):
    """A line of a conversation: *seq* of the call, whether this end *sent* it, and what it shows, safe to draw."""

    seq: int
    sent: bool
    text: str


class Conversation:
    """Turns the calls of one socket into lines, one call after another, in the order in which they returned."""

    def __init__(self, form: str = TEXT) -> None:
        """*form*: "text", "hex", or the name of a lens; raises UnknownLens."""
        self.form = form
        lens = form if form not in (TEXT, HEX) else "lines"
        self._lenses = {sent: Lens(lens) for sent in (True, False)}

    def feed(self, call: Call) -> Iterator[Line]:
        """Yield the lines of the next call; nothing for one that moved no bytes of the stream."""
        if not call.data or call.peek:
            return
        if self.form == HEX:
            texts: Iterator[str] = (plain_line(call.data, offset) for offset in range(0, len(call.data), 16))
        elif self.form == TEXT:
            texts = _text(call.data)
        else:
            texts = self._frames(call)
        for text in texts:
            yield Line(call.seq, call.sends, text)

    def end(self) -> Iterator[Line]:
        """Yield lines on what is left unfinished in either direction."""
        if self.form in (TEXT, HEX):
            return
        for sent, lens in self._lenses.items():
            if pending := lens.pending:
                yield Line(0, sent, f"a frame of which {pending.have} bytes have come so far")

    def _frames(self, call: Call) -> Iterator[str]:
        lens = Lens(self.form) if call.datagram else self._lenses[call.sends]
        lost = lens.lost
        for found in lens.feed(call.data) + (lens.end("datagram") if call.datagram else []):
            if isinstance(found, Frame):
                size = found.stop - found.start
                bytes_ = "1 byte" if size == 1 else f"{size} bytes"
                yield f"{found.kind} {found.label}".strip() + f"  ({bytes_})"
            else:
                yield f"broken: {found.reason}"
        if lost:
            yield f"{len(call.data)} bytes that can't be cut into frames any more"


def _text(data: bytes) -> Iterator[str]:
    """Yield the lines of a text; its line ends are not drawn, any other control character is."""
    for line in data.removesuffix(b"\n").split(b"\n"):
        text = line.removesuffix(b"\r").decode("utf-8", "replace")
        yield from (safe(text[at : at + _MOST]) for at in range(0, max(1, len(text)), _MOST))
