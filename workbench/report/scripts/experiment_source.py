"""The text of an experiment while it is written from a session: names for its sockets, its payloads, its lines."""

from __future__ import annotations

import json
import keyword
import re

from workbench.model.call.call import Call
from workbench.model.text.fit import cut
from workbench.model.text.safe import safe

_INLINE = 60
"""Bytes of a payload that stand where it is used; a longer one has a name."""
_ROW = 16
_LONGEST_PATTERN = 256
_TAKEN = frozenset(
    {"socket", "threading", "tempfile", "os", "after_reset", "arrived", "recv_exactly", "received", "sender", "folder"}
)
_HELPERS = {
    "arrived": '''
def arrived(sock, size):
    """Wait until *size* bytes have arrived, without taking them."""
    sock.recv(size, socket.MSG_PEEK | socket.MSG_WAITALL)
''',
    "after_reset": '''
def after_reset(sock, size):
    """Receive what comes after a reset, which this call meets if no other has."""
    try:
        return sock.recv(size)
    except ConnectionResetError:
        return sock.recv(size)
''',
    "recv_exactly": '''
def recv_exactly(sock, size):
    """Receive *size* bytes, in as many pieces as they come in."""
    data = b""
    while len(data) < size and (piece := sock.recv(size - len(data))):
        data += piece
    return data
''',
}


class OwnScript:
    """Plain Python, line by line. What comes from the session goes into it as a literal, or through safe()."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._lines: list[str] = []
        self._payloads: dict[bytes, str] = {}
        self._imports = {"socket"}
        self._helpers: set[str] = set()
        self.shown: tuple[str, int, bytes, int] | None = None
        """Of the first recv: its call, which one of that name it is, what it returned, and its bufsize."""

    def name(self, key: str, wanted: str) -> str:
        """Return the variable for what *key* stands for, made of the name *wanted* when it is new."""
        if key not in self._names:
            plain = re.sub(r"[^0-9a-z]+", "_", wanted.lower()).strip("_") or "sock"
            plain = f"sock_{plain}" if plain[0].isdigit() or keyword.iskeyword(plain) or plain in _TAKEN else plain
            known, number = set(self._names.values()), 2
            name = plain
            while name in known:
                name, number = f"{plain}_{number}", number + 1
            self._names[key] = name
        return self._names[key]

    def known(self, key: str) -> str:
        """Return the variable for *key*, "" if there is none yet."""
        return self._names.get(key, "")

    def add(self, line: str, call: Call | None = None) -> None:
        """Add a line, with the number of the call in the session that it repeats."""
        self._lines.append(f"{line}  # {call.seq}" if call is not None else line)

    def got(self, line: str, shown: tuple[str, int, bytes, int], call: Call) -> None:
        """Add the line that sets `received`, and one that checks it; *shown*: as in the attribute."""
        self.add(line, call)
        self.add(f"assert received == {self.payload(shown[2])}, received")
        self.shown = self.shown or shown

    def remark(self, text: str) -> None:
        """Add a comment."""
        self._lines.append(f"# {cut(safe(text), 100)}")

    def uses(self, module: str = "", helper: str = "") -> None:
        """Import a module, or define a helper."""
        self._imports |= {module} - {""}
        self._helpers |= {helper} - {""}

    def payload(self, data: bytes) -> str:
        """Return the expression for bytes."""
        if len(data) <= _INLINE:
            return repr(data)
        return self._payloads.setdefault(data, f"payload_{len(self._payloads) + 1}")

    def text(self, title: str) -> str:
        """Return the whole script."""
        imports = "".join(f"import {module}\n" for module in sorted(self._imports))
        helpers = "".join(f"\n{_HELPERS[name]}" for name in sorted(self._helpers))
        payloads = "".join(f"{name} = {_literal(data)}\n" for data, name in self._payloads.items())
        body = "\n".join(self._lines)
        gap = "\n\n" if helpers else "\n"
        return f"{self._block(title)}{imports}{helpers}{gap}{payloads}{body}\n"

    def _block(self, title: str) -> str:
        call, nth, data, size = self.shown or ("socket", 1, b"", 0)
        asked = f"What does the first {call}({size}) return?" if self.shown else "Do all calls go well?"
        right = cut(repr(data), 60) if self.shown else "yes"
        fields = {
            "title": title,
            "topic": "my own",
            "question": asked,
            "choices": [right, "it raises an exception"],
            "answer": 1,
            "explanation": "Say here why. The numbers behind the lines are those of the session.",
        }
        lines = [f"# {key} = {json.dumps(value)}" for key, value in fields.items()]
        return "\n".join(["# /// experiment", *lines, f'# shows = {{ call = "{call}", nth = {nth} }}', "# ///", ""])


def _literal(data: bytes) -> str:
    """Write long bytes as a pattern that repeats, or in rows."""
    for size in range(1, min(_LONGEST_PATTERN, len(data) // 2) + 1):
        pattern = data[:size]
        count, rest = divmod(len(data), size)
        if data == pattern * count + pattern[:rest]:
            return f"{pattern!r} * {count}" + (f" + {pattern[:rest]!r}" if rest else "")
    rows = [data[at : at + _ROW] for at in range(0, len(data), _ROW)]
    return "(\n" + "".join(f"    {row!r}\n" for row in rows) + ")"
