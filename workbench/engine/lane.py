"""A lane: a thread that makes an endpoint's calls one after another, and can be called back from any of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from workbench.engine.waker import Waker

STACK = 256 * 1024
"""Bytes of stack for a lane's thread: a thousand connections must not cost a thousand default stacks."""

_starting = threading.Lock()


class Lane:
    """Runs jobs in the order they come, on a daemon thread of its own that starts with the first one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._waker = Waker()
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._ended = False

    def submit(self, job: Callable[[], None]) -> bool:
        """Put *job* at the end of the line; False, and nothing, once the lane has ended."""
        with self._lock:
            if self._ended:
                return False
            self._jobs.put(job)
            if self._thread is None:
                self._thread = self._start()
            return True

    def cancel(self) -> bool:
        """Make the wait under way raise Cancelled; tell whether there was one."""
        return self._waker.cancel()

    def end(self) -> None:
        """Cancel whatever waits, now and later, and let the thread go after the job it is in."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            self._jobs.put(None)
            if self._thread is None:
                self._waker.close()
        self._waker.cancel(for_good=True)

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the thread is gone; True if it is (or never was, or is the caller's own)."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout)
        return not thread.is_alive()

    def _start(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        with _starting:
            before = threading.stack_size(STACK)
            try:
                thread.start()
            finally:
                threading.stack_size(before)
        return thread

    def _run(self) -> None:
        with self._waker.installed():
            while (job := self._jobs.get()) is not None and not self._ended:
                job()
        self._waker.close()
