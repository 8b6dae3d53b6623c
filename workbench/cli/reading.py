"""What the commands that read a session share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from workbench.cli.failure import Failure
from workbench.journal.pages import recover
from workbench.journal.reader import Journal, NotASession
from workbench.model.text.safe import safe


@contextmanager
def reading(session: Path, *, quiet: bool = False) -> Iterator[Journal]:
    """Give the journal of a session, all of it; what is wrong with the file is a line on stderr at the end.

    *quiet*: nothing is said, as the session was recorded just now.
    """
    with closing(_opened(session)) as journal:
        yield journal
        if not quiet and (problems := journal.problems()):
            sys.stdout.flush()
            print(f"socket-workbench: {safe(session.name)}: {'; '.join(problems)}", file=sys.stderr)


def _opened(session: Path) -> Journal:
    recover(session)
    try:
        journal = Journal(session)
        journal.read_all()
    except OSError as problem:
        raise Failure(f"{session}: {problem.strerror}", 2) from None
    except NotASession as problem:
        raise Failure(str(problem), 2) from None
    return journal
