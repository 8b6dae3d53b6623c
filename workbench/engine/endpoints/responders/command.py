"""command and length-first: fixed texts by their names, never a shell."""

from __future__ import annotations

from workbench.engine.endpoints.responders.responder import Kind, pure

_FEW_WORDS = "Each send is a call of its own; what the peer's recv returns is up to the stream, not to the sender. "
TEXTS = {
    b"help": b"commands: help, motd, long, numbers",
    b"motd": b"A stream has no messages. A datagram has no stream.",
    b"long": _FEW_WORDS.encode() * 8,
    b"numbers": " ".join(map(str, range(1, 301))).encode(),
}


def _text(command: bytes) -> bytes:
    return TEXTS.get(command.strip().lower(), b"no such command; try help")


class LengthFirst:
    """Sends the length of its text as text, waits for an acknowledgement, then sends the text itself."""

    def __init__(self) -> None:
        self._held: bytes | None = None

    def answer(self, data: bytes) -> bytes | None:
        """Return the length for a command, the text for whatever comes after it."""
        if self._held is None:
            self._held = _text(data)
            return str(len(self._held)).encode()
        held, self._held = self._held, None
        return held

    def silence(self) -> bytes | None:
        """Say nothing."""
        return None


COMMAND = pure("command", f"a fixed text for {', '.join(name.decode() for name in TEXTS)}", _text)
LENGTH_FIRST = Kind("length-first", "the length, then after an answer the text", lambda _: LengthFirst)
