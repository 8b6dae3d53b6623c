"""What fails outside of the program (no descriptor, no right, no space …) is told in a sentence, and the bench goes on.

Textual ends a widget whose handler raised, and with it the app. An OSError or MemoryError is no fault of the program.
"""

from __future__ import annotations

import errno
import os

from textual.message import Message
from textual.message_pump import MessagePump
from textual.worker import WorkerFailed

from workbench.model.text.safe import safe

_REMEDIES = {
    errno.EMFILE: "close some clients, or raise the limit with ulimit -n",
    errno.ENFILE: "the whole system has none left: close programs",
    errno.ENOSPC: "free some, or take another disk",
    errno.EDQUOT: "free some, or take another disk",
    errno.ELOOP: "its links lead in a circle",
    errno.ENAMETOOLONG: "take a shorter name",
    errno.EACCES: "take another place, or change its rights",
    errno.EPERM: "take another place, or change its rights",
    errno.EROFS: "take another place",
}


class Survivor(MessagePump):
    """A screen, widget or app whose handlers may fail with an OSError: `tell` says so, and it lives on."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except (OSError, MemoryError) as problem:
            self.app.notify(sentence(problem), severity="error", markup=False)


def from_outside(error: BaseException) -> BaseException | None:
    """Return what went wrong outside of the program, also in a worker; None where it is a fault of the program."""
    cause = error.error if isinstance(error, WorkerFailed) else error
    return cause if isinstance(cause, OSError | MemoryError) else None


def sentence(problem: BaseException) -> str:
    """Say in one sentence what went wrong, with its file where that is known, and what one can do."""
    if isinstance(problem, MemoryError):
        return "That was not done: there is no memory left."
    assert isinstance(problem, OSError)
    said = problem.strerror or str(problem) or type(problem).__name__
    name = errno.errorcode.get(problem.errno or 0, "")
    where = f" {os.fsdecode(problem.filename)}:" if isinstance(problem.filename, str | bytes) else ""
    remedy = _REMEDIES.get(problem.errno or 0)
    return safe(f"That was not done:{where} {said}{f' ({name})' if name else ''}{f': {remedy}' if remedy else ''}.")
