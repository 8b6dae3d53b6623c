"""The line above the keys: what was just done or went wrong, else what is being waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

SECONDS = 8.0
"""How long a sentence stands at least."""
_STYLES = {"error": "bold $text-error", "warning": "$text-warning", "information": "$text"}
_SIGNS = {"error": "✗ ", "warning": "! ", "information": ""}


class StatusLine(Widget):
    """`say` shows a sentence for a while, `rest` what stands there otherwise."""

    DEFAULT_CSS = "StatusLine { height: 1; padding: 0 1; background: $panel; }"

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(id="status-line")
        self.tooltip = "What was done last, and what waits"
        self._clock = clock
        self._said, self._severity, self._until = "", "information", 0.0
        self._rest = ""

    @property
    def text(self) -> str:
        """What stands there now."""
        return self._said or self._rest

    def say(self, sentence: str, severity: str = "information", seconds: float = SECONDS) -> None:
        """Show a sentence (safe already) in place of the one before."""
        self._said, self._severity = sentence, severity
        self._until = self._clock() + max(seconds, SECONDS)
        self.refresh()

    def rest(self, text: str) -> None:
        """Show *text* where nothing has been said lately; costs nothing if it is the same."""
        over = bool(self._said) and self._clock() >= self._until
        if over:
            self._said = ""
        if over or text != self._rest:
            self._rest = text
            self.refresh()

    def render(self) -> Content:
        if self._said:
            return Content.styled(f"{_SIGNS[self._severity]}{self._said}", _STYLES[self._severity])
        return Content.styled(self._rest, "$text-muted")
