"""TLS: the plain bytes that go through an ssl.SSLSocket, which socket.socket's methods never see.

The ciphertext moves inside OpenSSL, on the descriptor itself, and is not recorded.
"""

from __future__ import annotations

from time import monotonic_ns as clock

from .facts import flat, size_of, whole
from .format import CODE, TLS, received, sent
from .page import AT_CALL
from .recording_socket import harmless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def record_plain_bytes(kind: Any, enter: Callable[..., memoryview], hide: Callable[[BaseException], None]) -> None:
    """Let *kind*, the class SSLSocket, record what it encrypts and decrypts.

    *enter*: notes a call in the live page; *hide*: takes our frames out of a traceback.
    """
    kind._wb_marks = TLS
    read, write, send, sendall = kind.read, kind.write, kind.send, kind.sendall

    def recorded(
        self: Any, call: str, real: Callable[[], Any], data: Any, requested: int, moved: Callable[[Any], int]
    ) -> Any:
        slot = enter(self, CODE[call], (requested,))
        started = clock()
        try:
            result = real()
        except BaseException as error:
            self._wb_write_error(call, started, error, requested=requested)
            hide(error)
            raise
        finally:
            slot[AT_CALL] = 0
        _write_plain(self, call, (started, clock()), result if data is None else data, moved(result), requested)
        return result

    def read_recorded(self: Any, len: int = 1024, buffer: Any = None) -> Any:
        if self._sslobj is None:
            return read(self, len, buffer)
        call, moved = ("recv", _length) if buffer is None else ("recv_into", int)
        return recorded(self, call, lambda: read(self, len, buffer), buffer, whole(len), moved)

    def write_recorded(self: Any, data: Any) -> Any:
        return recorded(self, "send", lambda: write(self, data), data, size_of(data), int)

    def send_recorded(self: Any, data: Any, flags: int = 0) -> Any:
        if self._sslobj is None or flags:
            return send(self, data, flags)
        return recorded(self, "send", lambda: send(self, data), data, size_of(data), int)

    def sendall_recorded(self: Any, data: Any, flags: int = 0) -> Any:
        view = flat(data)
        if self._sslobj is None or flags or view is None:
            return sendall(self, data, flags)

        def send_pieces() -> None:
            sent = 0
            while sent < len(view):
                sent += send(self, view[sent:])

        return recorded(self, "sendall", send_pieces, data, len(view), lambda _: len(view))

    methods: Any = {"read": read_recorded, "write": write_recorded, "send": send_recorded, "sendall": sendall_recorded}
    for name, method in methods.items():
        real = getattr(kind, name)
        for looks in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(method, looks, getattr(real, looks))
        method.__wrapped__ = real
        setattr(kind, name, method)


def _length(data: bytes) -> int:
    return len(data)


@harmless
def _write_plain(self: Any, call: str, times: tuple[int, int], data: Any, count: int, requested: int) -> None:
    """Record plain bytes; how many are left is unknown, as the kernel holds ciphertext."""
    moved = memoryview(data).cast("B")[:count] if count else b""
    facts = received(count, requested, moved) if call in ("recv", "recv_into") else sent(call, count, requested, moved)
    self._wb_put(call, *times, facts)
