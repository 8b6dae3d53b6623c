"""A bench socket that speaks TLS: its calls move plain bytes, and are recorded as such; the ciphertext is not.

OpenSSL works on memory alone (ssl.MemoryBIO), and what it reads and writes goes through the waits of a plain
WaitingSocket: so a handshake can be cancelled as any other wait, and the timeout is as declared.
"""

from __future__ import annotations

import _socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import RLock
from typing import Any

from workbench.engine.sockets.bench_socket import BenchSocket, bench_socket_class
from workbench.engine.sockets.watching_socket import WatchingSocket
from workbench.probe.format import TLS, received
from workbench.probe.recorder import Recorder

_CHUNK = 65536


@dataclass(frozen=True)
class Tls:
    """How a side speaks TLS: with what context, and as a server, or as a client that checks *server_name*."""

    context: ssl.SSLContext
    server_side: bool
    server_name: str | None = None


class TlsLayer(WatchingSocket):
    """Between the recording of calls and the waits: what goes in is encrypted, what comes out decrypted."""

    tls: Tls
    _ssl: ssl.SSLObject | None = None

    def start_tls(self) -> None:
        """Shake hands; raises ssl.SSLError (an OSError), or what a send or recv raises."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls_lock = RLock()
        tls = self.tls
        self._ssl = tls.context.wrap_bio(
            self._incoming, self._outgoing, server_side=tls.server_side, server_hostname=tls.server_name
        )
        try:
            self._exchange(self._ssl.do_handshake)
        except ssl.SSLError:
            self._flush()  # the alert says why
            raise

    def tls_facts(self) -> str:
        """Return version, cipher, protocol and the peer's certificate in one line."""
        assert self._ssl is not None
        cipher = self._ssl.cipher()
        facts = [self._ssl.version() or "", cipher[0] if cipher else ""]
        if protocol := self._ssl.selected_alpn_protocol():
            facts.append(f"ALPN {protocol}")
        certificate: Any = self._ssl.getpeercert() or {}
        names = [value for entry in certificate.get("subject", ()) for key, value in entry if key == "commonName"]
        names += [value for _, value in certificate.get("subjectAltName", ())]
        if names:
            facts.append(f"certificate of {', '.join(dict.fromkeys(names))} until {certificate['notAfter']}")
        return ", ".join(facts)

    # --- the calls --------------------------------------------------------------------------------------------------

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Return plain bytes; b"" where the peer has said that it ends."""
        secure = self._ssl
        if secure is None:
            return super().recv(bufsize, flags)
        return self._exchange(lambda: secure.read(bufsize)) if bufsize > 0 else b""

    def send_some(self, data: Any, flags: int = 0, deadline: float | None = None) -> int:
        """Encrypt all of it, and send that."""
        secure = self._ssl
        if secure is None:
            return super().send_some(data, flags, deadline)
        moved, size = self.moved, memoryview(data).nbytes
        with self._tls_lock:
            if size:
                secure.write(data)
            self._flush(deadline)
        self.moved = moved + size
        return size

    def shutdown(self, how: int, /) -> None:
        """Say that this side ends (close_notify) before the end of the stream does."""
        if self._ssl is not None and how != _socket.SHUT_RD:
            self._say_end()
        super().shutdown(how)

    def close(self) -> None:
        """Close, and say so if that takes no wait."""
        if self._ssl is not None and self.fileno() >= 0:
            self._say_end()
            self._ssl = None
        super().close()

    def _say_end(self) -> None:
        assert self._ssl is not None
        try:
            with self._tls_lock:
                with suppress(ssl.SSLError):  # it wants the peer's word too, for which nobody waits
                    self._ssl.unwrap()
                _socket.socket.send(self, self._outgoing.read())
        except OSError:
            pass

    # --- ciphertext -------------------------------------------------------------------------------------------------

    def _exchange(self, step: Callable[[], Any]) -> Any:
        """Do a step of OpenSSL, fetching and sending what it needs for it."""
        while True:
            try:
                with self._tls_lock:
                    result = step()
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                self._took(super().recv(_CHUNK))
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def _took(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _flush(self, deadline: float | None = None) -> None:
        with self._tls_lock:
            data = memoryview(self._outgoing.read())
            while data:
                data = data[super().send_some(data, 0, deadline) :]


class TlsSocket(BenchSocket, TlsLayer):
    """A bench socket over TLS. `tls_socket_class` makes the class for one session and one side."""

    _wb_send_some = TlsLayer.send_some

    def connect(self, address: Any, /) -> None:
        """Connect, and shake hands."""
        super().connect(address)
        self.start_tls()

    def _wb_put(self, call: str, started: int, ended: int, facts: Any) -> None:
        if self._ssl is not None:
            facts["flags"] = facts.get("flags", 0) | TLS
        super()._wb_put(call, started, ended, facts)

    def _wb_write_recv(
        self, call: str, times: tuple[int, int], data: Any, count: int, requested: int, *rest: Any
    ) -> None:
        if self._ssl is None:
            super()._wb_write_recv(call, times, data, count, requested, *rest)
        elif self.recorder is not None:  # what lies in the kernel's queue is ciphertext
            self._wb_put(call, *times, received(count, requested, data))

    def _wb_counted(self) -> dict[str, Any]:
        """Say nothing of what the kernel counted: ciphertext."""
        return {}

    # --- without a wait ---------------------------------------------------------------------------------------------

    def drain(self, bufsize: int, wanted: Callable[[bytes], object]) -> None:
        """As BenchSocket's."""
        while True:
            started = time.monotonic_ns()
            try:
                data = self._read_now(bufsize)
            except OSError as error:
                self._wb_write_failed_recv("recv", started, error, bufsize, 0)
                raise
            if data is None:
                return
            self._wb_write_recv("recv", (started, time.monotonic_ns()), data, len(data), bufsize, 0)
            if not wanted(data) or not data:
                return

    @property
    def holds_plain(self) -> bool:
        """Whether decrypted bytes wait, of which poll does not tell."""
        return self._ssl is not None and self._ssl.pending() > 0

    def _read_now(self, bufsize: int) -> bytes | None:
        assert self._ssl is not None
        while True:
            try:
                with self._tls_lock:
                    return self._ssl.read(bufsize)
            except ssl.SSLWantReadError:
                try:
                    self._took(_socket.socket.recv(self, _CHUNK))
                except BlockingIOError:
                    return None
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def send_now(self, data: Any, flags: int = 0) -> int | None:
        """Send as much as a record of TLS holds, if what was encrypted before has gone."""
        started = time.monotonic_ns()
        assert self._ssl is not None
        with self._tls_lock:
            if not self._flush_now():
                return None
            piece = memoryview(data)[:16384]
            self._ssl.write(piece)
            self._flush_now()
        self._wb_write_send("send", (started, time.monotonic_ns()), bytes(piece), len(piece), 0)
        return len(piece)

    def _flush_now(self) -> bool:
        """Send what is encrypted, as far as there is room; True if all of it went."""
        self._held = getattr(self, "_held", b"") + self._outgoing.read()
        try:
            while self._held:
                self._held = self._held[_socket.socket.send(self, self._held) :]
        except BlockingIOError:
            return False
        return True


def tls_socket_class(recorder: Recorder | None, tls: Tls) -> type[BenchSocket]:
    """Return the class of sockets that speak TLS and whose calls *recorder* writes down."""
    plain = bench_socket_class(recorder)

    class Socket(TlsSocket):
        pass

    Socket.tls, Socket.recorder, Socket.receivers, Socket.accepts = tls, recorder, plain.receivers, Socket
    return Socket
