"""What a person predicted, and whether it was right: kept in the user's state directory from one start to the next."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from workbench.experiments.catalog import SCRIPTS, Experiment, Verdict
from workbench.journal.files import sessions_folder


@dataclass(frozen=True, slots=True)
class Done:
    """The latest prediction on an experiment: its number from 1, whether it was right, and what came of the run."""

    predicted: int
    right: bool
    verdict: str


class Progress:
    """The predictions of a person, in a file of JSON that is read when asked for and written whole."""

    def __init__(self, path: Path | None = None) -> None:
        """*path*: the file, which need not exist; None is the one in the state directory. Raises OSError."""
        self.path = path or sessions_folder().parent / "experiments.json"

    def read(self) -> dict[str, Done]:
        """Return what was done, by key; what cannot be understood is left out."""
        try:
            kept = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        known: dict[str, Done] = {}
        for key, fields in kept.items() if isinstance(kept, dict) else ():
            match fields:
                case {"predicted": int(predicted), "right": bool(right), "verdict": str(verdict)}:
                    known[key] = Done(predicted, right, verdict)
        return known

    def of(self, experiment: Experiment) -> Done | None:
        """Return what was done with an experiment."""
        return self.read().get(key_of(experiment))

    def keep(self, experiment: Experiment, predicted: int, verdict: Verdict) -> None:
        """Add a prediction, or put it in place of an earlier one; raises OSError.

        The file is replaced in one step (rename(2)), so that a crash leaves the old one or the new one.
        """
        known = self.read()
        known[key_of(experiment)] = Done(predicted, predicted == experiment.answer, verdict.value)
        text = json.dumps({key: asdict(done) for key, done in known.items()}, indent=1, ensure_ascii=False)
        with NamedTemporaryFile("w", encoding="utf-8", dir=self.path.parent, prefix=".new-", delete=False) as file:
            try:
                file.write(text)
                file.close()
                os.replace(file.name, self.path)
            except OSError:
                with suppress(OSError):
                    os.unlink(file.name)
                raise


def key_of(experiment: Experiment) -> str:
    """Return the name of one that comes with the workbench, the path of another."""
    return experiment.name if experiment.path.parent == SCRIPTS else str(experiment.path.absolute())
