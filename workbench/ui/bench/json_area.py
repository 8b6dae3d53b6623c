"""The editor of the composer: JSON coloured without tree-sitter, and nothing drawn that could steer the terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea

from workbench.model.text.safe import safe

_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)'
    r"|(?P<word>true|false|null)"
)
_ROOMY = 34  # rows of a screen from which the composer may take more
_LONGEST = 4096  # a longer line is drawn without colours


class JsonArea(TextArea, inherit_bindings=False):
    """A TextArea whose up in the first line and down in the last one ask for the history (Leaf)."""

    DEFAULT_CSS = """
    JsonArea { height: 2; padding: 0; border: none; background: $foreground 8%; scrollbar-size-vertical: 1; }
    JsonArea:focus { border: none; }
    JsonArea .json--key { color: $text-primary; }
    JsonArea .json--string { color: $text-success; }
    JsonArea .json--number { color: $text-warning; }
    JsonArea .json--word { color: $text-secondary; text-style: italic; }
    JsonArea .json--fault { background: $error; color: $text; text-style: bold underline; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "json--key",
        "json--string",
        "json--number",
        "json--word",
        "json--fault",
    }
    # F6 is the app's (send or sendall); selecting a line with it is not missed.
    BINDINGS: ClassVar[list[BindingType]] = [
        binding for binding in TextArea.BINDINGS if not (isinstance(binding, Binding) and binding.key == "f6")
    ]

    @dataclass
    class Leaf(Message):
        """The person wants what was sent before (by = -1) or after (1)."""

        by: int

    def __init__(self, text: str, *, id: str, tooltip: str) -> None:
        super().__init__(text, id=id, show_line_numbers=False, highlight_cursor_line=False)
        self.tooltip = tooltip
        self.cursor_blink = False  # at rest nothing is drawn
        self._coloured = False
        self._fault: tuple[int, int] | None = None

    def fit(self) -> None:
        """Be as high as the text, within what a screen can spare."""
        low, high = (2, 8) if self.app.size.height >= _ROOMY else (1, 4)
        height = min(max(self.wrapped_document.height, low), high)
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height

    def on_resize(self) -> None:
        self.call_after_refresh(self.fit)

    def colour(self, json: bool, fault: tuple[int, int] | None) -> None:
        """Colour the text as JSON or not at all, and mark the character at *fault* (row and column from 0)."""
        if (json, fault) != (self._coloured, self._fault):
            self._coloured, self._fault = json, fault
            self.notify_style_update()  # TextArea keeps drawn lines, and forgets them here
            self.refresh()

    def get_line(self, line_index: int) -> Text:
        line = "\t".join(safe(part) for part in self.document.get_line(line_index).split("\t"))
        text = Text(line, end="", no_wrap=True)
        if self._coloured and len(line) <= _LONGEST:
            for token in _TOKEN.finditer(line):
                text.stylize(self.get_component_rich_style(f"json--{token.lastgroup}", partial=True), *token.span())
        if self._fault and self._fault[0] == line_index:
            if self._fault[1] >= len(line):
                return text
            text.stylize(self.get_component_rich_style("json--fault"), self._fault[1], self._fault[1] + 1)
        return text

    def render_line(self, y: int) -> Strip:
        # A character that counts no cell in the document has one as its stand-in, so a line may come out longer.
        strip = super().render_line(y)
        return strip.crop(0, self.size.width) if strip.cell_length > self.size.width else strip

    def action_cursor_up(self, select: bool = False) -> None:
        if not select and self.navigator.is_first_wrapped_line(self.cursor_location):
            self.post_message(self.Leaf(-1))
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        if not select and self.navigator.is_last_wrapped_line(self.cursor_location):
            self.post_message(self.Leaf(1))
        else:
            super().action_cursor_down(select)
