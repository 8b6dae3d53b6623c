"""Every blocked call can be cancelled at once, alone, and without losing a byte."""

from __future__ import annotations

import gc
import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from tests.engine.waits import (
    BROKEN,
    REFUSED,
    STREAMS,
    TIMED_OUT,
    Blocked,
    fill,
    listener,
    nobody,
    outcome,
    pair,
)
from workbench.engine.sockets.waiting_socket import Cancelled, WaitingSocket, Waker
from workbench.engine.sockets.waker import _poll_with_select

pytestmark = pytest.mark.usefixtures("in_time")


@pytest.fixture
def no_leak() -> Iterator[None]:
    gc.collect()  # the sockets of earlier tests
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) == before


def full_queue(path: Path) -> tuple[Any, Any, Any]:
    """A UNIX listener, the one client that its accept queue holds, and one more that is not connected."""
    server, first, more = (WaitingSocket(socket.AF_UNIX) for _ in range(3))
    server.bind(str(path))
    server.listen(0)
    first.connect(str(path))
    return server, first, more


def full_stream(kind: str) -> tuple[Any, Any]:
    one, other = pair(kind, WaitingSocket, small=True)
    fill(one)
    return one, other


def full_datagrams(path: Path) -> tuple[Any, Any]:
    """An unconnected UNIX datagram socket, for which poll always says "ready", and a peer whose queue is full."""
    one, other = (WaitingSocket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
    other.bind(str(path))
    one.settimeout(0)
    while isinstance(outcome(lambda: one.sendto(b"x", str(path))), int):
        pass
    one.settimeout(None)
    return one, other


def full_tcp_queue() -> tuple[Any, Any, Any]:
    server = listener(WaitingSocket, 0)
    first, more = WaitingSocket(), WaitingSocket()
    first.connect(server.getsockname())
    return server, first, more


BLOCKED: dict[str, tuple[Callable[[Path], tuple[Any, ...]], Callable[..., Any]]] = {
    "accept": (lambda _: (listener(WaitingSocket),), lambda server: server.accept()),
    "connect": (lambda _: full_tcp_queue(), lambda server, _, more: more.connect(server.getsockname())),
    "connect_ex": (lambda _: full_tcp_queue(), lambda server, _, more: more.connect_ex(server.getsockname())),
    "connect, UNIX": (full_queue, lambda server, _, more: more.connect(server.getsockname())),
    "recv": (lambda _: pair("tcp", WaitingSocket), lambda one, _: one.recv(5)),
    "recvfrom": (lambda _: pair("udp", WaitingSocket), lambda one, _: one.recvfrom(5)),
    "recv_into": (lambda _: pair("unix", WaitingSocket), lambda one, _: one.recv_into(bytearray(5))),
    "recvfrom_into": (lambda _: pair("unix-dgram", WaitingSocket), lambda one, _: one.recvfrom_into(bytearray(5))),
    "recvmsg": (lambda _: pair("unix-seqpacket", WaitingSocket), lambda one, _: one.recvmsg(5)),
    "recvmsg_into": (lambda _: pair("tcp", WaitingSocket), lambda one, _: one.recvmsg_into([bytearray(5)])),
    "recv, all": (lambda _: pair("tcp", WaitingSocket), lambda one, _: one.recv(5, socket.MSG_WAITALL)),
    "send": (lambda _: full_stream("tcp"), lambda one, _: one.send(bytes(9000))),
    "send, UNIX": (lambda _: full_stream("unix"), lambda one, _: one.send(bytes(9000))),
    "send, datagram": (lambda _: full_stream("unix-dgram"), lambda one, _: one.send(bytes(2000))),
    "sendto": (lambda path: full_datagrams(path), lambda one, other: one.sendto(b"x", other.getsockname())),
    "send, message": (lambda _: full_stream("unix-seqpacket"), lambda one, _: one.send(bytes(2000))),
    "sendmsg": (lambda _: full_stream("unix"), lambda one, _: one.sendmsg([bytes(9000)])),
    "sendall": (lambda _: full_stream("unix"), lambda one, _: one.sendall(bytes(9000))),
    "sendfile": (lambda _: full_stream("unix"), lambda one, _: one.sendfile(io.BytesIO(bytes(9000)))),
}


@pytest.mark.usefixtures("no_leak")
@pytest.mark.parametrize(
    ("call", "timeout"),
    [(call, timeout) for call in BLOCKED for timeout in (None, 30) if call != "connect, UNIX" or timeout is None],
)
def test_every_blocked_call_can_be_cancelled_at_once(call: str, timeout: float | None, tmp_path: Path) -> None:
    make, block = BLOCKED[call]
    sockets = make(tmp_path / "s")
    for sock in sockets:
        sock.settimeout(timeout)
    blocked = Blocked(lambda: block(*sockets))
    assert not blocked.done()
    started = time.monotonic()
    assert blocked.waker.cancel()
    assert isinstance(blocked.outcome(), Cancelled)
    assert time.monotonic() - started < 0.1
    for sock in sockets:
        sock.close()


@pytest.mark.usefixtures("no_leak")
def test_a_thousand_cancels(tmp_path: Path) -> None:
    ended: SimpleQueue[Any] = SimpleQueue()
    jobs: SimpleQueue[Any] = SimpleQueue()
    waker = Waker()

    def lane() -> None:
        with waker.installed():
            while (job := jobs.get()) is not None:
                try:
                    ended.put(job())
                except Cancelled as cancelled:
                    ended.put(cancelled)

    thread = threading.Thread(target=lane)
    thread.start()
    blocks = [(make(tmp_path / call), block) for call, (make, block) in BLOCKED.items() if "connect" not in call]
    for number in range(1000):
        sockets, block = blocks[number % len(blocks)]
        jobs.put(lambda block=block, sockets=sockets: block(*sockets))
        deadline = time.monotonic() + 5
        while not waker.cancel():
            assert time.monotonic() < deadline
            time.sleep(0)
        assert isinstance(ended.get(timeout=5), Cancelled)
    jobs.put(None)
    thread.join(5)
    waker.close()
    for sockets, _ in blocks:
        for sock in sockets:
            sock.close()


def test_nothing_is_lost_by_a_cancelled_call() -> None:
    one, other = pair("tcp", WaitingSocket)
    for data in (b"first", b"second"):
        receiving = Blocked(lambda: one.recv(9))
        receiving.waker.cancel()
        assert isinstance(receiving.outcome(), Cancelled)
        other.send(data)
        assert one.recv(9) == data
    other.send(b"01")
    receiving = Blocked(lambda: one.recv(9, socket.MSG_WAITALL))
    receiving.waker.cancel()
    assert receiving.outcome() == b"01"  # what a recv already holds it must hand out

    server = listener(WaitingSocket)
    accepting = Blocked(server.accept)
    accepting.waker.cancel()
    assert isinstance(accepting.outcome(), Cancelled)
    client = WaitingSocket()
    client.connect(server.getsockname())
    assert server.accept()[1] == client.getsockname()


@pytest.mark.parametrize("call", ["send", "sendall", "sendmsg", "sendall with timeout"])
@pytest.mark.parametrize("kind", STREAMS)
def test_a_cancelled_send_tells_how_much_went_out(kind: str, call: str) -> None:
    one, other = pair(kind, WaitingSocket, small=True)
    data = bytes(range(256)) * 400
    one.settimeout(30 if "timeout" in call else None)
    how = {"send": one.send, "sendmsg": lambda data: one.sendmsg([data[:7], data[7:]])}.get(call, one.sendall)
    sending = Blocked(lambda: how(data))
    progress = one.moved
    assert 0 < progress < len(data)
    other.recv(1000)
    sending.waker.cancel()
    cancelled = sending.outcome()
    assert isinstance(cancelled, Cancelled)
    assert progress <= cancelled.moved == one.moved < len(data)
    one.close()
    received = b"".join(iter(lambda: other.recv(9000), b""))
    assert len(received) + 1000 == cancelled.moved
    assert received == data[1000 : cancelled.moved]


def test_two_threads_on_one_socket_are_cancelled_apart() -> None:
    one, other = pair("tcp", WaitingSocket, small=True)
    data = bytes(100_000)
    receiving, sending = Blocked(lambda: one.recv(5)), Blocked(lambda: one.sendall(data))
    receiving.waker.cancel()
    assert isinstance(receiving.outcome(), Cancelled)
    assert not sending.done()
    receiving = Blocked(lambda: one.recv(5))
    assert len(other.recv(len(data), socket.MSG_WAITALL)) == len(data)
    assert sending.outcome() is None
    assert not receiving.done()

    sending = Blocked(lambda: one.sendall(data))
    sending.waker.cancel()
    assert isinstance(sending.outcome(), Cancelled)
    assert not receiving.done()
    other.send(b"still")
    assert receiving.outcome() == b"still"


def test_a_cancel_with_no_call_under_way_is_dropped() -> None:
    one, other = pair("unix", WaitingSocket)
    waker = Waker()
    with waker.installed():
        assert waker.cancel() is False
        one.settimeout(0.05)
        assert outcome(lambda: one.recv(5)) == TIMED_OUT
        other.send(b"x")
        assert one.recv(5) == b"x"
    waker.close()


def test_a_cancel_in_the_middle_of_a_call_is_not_lost() -> None:
    one, _other = pair("unix", WaitingSocket)
    waker = Waker()
    with waker.installed():
        outer = waker.begin()
        assert waker.cancel() is True
        with pytest.raises(Cancelled):
            one.recv(5)
        waker.end(outer)
        one.settimeout(0.05)
        assert outcome(lambda: one.recv(5)) == TIMED_OUT  # only that call
        outer = waker.begin()
        waker.cancel()
        waker.end(outer)  # came too late for its call
        assert outcome(lambda: one.recv(5)) == TIMED_OUT
    waker.close()


def test_sends_made_within_one_call_count_together() -> None:
    one, other = pair("unix", WaitingSocket, small=True)
    data = memoryview(bytes(30_000))
    counts = []

    def send_by_steps() -> None:
        with one.sending():
            counts.append(one.send_some(data[:1000], 0, None))
            counts.append(one.send_some(data[1000:], 0, None))

    sending = Blocked(send_by_steps)
    sending.waker.cancel()
    assert sending.outcome().moved == one.moved > sum(counts) == 1000
    one.settimeout(0.05)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        one.send_some(data, 0, started + 0.1)
    assert 0.1 <= time.monotonic() - started < 1
    assert other.recv(500)


def test_cancel_for_good_ends_the_next_call_too() -> None:
    one, _other = pair("unix", WaitingSocket)
    waker = Waker()
    waker.cancel(for_good=True)
    with waker.installed():
        for _ in range(2):
            with pytest.raises(Cancelled):
                one.recv(5)
    waker.close()


def test_a_nudge_before_the_data_changes_nothing() -> None:
    one, other = pair("unix", WaitingSocket)
    for timeout in (None, 5):
        one.settimeout(timeout)
        receiving = Blocked(lambda: one.recv(5))
        receiving.waker.nudge()
        assert not receiving.done()
        other.send(b"x")
        assert receiving.outcome() == b"x"


def test_a_thread_without_a_waker_sees_a_half_close_too(eventually: Any) -> None:
    one, _other = full_stream("unix")
    ended = []
    thread = threading.Thread(target=lambda: ended.append(outcome(lambda: one.send(b"x"))), daemon=True)
    thread.start()
    eventually(lambda: one._waiters)
    one.shutdown(socket.SHUT_WR)
    eventually(lambda: ended == [BROKEN])


def test_a_closed_waker_can_still_be_told() -> None:
    waker = Waker()
    waker.close()
    waker.close()
    waker.nudge()
    assert waker.cancel() is False


@pytest.mark.usefixtures("no_leak")
def test_without_eventfd_and_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: a pair of sockets wakes, select() waits."""
    monkeypatch.delattr(os, "eventfd")
    monkeypatch.setattr("workbench.engine.sockets.waker._poll", _poll_with_select)
    one, other = pair("tcp", WaitingSocket, small=True)
    with one, other:
        for call in (lambda: one.recv(5), lambda: one.sendall(bytes(200_000))):
            blocked = Blocked(call)
            blocked.waker.nudge()
            assert blocked.waker.cancel()
            assert isinstance(blocked.outcome(), Cancelled)
        one.settimeout(0.05)
        assert outcome(lambda: one.recv(5)) == TIMED_OUT
        other.send(b"x")
        assert one.recv(5) == b"x"
    with WaitingSocket() as sock:
        sock.settimeout(2)
        assert outcome(lambda: sock.connect(nobody())) == REFUSED
