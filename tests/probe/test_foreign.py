"""What a signal's handler or another thread raises into the probe reaches the program, whichever line it meets."""

from __future__ import annotations

import _socket
import contextlib
import ctypes
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

import workbench.probe
from workbench.engine.tracing.own_process import record
from workbench.journal.reader import Journal

PROBE = str(Path(workbench.probe.__file__).parent) + os.sep


class Stop(Exception):
    pass


MONITORING: Any = getattr(sys, "monitoring", None)
TOOL = 4


class Raising:
    """Raises Stop at the *n*th instruction of the probe that is executed in the block."""

    def __init__(self, n: int, *, by_another_thread: bool) -> None:
        self.left, self.apart = n, by_another_thread

    def __enter__(self) -> Raising:
        if MONITORING is None:
            self.before = sys.gettrace()
            sys.settrace(self.call)
        else:  # since 3.12, where settrace misses instructions of functions that have run before
            MONITORING.use_tool_id(TOOL, "raising")
            MONITORING.register_callback(TOOL, MONITORING.events.INSTRUCTION, self.instruction)
            MONITORING.set_events(TOOL, MONITORING.events.INSTRUCTION)
        return self

    def __exit__(self, *raised: object) -> None:
        if MONITORING is None:
            sys.settrace(self.before)
        else:
            MONITORING.set_events(TOOL, 0)
            MONITORING.register_callback(TOOL, MONITORING.events.INSTRUCTION, None)
            MONITORING.free_tool_id(TOOL)

    def call(self, frame: FrameType, event: str, _: object) -> Any:
        if not frame.f_code.co_filename.startswith(PROBE):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self.step

    def instruction(self, code: CodeType, offset: int) -> None:
        if code.co_filename.startswith(PROBE):
            self.count()

    def step(self, frame: FrameType, event: str, _: object) -> Any:
        if event == "opcode":
            self.count()
        return self.step

    def count(self) -> None:
        self.left -= 1
        if self.left == 0:
            if not self.apart:
                raise Stop("here")
            me = ctypes.c_ulong(__import__("threading").get_ident())
            ctypes.pythonapi.PyThreadState_SetAsyncExc(me, ctypes.py_object(Stop))


def again(call: Callable[[], Any]) -> None:
    with pytest.raises(BlockingIOError):
        call()


def connect(listener: socket.socket) -> None:
    with socket.socket() as client:
        client.connect(listener.getsockname())
        accepted, _ = listener.accept()
        accepted.close()


def drain(sock: socket.socket) -> None:
    """Empty a receive queue past the probe, however many of the calls before were interrupted."""
    with contextlib.suppress(BlockingIOError):
        while _socket.socket.recv(sock, 65536, socket.MSG_DONTWAIT):
            pass


Step = Callable[[], Any]


def steps(kind: str) -> Iterator[Step]:
    one, other = socket.socketpair()
    if kind == "send":
        while True:
            yield lambda: one.send(b"abc")
            drain(other)
    elif kind == "recv":
        while True:
            one.send(b"abc")
            yield lambda: other.recv(9)
            drain(other)
    elif kind == "sendall":
        while True:
            yield lambda: one.sendall(b"abc")
            drain(other)
    elif kind == "recv_into":
        while True:
            one.send(b"abc")
            yield lambda: other.recv_into(bytearray(2))
            drain(other)
    elif kind == "would block":
        other.setblocking(False)
        while True:
            yield lambda: again(lambda: other.recv(9))
    elif kind == "settimeout":
        while True:
            yield lambda: one.settimeout(3)
    elif kind == "udp":
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        address = udp.getsockname()
        while True:
            yield lambda: udp.sendto(b"abc", address)
            drain(udp)
    else:
        while True:  # interrupted ones stay in the queue
            with socket.create_server(("127.0.0.1", 0)) as listener:
                yield lambda: connect(listener)


@pytest.mark.parametrize("by_another_thread", [False, True], ids=["by a handler", "by a thread"])
@pytest.mark.parametrize(
    "kind", ["send", "recv", "sendall", "recv_into", "would block", "settimeout", "udp", "connect"]
)
def test_an_exception_at_any_instruction_is_neither_lost_nor_doubled(
    tmp_path: Path, kind: str, by_another_thread: bool
) -> None:
    seen = 0
    with record(tmp_path / "s") as recording:
        made = steps(kind)
        next(made)()  # what happens only once has happened
        for number in range(1, 100000, 37 if kind == "connect" else 1):
            step, met = next(made), 0
            raising = Raising(number, by_another_thread=by_another_thread)
            try:
                with raising:
                    step()
                for _ in range(10 if raising.left <= 0 else 0):
                    len("another thread's exception comes with the next call or jump")
            except Stop:
                met = 1
            assert met == (raising.left <= 0), f"instruction {number}"
            if raising.left > 0:
                break
            seen += 1
        last = next(made)
        last()
    assert seen > 30
    journal = Journal(recording.path)
    journal.read_all()
    if kind == "connect":  # an accept of which no socket was made is counted as lost
        assert journal.lost < seen
    else:
        assert journal.problems() == []
