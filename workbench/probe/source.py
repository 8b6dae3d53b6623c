"""Which line of the program made a call: the nearest frame outside the socket module and the probe."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any, Callable, Optional

    from .recorder import Recorder

_MOST = 5000
"""Code objects, and names, that are remembered; a program may make them without end."""
key: Callable[[Any], Any] = id
"""Return what the places within a code object are found by."""
_SKIPPED: dict[int, int] = {}
"""Stands for a code object whose frames are passed over."""


class Sources:
    """Numbers of texts: of "file:line", found once for every place in the program that makes calls, and of names."""

    def __init__(self, recorder: Recorder, passed_over: tuple[str, ...]) -> None:
        """*passed_over*: beginnings of the paths of files whose frames don't count."""
        self._recorder = recorder
        self.passed_over = passed_over
        try:
            self._here = os.getcwd() + os.sep
        except OSError:  # it was removed
            self._here = os.sep
        self._library = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
        self.places: dict[Any, dict[int, int]] = {}
        self.names: dict[str, int] = {}
        self._codes: list[CodeType] = []  # alive, so that no other gets the id of one that we know

    def pass_over(self, path: str) -> None:
        """From now on don't count frames of the file *path*."""
        self.passed_over += (path,)
        self.forget()

    def forget(self) -> None:
        """Forget all: after fork, or when they are too many."""
        self.places.clear()
        self.names.clear()
        self._codes.clear()

    def of(self, frame: Optional[FrameType]) -> int:
        """Return the number of the text for *frame*, or for the first one behind it that counts; 0 if none does."""
        while frame is not None:
            places = self.places.get(key(frame.f_code))
            if places is None:
                places = self._learn(frame.f_code)
            if places is not _SKIPPED:
                number = places.get(frame.f_lasti)
                if not number:
                    number = places[frame.f_lasti] = self._recorder.text(self.text(frame, frame.f_lineno))
                return number
            frame = frame.f_back
        return 0

    def name(self, label: str) -> int:
        """Return the number of the text *label*, 0 for an empty one."""
        number = self.names.get(label)
        if number is None:
            if len(self.names) >= _MOST:
                self.names.clear()
            number = self.names[label] = self._recorder.text(label) if label else 0
        return number

    def _learn(self, code: CodeType) -> dict[int, int]:
        if len(self._codes) >= _MOST:
            self.forget()
        self._codes.append(code)
        skipped = code.co_filename.startswith(self.passed_over)
        places = self.places[key(code)] = _SKIPPED if skipped else {}
        return places

    def text(self, frame: FrameType, line: int) -> str:
        """Return a place in the program as people read it, "file:line"."""
        name = frame.f_code.co_filename
        for folder in (self._here, self._library):
            if name.startswith(folder):
                name = name[len(folder) :]
                break
        return f"{name}:{line}"
