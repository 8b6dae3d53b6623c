"""How a socket writes its calls down: the part that the sends, the recvs and the other calls share."""

from __future__ import annotations

import socket
from time import monotonic_ns as clock
from typing import Any, Callable, ClassVar, Optional

from . import record
from .facts import STREAM, argument, names, queued, taken
from .record import CODE, UNKNOWN, Recorder, dumps

_PEEK = int(socket.MSG_PEEK)
_NOT_CONSUMING = _PEEK | int(socket.MSG_OOB)


class RecordingSocket(socket.socket):
    """A socket that knows who it is in the session, and how to record a call that it has just made.

    The real call is always `super()`'s, so the class can stand before any subclass of socket.socket.
    """

    __slots__ = ("_key", "_kind", "_label")

    recorder: ClassVar[Optional[Recorder]] = None
    real_size: Optional[int] = None
    """Size of the datagram that the last recv took, where the base class finds it out; bytes."""
    moved: int = 0
    """Bytes that went out in the current or last sendall, where the base class counts them."""
    _key: tuple[int, int]
    _kind: int
    _label: int

    def _identify(self, kind: int = STREAM) -> None:
        """Give a new socket its number in the session."""
        recorder = self.recorder
        self._key = (recorder.pid, recorder.number()) if recorder else (0, 0)
        self._kind = kind
        self._label = 0

    @property
    def label(self) -> str:
        """The name under which the socket's calls stand in the log; empty unless set."""
        return self.recorder.text_of(self._label) if self.recorder else ""

    @label.setter
    def label(self, name: str) -> None:
        self._label = self.recorder.text(name) if self.recorder else 0

    def _call(self, call: str, real: Callable[..., Any], args: tuple[Any, ...], about: Any = None) -> Any:
        """Make a call without payload and record it; *about* adds to the tail what is true after it."""
        started = clock()
        try:
            result = real(*args)
        except BaseException as error:
            self._write_error(call, started, error, args)
            raise
        ended = clock()
        tail: dict[str, Any] = {"args": argument(args)} if args else {}
        if about is not None:
            tail.update(about())
        if result is None:
            self._write(call, started, ended, tail, flags=record.NO_RESULT)
        elif isinstance(result, int):
            self._write(call, started, ended, tail, result=int(result))
        else:
            self._write(call, started, ended, {**tail, "result": argument(result)}, flags=record.OTHER_RESULT)
        return result

    def _write(self, call: str, started: int, ended: int, tail: Optional[dict[str, Any]] = None, **facts: Any) -> None:
        """Record a finished call; *facts* as Recorder.call takes them."""
        recorder = self.recorder
        if recorder is None:
            return
        if tail:
            facts["tail"] = dumps(tail).encode()
        if self._kind != STREAM:
            facts["flags"] = facts.get("flags", 0) | record.DATAGRAM
        recorder.call(CODE[call], self._key, started, ended, name=self._label, **facts)

    def _write_error(self, call: str, started: int, error: BaseException, args: Any = None, **facts: Any) -> None:
        """Record a call that raised just now."""
        ended = clock()
        if self.recorder is None:
            return
        tail: dict[str, Any] = {"error": [type(error).__name__, message(error)]}
        if args:
            tail["args"] = argument(args)
        if call == "connect":
            tail.update(connecting(self, error, args))
        number = error.errno if isinstance(error, OSError) and isinstance(error.errno, int) else 0
        facts["flags"] = facts.get("flags", 0) | record.FAILED
        self._write(call, started, ended, tail, number=max(0, number), **facts)

    def _write_recv(
        self,
        call: str,
        started: int,
        ended: int,
        data: Any,
        requested: int,
        flags: int,
        tail: Optional[dict[str, Any]] = None,
        truncated: Optional[bool] = None,
    ) -> None:
        """Record a recv that returned *data*; *truncated* where the call itself told, else real_size tells."""
        if self.recorder is None:
            return
        marks, size, left = record.PEEK if flags & _PEEK else 0, UNKNOWN, 0
        if self._kind != STREAM:
            if self.real_size is not None:
                size, truncated = self.real_size, self.real_size > len(data)
            if truncated is not None:
                marks |= record.WHOLE | (record.TRUNCATED if truncated else 0)
        if self._kind != STREAM or len(data) >= requested or flags & _NOT_CONSUMING:
            left = queued(self, self._kind)
        self._write(
            call,
            started,
            ended,
            tail,
            result=len(data),
            requested=requested,
            left=left,
            data=data,
            flags=marks,
            size=size,
            message_flags=flags,
        )

    def _write_send(
        self,
        call: str,
        started: int,
        ended: int,
        data: Any,
        sent: int,
        flags: int,
        tail: Optional[dict[str, Any]] = None,
    ) -> None:
        """Record a send of which *sent* bytes of *data* went out."""
        if self.recorder is not None:
            offered = memoryview(data).nbytes
            moved = taken(data, sent)
            self._write(call, started, ended, tail, result=sent, requested=offered, data=moved, message_flags=flags)


def message(error: BaseException) -> str:
    """Return an exception's message: what the system said, or its text."""
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror)
    return str(error)


def connecting(sock: socket.socket, error: BaseException, args: Any) -> dict[str, Any]:
    """Return the addresses of a connect that goes on in the background (non-blocking), so that its peer is known."""
    if not isinstance(error, BlockingIOError):
        return {}
    return {"peer": argument(args[0]), **names(sock)}
