"""A Python script while it is written: its sockets under their names, its lines, and its long payloads beside it."""

from __future__ import annotations

import re
import socket
from importlib.resources import files
from pathlib import Path

from workbench.model.call.address import show, unix_sockaddr
from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress
from workbench.model.session.sockets import SocketFacts
from workbench.model.text.safe import safe

LONG = 1024
"""A payload of more bytes than this lies in the file beside the script."""
_CONSTANT = re.compile(r"(SOL|SO|IPPROTO|TCP|IP|IPV6|MSG)_[A-Z0-9_]{1,40}")
_SCHEMES = {
    "SOCK_STREAM": ("tcp", "unix"),
    "SOCK_DGRAM": ("udp", "unix-dgram"),
    "SOCK_SEQPACKET": ("", "unix-seqpacket"),
}


class Script:
    """client.py or server.py. What comes from the session goes into it as a literal, or not at all."""

    def __init__(self, folder: Path, role: str) -> None:
        self.role = role
        self._path = folder / f"{role}.py"
        self._data = folder / f"{role}.data"
        self._data.unlink(missing_ok=True)
        self._stored = 0
        self._targets: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._opening: list[str] = []
        self._lines: list[str] = []

    def target(self, address: str) -> str:
        """Return the expression for an address that the command line may replace."""
        return f"at[{self._targets.setdefault(address, len(self._targets))}]"

    def variable(self, key: str, kind: str) -> tuple[str, bool]:
        """Return the name of the socket that *key* stands for, and whether it is new."""
        new = key not in self._names
        if new:
            number = sum(name.startswith(f"{kind}_") for name in self._names.values()) + 1
            self._names[key] = f"{kind}_{number}"
        return self._names[key], new

    def add(self, line: str, call: Call | None = None, *, first: bool = False) -> None:
        """Add a line, for *call*; with *first* among those that open the servers."""
        text = f"    {line}  # {call.seq}\n" if call is not None else f"    {line}\n"
        (self._opening if first else self._lines).append(text)

    def payload(self, data: bytes) -> str:
        """Return the expression for bytes."""
        if len(data) <= LONG:
            return repr(data)
        with self._data.open("ab") as file:
            file.write(data)
        self._stored += len(data)
        return f"data({self._stored - len(data)}, {len(data)})"

    def write(self, session: str) -> None:
        """Write the script for the session of that name."""
        support = files("workbench.report.scripts").joinpath("peer_source.py").read_text("utf-8")
        recorded = ", ".join(map(ascii, self._targets))
        place = "[ADDRESS …]" if len(self._targets) > 1 else "[ADDRESS]"
        what = "where the server is" if self.role == "client" else "where it listens"
        text = safe(session).replace("\\", "/").replace('"', "'")
        with self._path.open("w", encoding="utf-8") as file:
            file.write(
                f'"""Repeats the {self.role} of {text}: the same calls, the same bytes in the same pieces.\n\n'
                f"    python {self.role}.py {place}\n\n"
                f"ADDRESS: {what}, else as recorded. The number behind a line is that of the recorded call.\n"
                'Exit code 1: other bytes came than were recorded; a line on stderr says where.\n"""\n'
            )
            file.write(support.partition('"""\n')[2])
            file.write(f"\n\ndef main() -> None:\n    at = targets({recorded})\n")
            file.writelines([*self._opening, *self._lines])
            file.write('\n\nif __name__ == "__main__":\n    run(main)\n')


def scheme_of(facts: SocketFacts) -> str:
    """Return the scheme of the socket's addresses."""
    return _SCHEMES.get(facts.type or "SOCK_STREAM", ("", ""))[facts.is_unix]


def url(facts: SocketFacts, address: PlainAddress | None) -> str:
    """Return an address of *facts* as the command line takes it; "" where there is none that it could take."""
    scheme = scheme_of(facts)
    match address:
        case str() if scheme and address and facts.is_unix:
            return f"{scheme}://{address}"
        case [str() as host, int() as port, *rest] if scheme and not facts.is_unix:
            return f"{scheme}://{show([_REACHABLE.get(host, host), port, *rest])}"
        case _:
            return ""


_REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def bind_arguments(address: PlainAddress | None) -> str:
    """Return the arguments of a bind that takes another address where this one is taken; "" for none."""
    match address:
        case str() if address:
            return f"{unix_sockaddr(address)!a}, otherwise=''"
        case [str() as host, int() as port, *_]:
            return f"{(host, port)!a}, otherwise={(host, 0)!a}"
        case _:
            return ""


def option(call: Call) -> str:
    """Return the arguments of a setsockopt; "" for one that has no place in a script."""
    match call.args:
        case [str() as level, str() as name, (int() | str()) as value] if call.error is None:
            given = value if isinstance(value, int) else value.encode("utf-8", "surrogateescape")
            return f"socket.{level}, socket.{name}, {given!r}" if _are_constants(level, name) else ""
        case _:
            return ""


def flags(call: Call) -> str:
    """Return the flags of a send as a further argument."""
    names = [name for value in call.args if isinstance(value, str) for name in value.split(" | ")]
    known = [name for name in names if name.startswith("MSG_") and _are_constants(name)]
    return ", " + " | ".join(f"socket.{name}" for name in known) if known else ""


def _are_constants(*names: str) -> bool:
    """Tell whether these are names in the socket module, and nothing but names."""
    return all(_CONSTANT.fullmatch(name) and hasattr(socket, name) for name in names)
