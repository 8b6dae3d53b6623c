"""What /proc/net/tcp tells, read twice a second on a thread of its own, and only while somebody asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from workbench.engine.kernel.proc_net import TIME_WAIT, TcpEntry, end, tcp_entries
from workbench.model.call.value import PlainAddress

PERIOD = 0.5
"""Seconds between two readings: one takes milliseconds (4.6 ms and more)."""
PATIENCE = 2.0
"""Seconds after the last question that the thread goes on."""


class TcpWatch:
    """The machine's TCP sockets as they were half a second ago at most, once the first reading is done."""

    def __init__(self, read: Callable[[], list[TcpEntry]] = tcp_entries) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._asked = 0.0
        self._running = False
        self._entries: tuple[TcpEntry, ...] = ()
        self._lingering: frozenset[tuple[object, object]] = frozenset()
        self.read_at = 0.0
        """When the last reading began, by the monotonic clock."""
        self._by_inode: dict[int, TcpEntry] = {}

    def entries(self) -> tuple[TcpEntry, ...]:
        """Return the last reading; nothing at first, and where the system has no such file."""
        self._ask()
        return self._entries

    def by_inode(self) -> Mapping[int, TcpEntry]:
        """Return the last reading by inode: the sockets that some program has."""
        self._ask()
        return self._by_inode

    def lingers(self, local: PlainAddress | None, peer: PlainAddress | None) -> bool:
        """Whether the connection between two addresses is in TIME_WAIT."""
        self._ask()
        return (end(local), end(peer)) in self._lingering

    def _ask(self) -> None:
        with self._lock:
            self._asked = time.monotonic()
            if not self._running:
                self._running = True
                threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def _watch(self) -> None:
        pause = threading.Event()
        while True:
            began = time.monotonic()
            self._entries = tuple(self._read())
            self._lingering = frozenset(
                (end(entry.local), end(entry.peer)) for entry in self._entries if entry.state == TIME_WAIT
            )
            self._by_inode = {entry.inode: entry for entry in self._entries if entry.inode}
            self.read_at = began
            pause.wait(PERIOD)
            with self._lock:
                if time.monotonic() - self._asked > PATIENCE:
                    self._running = False
                    return
