"""What the exported client.py and server.py have in common: this text stands in both of them."""

from __future__ import annotations

import os
import selectors
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, NoReturn

PATIENCE = 10.0
"""Seconds to wait for what comes next in the recording; a server waits for its first client without end."""
KINDS = {
    "tcp": socket.SOCK_STREAM,
    "udp": socket.SOCK_DGRAM,
    "unix": socket.SOCK_STREAM,
    "unix-dgram": socket.SOCK_DGRAM,
    "unix-seqpacket": getattr(socket, "SOCK_SEQPACKET", socket.SOCK_STREAM),
}


class Target(NamedTuple):
    """An address such as tcp://127.0.0.1:6789, as the socket module takes it."""

    scheme: str
    family: int
    address: Any


class Mismatch(Exception):
    """What came is not what was recorded."""


def targets(*recorded: str) -> list[Target]:
    """Return the addresses of the command line, and for those that are not given the recorded ones."""
    given = sys.argv[1:]
    if len(given) > len(recorded):
        leave(f"at most {len(recorded)} addresses, such as {', '.join(recorded)}", 2)
    return [target(text) for text in (*given, *recorded[len(given) :])]


def target(text: str) -> Target:
    """Read tcp://host:port, udp://[::1]:port, unix:///path, unix-dgram://…, unix-seqpacket://… or unix://@name."""
    scheme, _, rest = text.partition("://")
    if scheme.startswith("unix") and scheme in KINDS and rest:
        return Target(scheme, socket.AF_UNIX, "\0" + rest[1:] if rest.startswith("@") else rest)
    host, _, port = rest.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=KINDS[scheme])[0]
    except (KeyError, ValueError, OSError):
        leave(f"{text!r} is no address such as tcp://127.0.0.1:6789, udp://127.0.0.1:8080 or unix:///tmp/x.sock", 2)
    return Target(scheme, found[0], found[4])


def url(scheme: str, address: Any) -> str:
    """Return an address as the command line takes it."""
    if isinstance(address, (str, bytes)):
        return f"{scheme}://{os.fsdecode(address)}".replace("\0", "@")
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"{scheme}://{host}:{address[1]}"


def leave(sentence: str, code: int = 1) -> NoReturn:
    """End the script with a line on stderr."""
    print(f"{Path(sys.argv[0]).name}: {sentence}", file=sys.stderr)
    raise SystemExit(code)


def data(start: int, size: int) -> bytes:
    """Return a long payload, which lies in the file beside the script."""
    with open(Path(sys.argv[0]).with_suffix(".data"), "rb") as file:
        file.seek(start)
        return file.read(size)


class Peer:
    """A socket of the recording. What comes while another one waits is taken in, so that no full buffer stops both."""

    everyone: ClassVar[list[Peer]] = []
    same = 0
    begun = False
    """Whether anything has come yet: before that a server waits as long as it takes."""

    def __init__(self, name: str, to: Target, made: socket.socket | None = None) -> None:
        self.name, self.messages = name, KINDS[to.scheme] != socket.SOCK_STREAM
        self.sock = made or socket.socket(to.family, KINDS[to.scheme])
        self.to, self.path = to, ""
        self.listens = self.ended = False
        self.arrived: list[tuple[bytes, Any]] = []
        self.senders: dict[str, Any] = {}
        self.sock.settimeout(PATIENCE)
        Peer.everyone.append(self)

    # --- naming and connecting ---

    def bind(self, address: Any, *, otherwise: Any = None) -> None:
        """Bind; to *otherwise* if the address is taken."""
        try:
            self.sock.bind(address)
        except OSError as problem:
            if otherwise is None:
                where = url(self.to.scheme, address)
                raise Mismatch(f"{where}: {problem.strerror}: give another ADDRESS in its place") from None
            self.sock.bind(otherwise)
        name = self.sock.getsockname()
        self.path = name if isinstance(name, str) and not name.startswith("\0") else ""

    def announce(self) -> None:
        """Print where the server can be reached."""
        print(f"listening on {url(self.to.scheme, self.sock.getsockname())}", flush=True)

    def listen(self, backlog: int) -> None:
        self.sock.listen(backlog)
        self.listens = True

    def accept(self, name: str) -> Peer:
        self.wait(selectors.EVENT_READ)
        return Peer(name, self.to, self.sock.accept()[0])

    def connect(self, to: Target) -> None:
        try:
            self.sock.connect(to.address)
        except OSError as problem:
            where = url(to.scheme, to.address)
            raise Mismatch(f"{self.name} could not connect to {where}: {problem.strerror or problem}") from None

    # --- sending ---

    def send(self, payload: bytes, flags: int = 0, *, unread: bool = False) -> None:
        """Send all of *payload*, in one piece where it fits; a datagram goes whole.

        *unread*: its receiver did not take all of it, so it is no matter if that is gone already.
        """
        view = memoryview(payload)
        with suppress(*((ConnectionError, Mismatch) if unread else ())):
            while True:
                self.wait(selectors.EVENT_WRITE)
                view = view[self.sock.send(view, flags) :]
                if not view:
                    return

    def send_to(self, payload: bytes, to: Target | str) -> None:
        """Send a datagram to a target, or back to the sender that the recording calls *to*."""
        address = to.address if isinstance(to, Target) else self.senders.get(to)
        if address is None:
            raise Mismatch(f"{self.name} has not heard from {to}, whom it should answer")
        self.wait(selectors.EVENT_WRITE)
        self.sock.sendto(payload, address)

    # --- receiving ---

    def receive(self, bufsize: int, expected: bytes) -> None:
        """Receive until as many bytes as expected have come, however the stream is cut; of datagrams, one."""
        if self.messages:
            self.compare(self.next_piece(bufsize)[0][:bufsize], expected)
            return
        came = 0
        while came < len(expected):
            piece = self.next_piece(min(bufsize, len(expected) - came))[0]
            if not piece:
                raise Mismatch(f"{self.name}: expected {shown(expected[came:])}, got the end of the stream")
            self.compare(piece, expected[came : came + len(piece)])
            came += len(piece)

    def receive_from(self, bufsize: int, expected: bytes, sender: str) -> None:
        """Receive a datagram, and remember its sender by what the recording calls it."""
        payload, self.senders[sender] = self.next_piece(bufsize)
        self.compare(payload[:bufsize], expected)

    def expect_end(self) -> None:
        """Receive the end of the stream."""
        payload = self.next_piece(65536)[0]
        if payload:
            raise Mismatch(f"{self.name}: expected the end of the stream, got {shown(payload)}")

    def compare(self, got: bytes, expected: bytes) -> None:
        """Raise Mismatch unless they are equal."""
        if got != expected:
            raise Mismatch(f"{self.name}: expected {shown(expected)}, got {shown(got)}")
        Peer.same += len(got)

    def next_piece(self, size: int) -> tuple[bytes, Any]:
        """Return what came first: at most *size* bytes of a stream, or a datagram and its sender."""
        while not self.arrived and not self.ended:
            self.wait(selectors.EVENT_READ)
            self.read(size)
        if not self.arrived:
            return b"", None
        payload, sender = self.arrived.pop(0)
        if not self.messages and len(payload) > size:
            self.arrived.insert(0, (payload[size:], sender))
            payload = payload[:size]
        return payload, sender

    def read(self, size: int = 65536) -> None:
        """Take in what is there."""
        try:
            payload, sender = self.sock.recvfrom(max(size, 65536) if self.messages else size)
        except ConnectionError:
            self.ended = not self.messages
            return
        self.ended = not payload and (not self.messages or self.to.scheme == "unix-seqpacket")
        if not self.ended:
            self.arrived.append((payload, sender))

    # --- waiting and ending ---

    def wait(self, event: int) -> None:
        """Wait until this socket is ready, and take in meanwhile what comes for any."""
        until = time.monotonic() + PATIENCE
        while True:
            with selectors.DefaultSelector() as selector:
                for each in Peer.everyone:
                    reads = not each.listens and not each.ended
                    events = reads * selectors.EVENT_READ | (event if each is self else 0)
                    if events:
                        selector.register(each.sock, events, each)
                happened = selector.select(until - time.monotonic() if Peer.begun else None)
            if any(key.data is self and mask & event for key, mask in happened):
                Peer.begun = True
                return
            if not happened:
                raise Mismatch(f"{self.name}: nothing happened for {PATIENCE:g} s")
            for key, _ in happened:
                key.data.read()

    def shutdown(self, how: int) -> None:
        """Shut down one direction, or both; a peer that is gone already is no matter."""
        with suppress(OSError):
            self.sock.shutdown(how)

    def close(self) -> None:
        """Close, and remove the path that bind made."""
        if self in Peer.everyone:
            Peer.everyone.remove(self)
        self.sock.close()
        if self.path:
            os.unlink(self.path)
            self.path = ""


def shown(payload: bytes) -> str:
    """Return the beginning of a payload as Python writes it."""
    return repr(payload) if len(payload) <= 40 else f"{payload[:40]!r}… ({len(payload)} bytes)"


def run(main: Callable[[], None]) -> None:
    """Repeat the recording: exit code 0 where all bytes came as recorded, 1 with a line on stderr where not."""
    try:
        main()
    except (Mismatch, OSError) as problem:
        leave(str(problem))
    except KeyboardInterrupt:
        leave("interrupted", 130)
    finally:
        for peer in list(Peer.everyone):
            peer.close()
    print(f"{Peer.same} bytes came as recorded", flush=True)
