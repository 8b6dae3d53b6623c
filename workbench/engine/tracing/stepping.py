"""Step: the calls of traced programs wait here until a person lets them go; the other side of probe/step.py."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from workbench.engine.state import Message, Queue
from workbench.model.call.address import plain
from workbench.model.call.call import Call, Number, socket_id
from workbench.model.call.constants import name_arguments, name_flags
from workbench.model.call.value import Value
from workbench.probe.format import CODE, RECVS, SENDS
from workbench.probe.step import AFTER, AT_PATH, BEFORE, LENGTH, LOOK_AGAIN, PAGE, SUFFIX

ERROR = "error"
"""The stop that means every call that fails."""
_LONGEST = 1 << 20
_EVERY = 0.25
"""Seconds between two looks into the queue of a socket whose call waits."""
_MOST_PEEKS = 1000
_PATIENCE = 2.0
"""Seconds that a program has to say all of what it began to say."""


class Looked(msgspec.Struct, frozen=True):
    """The receive queue as the probe found it; *total* is -1 where the system does not tell."""

    total: Number = -1
    head: str = ""
    messages: bool = False
    error: bool = False
    fin: bool = False

    def queue(self, offset: int) -> Queue:
        """Return it as the bench has queues; *offset*: bytes of the stream received before."""
        head = bytes.fromhex(self.head)
        total = None if self.total < 0 else self.total
        if not self.messages:
            return Queue(
                False, total=total, offset=offset, head=head, fin=self.fin, error=self.error, foreign=True
            )  # fmt: skip
        first = (Message(self.total, head, None),) if self.total > 0 else ()
        return Queue(True, total=total, messages=first, more=bool(first), error=self.error, foreign=True)


class StepMessage(msgspec.Struct, frozen=True):
    """What the probe tells before a call or, *after*, when it returned or raised *error*."""

    pid: Number
    writer: Number
    thread: Number
    socket: tuple[Number, Number]
    source: Number
    call: str
    name: str = ""
    args: list[Value] = []
    size: Number | None = None
    data: str = ""
    queue: Looked | None = None
    after: bool = False
    error: str = ""

    @property
    def label(self) -> str:
        """The socket's name as the log has it; "" while it is being made."""
        return self.name or (f"socket {self.socket[1]}" if self.socket[1] else "")

    def as_call(self, source: str) -> Call:
        """Return the call that is to be made, for a screen that writes calls."""
        moves = CODE.get(self.call, 0) in SENDS | RECVS
        first = 0 if self.size is not None else 1  # of a recv, the first one is no flags but its size
        args = [name_flags(each) if moves and at >= first else each for at, each in enumerate(self.args)]
        if self.call in ("bind", "connect", "connect_ex", "sendto") and args:
            args[-1] = plain(args[-1])
        return Call(
            seq=0, time=0.0, duration=None, pid=self.pid, thread="", socket=socket_id(*self.socket), name=self.label,
            call=self.call, args=name_arguments(self.call, args), result=None, error=None,
            data=bytes.fromhex(self.data), requested=self.size, left=None, truncated=None, size=None, source=source,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """A call that waits, as its program described it, and the non-blocking connection on which its thread waits."""

    message: StepMessage
    waits: socket.socket

    def latest(self) -> bytes | None:
        """Return what the probe has sent since: b"" where the program has died, None where nothing came."""
        try:
            return self.waits.recv(_LONGEST)
        except BlockingIOError:
            return None
        except OSError:
            return b""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which calls are to wait: every one, or those that a stop names ("error", a call, a socket's name)."""

    every: bool = False
    stops: frozenset[str] = frozenset()

    @property
    def flags(self) -> int:
        """What the probes have to ask for this."""
        before = self.every or bool(self.stops - {ERROR})
        return (BEFORE | AFTER) * before | AFTER * (ERROR in self.stops)

    def holds(self, message: StepMessage) -> bool:
        """Whether the call is to wait."""
        if message.after:
            return bool(message.error) and ERROR in self.stops
        return self.every or message.call in self.stops or message.label in self.stops


class Stepping:
    """Decides which calls wait. A thread of its own answers the programs; when it is gone, they run on."""

    def __init__(self, session: Path, *, every: bool) -> None:
        """Offer to hold the calls of the programs that write *session*; raises OSError."""
        self._folder = Path(tempfile.mkdtemp(prefix="socket-workbench-"))  # 0700, and short enough for a UNIX path
        self._file = Path(f"{session}{SUFFIX}")
        self._lock = threading.Lock()
        self._held: list[Held] = []
        self._peeks: dict[tuple[int, int], tuple[Looked, float]] = {}
        self._let_go: dict[tuple[int, int], StepMessage] = {}
        """Of each thread, the call that has not returned yet."""
        self._last: tuple[StepMessage, StepMessage | None] | None = None
        self._rule = Rule()
        self._looked = 0.0
        try:
            self._listener = socket.socket(socket.AF_UNIX)
            path = str(self._folder / "step")
            self._listener.bind(path)
            self._listener.listen(128)
            self._file.unlink(missing_ok=True)
            self._fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            os.write(self._fd, (bytes(AT_PATH) + os.fsencode(path)).ljust(PAGE, b"\0"))
        except OSError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self.rule = Rule(every)
        self._thread = threading.Thread(target=self._answer, name="step", daemon=True)
        self._thread.start()

    @property
    def rule(self) -> Rule:
        """Which calls are to wait; those that wait already go on waiting when it is set."""
        return self._rule

    @rule.setter
    def rule(self, rule: Rule) -> None:
        with self._lock:
            self._rule = rule
        os.pwrite(self._fd, bytes([rule.flags]), 0)

    def held(self) -> tuple[Held, ...]:
        """Return the calls that wait, the one that has waited longest first."""
        with self._lock:
            self._held = [held for held in self._held if self._is_there(held)]
            return tuple(self._held)

    def _is_there(self, held: Held) -> bool:
        """Take in how the queue of a held call is by now; tell whether its program is alive."""
        latest = held.latest()
        if latest:
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                self._saw(msgspec.json.decode(latest[LENGTH:], type=StepMessage))
        return latest != b""

    def look_again(self) -> None:
        """Ask the probes to look again into the queues of the sockets whose calls wait; now and then is enough."""
        now = time.monotonic()
        if now - self._looked >= _EVERY:
            self._looked = now
            for held in self.held():
                with suppress(OSError):
                    held.waits.send(LOOK_AGAIN)

    def last(self) -> tuple[StepMessage, StepMessage | None] | None:
        """Return the messages before and after the call that returned last; the second is None while it still runs."""
        return self._last

    def peeked(self, key: tuple[int, int]) -> tuple[Looked, float] | None:
        """Return the socket's receive queue when the probe looked last, and when that was (monotonic seconds)."""
        return self._peeks.get(key)

    def release(self, held: Iterable[Held]) -> None:
        """Let calls go."""
        for each in held:
            with self._lock:
                if each not in self._held:
                    continue
                self._held.remove(each)
            if not each.message.after:
                looked, _ = self._peeks.get(each.message.socket, (each.message.queue, 0.0))
                message = msgspec.structs.replace(each.message, queue=looked)
                self._last = message, None
                self._let_go[message.writer, message.thread] = message
            _let_go(each.waits)

    def close(self) -> None:
        """Let every call go, now and from now on."""
        if self._fd < 0:
            return
        self.rule = Rule()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends the accept of the thread
        self._listener.close()
        self._thread.join(_PATIENCE)
        self.release(self.held())
        os.close(self._fd)
        self._fd = -1
        self._file.unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- the thread -------------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        while True:
            try:
                asking, _ = self._listener.accept()
            except OSError:
                return
            message = _read_message(asking)
            if message is None or not self._take(message, asking):
                _let_go(asking)

    def _take(self, message: StepMessage, asking: socket.socket) -> bool:
        """Take in what a program tells; tell whether it is to wait."""
        self._saw(message)
        if message.after and (before := self._let_go.pop((message.writer, message.thread), None)):
            self._last = before, message
        asking.setblocking(False)
        with self._lock:
            if waits := self._rule.holds(message):
                self._held.append(Held(message, asking))
        return waits

    def _saw(self, message: StepMessage) -> None:
        if message.queue is not None:
            if len(self._peeks) >= _MOST_PEEKS:
                self._peeks.clear()
            self._peeks[message.socket] = message.queue, time.monotonic()


def _read_message(asking: socket.socket) -> StepMessage | None:
    asking.settimeout(_PATIENCE)
    try:
        length = int.from_bytes(_exactly(asking, LENGTH), "little")
        return msgspec.json.decode(_exactly(asking, min(length, _LONGEST)), type=StepMessage)
    except (OSError, EOFError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _exactly(asking: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = asking.recv(count - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


def _let_go(waiting: socket.socket) -> None:
    with suppress(OSError):
        waiting.sendall(b"g")
    waiting.close()
