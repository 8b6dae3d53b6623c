"""The terminal that the screen is drawn on: whether there is one, and what becomes of us when it goes away."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading

NONE = "the screen needs a terminal, and stdin or stderr is none: serve, send, trace, run and show do without"


def is_there() -> bool:
    """Whether Textual has a terminal to read keys from (stdin) and to draw on (stderr), or draws elsewhere."""
    return other_driver() or all(stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stderr__))


def other_driver() -> bool:
    """Whether Textual was told to draw by another driver (TEXTUAL_DRIVER), such as one for a browser."""
    return bool(os.environ.get("TEXTUAL_DRIVER"))


def end_with_it() -> None:
    """Let this process end when its terminal hangs up, and leave the session as a crash does, to be offered again.

    By the signal's default action, also where it was inherited as ignored or is never sent, as to a process of which
    the terminal is not the controlling one: what Textual writes from then on fails, and would make it wait for ever.
    """
    if not hasattr(signal, "SIGHUP") or other_driver():
        return
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if sys.__stdin__ is not None and hasattr(select, "poll"):
        threading.Thread(target=_watch, args=(sys.__stdin__.fileno(),), name="terminal-watch", daemon=True).start()


def _watch(fd: int) -> None:
    poll = select.poll()
    poll.register(fd, 0)  # POLLHUP is told unasked
    if any(events & select.POLLHUP for _, events in poll.poll()):
        os.kill(os.getpid(), signal.SIGHUP)
