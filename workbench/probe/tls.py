"""TLS: the plain bytes that go through an ssl.SSLSocket, which socket.socket's methods never see.

The ciphertext moves inside OpenSSL, on the descriptor itself, and is not recorded.
"""

from __future__ import annotations

from time import monotonic_ns as clock

from . import program_calls
from .facts import flat, size_of, whole
from .format import CODE, RECVS, failed, received, sent
from .page import AT_CALL
from .program_calls import dressed
from .shield import hide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .program_socket import Probe


def record_plain_bytes(probe: Probe, kind: Any, find: Any) -> None:
    """Let *kind*, the class SSLSocket, record what it encrypts and decrypts. *find*: tells who a socket is."""
    read, write, send, sendall = kind.read, kind.write, kind.send, kind.sendall

    def recorded(
        self: Any, call: str, asked: int, data: Any, real: Callable[[], Any], moved: Callable[[Any], int]
    ) -> Any:
        """Make a call; *data*: what is sent, or the buffer that is received into; *moved*: tells how many bytes."""
        frame, code = program_calls.look(2), CODE[call]
        try:
            who = find(self)
            slot, source = probe.enter(self, who, code, (asked,), None, frame)
            started = clock()
            try:
                result = real()
            except BaseException as error:
                slot[AT_CALL] = 0
                probe.put(who, code, started, clock(), source, _failed, call, error, asked)
                probe.leave(self, who, error)
                raise
            ended = clock()
            slot[AT_CALL] = 0
            probe.put(
                who,
                code,
                started,
                ended,
                source,
                plain_bytes,
                call,
                result if data is None else data,
                moved(result),
                asked,
            )
            probe.leave(self, who)
            return result
        except BaseException as error:
            hide(error)
            raise

    def read_recorded(self: Any, len: int = 1024, buffer: Any = None) -> Any:
        if self._sslobj is None:
            return read(self, len, buffer)
        call, moved = ("recv", _length) if buffer is None else ("recv_into", int)
        return recorded(self, call, whole(len), buffer, lambda: read(self, len, buffer), moved)

    def write_recorded(self: Any, data: Any) -> Any:
        return recorded(self, "send", size_of(data), data, lambda: write(self, data), int)

    def send_recorded(self: Any, data: Any, flags: int = 0) -> Any:
        if self._sslobj is None or flags:
            return send(self, data, flags)
        return recorded(self, "send", size_of(data), data, lambda: send(self, data), int)

    def sendall_recorded(self: Any, data: Any, flags: int = 0) -> Any:
        view = flat(data)
        if self._sslobj is None or flags or view is None:
            return sendall(self, data, flags)
        offered = len(view)

        def send_pieces() -> None:
            count = 0
            while count < offered:
                count += send(self, view[count:])

        return recorded(self, "sendall", offered, data, send_pieces, lambda _: offered)

    methods: Any = {"read": read_recorded, "write": write_recorded, "send": send_recorded, "sendall": sendall_recorded}
    for name, method in methods.items():
        setattr(kind, name, dressed(method, getattr(kind, name)))


def plain_bytes(call: str, data: Any, count: int, asked: int) -> Any:
    """Return the facts of a call; how many bytes wait in the kernel cannot be told, as those are ciphertext."""
    moved = memoryview(data).cast("B")[:count] if count else b""
    return received(count, asked, moved) if CODE[call] in RECVS else sent(call, count, asked, moved)


def _failed(call: str, error: BaseException, asked: int) -> Any:
    return {**failed(call, error), "requested": asked}


def _length(data: bytes) -> int:
    return len(data)
