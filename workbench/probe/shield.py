"""What is raised into the probe from outside: by a signal's handler, or by a thread (PyThreadState_SetAsyncExc).

It is the program's and has to reach it, whichever of our lines it met. What the probe itself runs into never does. So
every handler of the probe that catches more than it raised itself asks here.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
_watched = False


def watch() -> None:
    """Don't look at the frames of tracebacks from now on: audit hooks hear of it and may forbid it."""
    global _watched
    _watched = True


def is_foreign(error: BaseException) -> bool:
    """Tell whether *error*, just caught in the probe, was raised into it.

    A signal's handler leaves its own frame behind ours. Another thread's exception is a bare class, made without
    arguments; errors of the interpreter have a message, but for MemoryError.
    """
    if not isinstance(error, Exception):
        return True
    trace: Any = None if _watched else error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is not None and not trace.tb_frame.f_code.co_filename.startswith(FOLDER):
        return True
    return not error.args and not isinstance(error, MemoryError)


def let_through(error: BaseException) -> None:
    """Raise *error* again if it was raised into the probe."""
    if is_foreign(error):
        raise error


def hide(error: BaseException) -> None:
    """Take the probe's frames from the front of a traceback; a bare raise then adds none (but until 3.10, it does)."""
    trace = None if _watched else error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(FOLDER):
        trace = trace.tb_next
    error.__traceback__ = trace
