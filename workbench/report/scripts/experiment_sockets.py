"""The sockets that a script made of a session has: their variables, and free addresses to bind them to."""

from __future__ import annotations

from workbench.model.call.address import is_loopback_host
from workbench.model.session.sockets import SocketFacts
from workbench.report.scripts.experiment_source import OwnScript

FOLDER = "folder"
"""Stands for the folder of the script's UNIX sockets, in its names."""


class ScriptSockets:
    """Makes each socket of the session by a line of the script, when it is wanted first."""

    def __init__(self, script: OwnScript) -> None:
        self._script = script
        self.open: list[str] = []
        """The variables of the sockets that the script has not closed, in the order in which it made them."""
        self.queued: dict[str, bytearray] = {}
        """Bytes on their way to a socket, by its variable."""

    def note_open(self, name: str) -> None:
        """Take in that the script has made the socket *name*."""
        self.open.append(name)
        self.queued[name] = bytearray()

    def named(self, facts: SocketFacts) -> str:
        """Return the variable of a socket that the next line makes."""
        name = self._script.name(facts.id, facts.name or "sock")
        self.note_open(name)
        return name

    def socket(self, facts: SocketFacts, family: str = "") -> str:
        """Return the variable of a socket, which is made by socket.socket unless it is known."""
        if known := self._script.known(facts.id):
            return known
        name = self.named(facts)
        family = family or facts.family or ("AF_UNIX" if facts.is_unix else "AF_INET")
        self._script.add(f"{name} = socket.socket(socket.{family}, socket.{facts.type or 'SOCK_STREAM'})")
        return name

    def free_address(self, facts: SocketFacts, name: str) -> str:
        """Return an address like the one that a socket had, but free: a port that the kernel chooses, a new path."""
        match facts.bound if facts.bound is not None else facts.local:
            case str() as path if path.startswith("@"):
                self._script.uses("os")
                return f'f"\\0{name}-{{os.getpid()}}"'
            case str():
                return self._path(name)
            case [str() as host, *_] if is_loopback_host(host) and host != "localhost":
                return repr((host, 0))
            case _:
                return self.local_address(facts, name)

    def local_address(self, facts: SocketFacts, name: str) -> str:
        """Return a free address of this machine that sockets like *facts* can reach."""
        if facts.is_unix:
            return self._path(name)
        return repr(("::1" if facts.family == "AF_INET6" else "127.0.0.1", 0))

    def _path(self, name: str) -> str:
        if not self._script.known(FOLDER):
            self._script.uses("tempfile")
            self._script.name(FOLDER, "folder for paths")
            self._script.add("folder = tempfile.TemporaryDirectory()")
        return f'folder.name + "/{name}"'
