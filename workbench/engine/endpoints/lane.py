"""A lane: a thread that makes an endpoint's calls one after another, and can be called back from any of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from workbench.engine.sockets.waker import Waker, current


class Lane:
    """Runs jobs in the order they come, on a daemon thread of its own that starts with the first one.

    A job deals with its own exceptions: one that it lets out ends the thread.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._waker: Waker | None = None
        self._thread: threading.Thread | None = None
        self._ended = False

    def start(self) -> None:
        """Start the thread, if it isn't running; OSError or RuntimeError where the system has nothing left for it."""
        with self._lock:
            self._start()

    def submit(self, job: Callable[[], None]) -> bool:
        """Put *job* at the end of the line; False, and nothing, once the lane has ended. Raises what `start` does."""
        with self._lock:
            if self._ended:
                return False
            self._start()
            self._jobs.put(job)
            return True

    def cancel(self) -> bool:
        """Make the wait under way raise Cancelled; tell whether there was one."""
        waker = self._waker
        return waker is not None and waker.cancel()

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """Let a cancel that comes between here and a wait within reach that wait; only for the lane's own jobs."""
        waker = self._waker
        assert waker is not None
        outer = waker.begin()
        try:
            yield
        finally:
            waker.end(outer)

    def pause(self, seconds: float) -> None:
        """Wait for nothing but the time; only for the lane's own jobs. Raises Cancelled."""
        with self.reachable():
            current().pause(seconds)

    def end(self) -> None:
        """Take no more jobs. Those in line are still run, but every wait raises Cancelled, now and later."""
        with self._lock:
            if not self._ended:
                self._ended = True
                self._jobs.put(None)
                if self._waker is not None:
                    self._waker.cancel(for_good=True)

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the thread is gone; True if it is (or never was, or is the caller's own)."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout)
        return not thread.is_alive()

    def _start(self) -> None:
        if self._thread is not None or self._ended:
            return
        waker = Waker()
        thread = threading.Thread(target=self._run, args=(waker,), name=self.name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            waker.close()
            raise
        self._waker, self._thread = waker, thread

    def _run(self, waker: Waker) -> None:
        try:
            with waker.installed():
                while (job := self._jobs.get()) is not None:
                    job()
        finally:
            waker.close()
