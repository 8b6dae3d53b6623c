"""A lane: one thread, jobs in order, and an end that leaves none of them waiting."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest

from tests.engine.limits import descriptors_left
from tests.engine.live_bench import WAIT, descriptors
from workbench.engine.endpoints.lane import Lane
from workbench.engine.sockets.waiting_socket import WaitingSocket
from workbench.engine.sockets.waker import Cancelled, current

Wait = Callable[..., None]


def in_lane(lane: Lane, work: Callable[[], object]) -> Future[object]:
    """Do *work* in the lane."""
    future: Future[object] = Future()

    def job() -> None:
        try:
            future.set_result(work())
        except Cancelled as cancelled:
            future.set_exception(cancelled)

    assert lane.submit(job)
    return future


@pytest.fixture
def lane() -> Iterator[Lane]:
    lane = Lane("a lane")
    yield lane
    lane.end()
    assert lane.join(WAIT)


def test_jobs_run_in_order_on_one_thread_that_starts_with_the_first(lane: Lane) -> None:
    assert "a lane" not in {thread.name for thread in threading.enumerate()}
    seen: list[int] = []
    futures = [in_lane(lane, lambda number=number: seen.append(number)) for number in range(100)]
    name = in_lane(lane, lambda: threading.current_thread().name)
    assert name.result(WAIT) == "a lane"
    assert seen == list(range(100))
    assert all(future.done() for future in futures)


def test_cancel_reaches_the_wait_under_way_and_no_other(lane: Lane) -> None:
    with WaitingSocket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        assert not lane.cancel()
        for _ in range(20):
            begun = threading.Event()
            waiting = in_lane(lane, lambda begun=begun: (begun.set(), sock.recv(10)))
            assert begun.wait(WAIT)
            while not lane.cancel():
                pass
            with pytest.raises(Cancelled):
                waiting.result(WAIT)
        assert in_lane(lane, lambda: sock.sendto(b"on", sock.getsockname())).result(WAIT) == 2
        assert in_lane(lane, lambda: sock.recv(10)).result(WAIT) == b"on"


def test_a_cancel_before_the_wait_reaches_it_where_the_job_says_so(lane: Lane) -> None:
    begun, cancelled = threading.Event(), threading.Event()

    def work() -> None:
        with lane.reachable():
            begun.set()
            assert cancelled.wait(WAIT)
            current().pause(WAIT)

    future = in_lane(lane, work)
    assert begun.wait(WAIT)
    assert lane.cancel()
    cancelled.set()
    with pytest.raises(Cancelled):
        future.result(WAIT)


def test_end_runs_what_is_in_line_but_lets_nothing_wait(lane: Lane) -> None:
    before = descriptors()
    begun = threading.Event()
    waiting = in_lane(lane, lambda: (begun.set(), lane.pause(WAIT)))
    behind = in_lane(lane, lambda: lane.pause(WAIT))
    last = in_lane(lane, lambda: "done")
    assert begun.wait(WAIT)
    lane.end()
    for future in (waiting, behind):
        with pytest.raises(Cancelled):
            future.result(WAIT)
    assert last.result(WAIT) == "done"
    assert lane.join(WAIT)
    assert not lane.submit(lambda: None)
    assert not lane.cancel()
    assert descriptors() == before


def test_a_lane_that_never_had_a_job_ends_without_a_thread(lane: Lane) -> None:
    lane.end()
    assert lane.join(0)
    assert "a lane" not in {thread.name for thread in threading.enumerate()}
    assert not lane.submit(lambda: None)


def test_a_lane_may_wait_for_itself(lane: Lane) -> None:
    assert in_lane(lane, lambda: lane.join(None)).result(WAIT) is True


def test_without_a_descriptor_left_the_start_fails_and_may_succeed_later(lane: Lane) -> None:
    with descriptors_left(0), pytest.raises(OSError, match="Too many open files"):
        lane.start()
    assert in_lane(lane, lambda: "now").result(WAIT) == "now"
