"""How a socket writes its calls down: the part that the sends, the recvs and the other calls share."""

from __future__ import annotations

import socket
from time import monotonic_ns as clock

from . import format as record_format
from .facts import IN_PROGRESS, STREAM, closing_counts, names, of_recv, retried, size_of, taken
from .format import CODE
from .recorder import Recorder
from .shield import let_through
from .tail import argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, ClassVar, Optional, TypeVar

    _Write = TypeVar("_Write", bound=Callable[..., None])


def harmless(write: _Write) -> _Write:
    """Let a method that records do so only under a recorder, and let its failure cost the record alone."""

    def shielded(self: RecordingSocket, *args: Any, **facts: Any) -> None:
        recorder = self._wb_recorder
        if recorder is not None:
            try:
                write(self, *args, **facts)
            except BaseException as error:  # the program comes first: whatever it passed, its call was made
                recorder.lose()
                let_through(error)

    return shielded  # type: ignore[return-value]


class RecordingSocket(socket.socket):
    """A socket that knows who it is in the session, and how to record a call that it has just made.

    The real call is always `super()`'s, so the class can stand before any subclass of socket.socket. What it adds to
    socket.socket begins with _wb_: a traced program's own subclass may have attributes of any other name.
    """

    __slots__ = ("_wb_key", "_wb_kind", "_wb_label")

    _wb_recorder: ClassVar[Optional[Recorder]] = None
    _wb_real_size: Optional[int] = None
    """Size of the datagram that the last recv took, where the base class finds it out; bytes."""
    _wb_moved: int = 0
    """Bytes that went out in the current or last sendall, where the base class counts them."""
    _wb_fate: int = 0
    """DROPPED or DELIVERED after the last send of a datagram, where the base class finds it out."""
    _wb_label: str
    """The name of the socket in the log; empty unless set."""
    _wb_key: tuple[int, int]
    _wb_kind: int

    def _wb_identify(self, kind: int = STREAM) -> None:
        """Give a new socket its number in the session."""
        recorder = self._wb_recorder
        self._wb_key = (recorder.pid, recorder.number()) if recorder else (0, 0)
        self._wb_kind = kind
        self._wb_label = ""

    def _wb_call(self, call: str, real: Callable[..., Any], args: tuple[Any, ...], about: Any = None) -> Any:
        """Make a call without payload and record it; *about* tells of its result what the tail holds beside."""
        started = clock()
        try:
            result = real(*args)
        except BaseException as error:
            self._wb_write_error(call, started, error, args)
            raise
        self._wb_write_result(call, started, clock(), args, result, about)
        return result

    @harmless
    def _wb_write_result(self, call: str, started: int, ended: int, args: Any, result: Any, about: Any = None) -> None:
        told = None if about is None else about(result)
        self._wb_put(call, started, ended, record_format.returned(call, args, result, told))

    @harmless
    def _wb_write_error(
        self, call: str, started: int, error: BaseException, args: Any = None, moved: Any = b"", **facts: Any
    ) -> None:
        """Record a call that raised just now; *moved*: what had gone out all the same."""
        ended, about = clock(), None
        if call == "connect" and isinstance(error, OSError) and error.errno in IN_PROGRESS:
            about = self._wb_connecting(args[0])
        elif call == "connect":
            about = retried(self)
        self._wb_put(call, started, ended, {**record_format.failed(call, error, args, moved, about), **facts})

    @harmless
    def _wb_write_recv(
        self,
        call: str,
        times: tuple[int, int],
        data: Any,
        count: int,
        requested: int,
        flags: int,
        address: Any = None,
        ancbufsize: int = 0,
        ancillary: Any = (),
        told: Optional[int] = None,
    ) -> None:
        """Record a recv that put *count* bytes into *data*; *told*: the flags that recvmsg returned."""
        about = {} if address is None else {"peer": argument(address)}
        if ancbufsize:
            about["args"] = [requested, ancbufsize]
        facts = of_recv(
            self, self._wb_kind, data, count, requested, flags, about, told, ancillary, real=self._wb_real_size
        )
        self._wb_put(call, *times, facts)

    @harmless
    def _wb_write_send(
        self, call: str, times: tuple[int, int], data: Any, sent: int, flags: int, about: Any = None
    ) -> None:
        """Record a send of which *sent* bytes of *data* went out; *about* gives the tail."""
        marks = record_format.marks_of(flags)
        if self._wb_kind != STREAM:
            marks |= self._wb_fate
        told = None if about is None else about()
        moved, offered = taken(data, sent), size_of(data)
        self._wb_put(call, *times, record_format.sent(call, sent, offered, moved, flags, marks, told))

    def _wb_put(self, call: str, started: int, ended: int, facts: record_format.Facts) -> None:
        """Write a record, if it can be made; *facts* as Recorder.call takes them."""
        recorder = self._wb_recorder
        assert recorder is not None
        if self._wb_kind != STREAM:
            facts["flags"] = facts.get("flags", 0) | record_format.DATAGRAM
        name = recorder.text(self._wb_label) if self._wb_label else 0
        recorder.call(CODE[call], self._wb_key, started, ended, name=name, **facts)

    def _wb_counted(self) -> dict[str, Any]:
        """Return what the kernel counted on a TCP connection so far: more than the calls moved, if some went unseen.

        Of a UNIX connection it tells the bytes that wait to be received alone.
        """
        return {} if self._wb_recorder is None else closing_counts(self, self._wb_kind)

    def _wb_connecting(self, address: Any) -> dict[str, Any]:
        """Return the names of a socket whose connect goes on in the background: its peer is the one it asked for."""
        return {"peer": argument(address), **names(self)}

    def _wb_connected(self, address: Any, number: int) -> dict[str, Any]:
        """Return the names of a socket after connect_ex."""
        return self._wb_connecting(address) if number in IN_PROGRESS else {**names(self), **retried(self)}
