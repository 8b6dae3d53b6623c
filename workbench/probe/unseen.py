"""The program's frames, for one that has an audit hook.

Hooks hear of sys._getframe, of a frame's f_code and of id, and may forbid them. They don't hear of where a coroutine
was made (sys.set_coroutine_origin_tracking_depth).
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

_DEPTH = 20
"""How many frames are looked at: ours, those of the socket module, and the program's first."""


class Code:
    """What of a code object is asked for."""

    __slots__ = ("co_filename", "co_name")

    def __init__(self, filename: str, name: str) -> None:
        self.co_filename, self.co_name = filename, name


class Frame:
    """What of a frame is asked for; its instructions are told apart by their lines."""

    __slots__ = ("f_back", "f_code", "f_lasti", "f_lineno")

    def __init__(self, code: Code, line: int, back: Optional[Frame]) -> None:
        self.f_code, self.f_lasti, self.f_lineno, self.f_back = code, line, line, back


def look(depth: int) -> Optional[Frame]:
    """Do as sys._getframe, for what the probe asks of frames; None where the stack is not so deep."""
    frame: Optional[Frame] = None
    for filename, line, name in reversed(_origin()[2 + depth :]):
        frame = Frame(Code(filename, name), line, frame)
    return frame


def key(code: Code) -> tuple[str, str]:
    """Return what distinguishes a code object, as id would."""
    return code.co_filename, code.co_name


async def _nothing() -> None:
    pass


def _origin() -> tuple[tuple[str, int, str], ...]:
    """Return file, line and function of each frame from this one outward."""
    depth = sys.get_coroutine_origin_tracking_depth()
    sys.set_coroutine_origin_tracking_depth(_DEPTH)
    try:
        here: Any = _nothing()
    finally:
        sys.set_coroutine_origin_tracking_depth(depth)
    origin: tuple[tuple[str, int, str], ...] = here.cr_origin
    here.close()
    return origin
