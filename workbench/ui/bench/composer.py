"""The composer: what is to be sent, as text, JSON or hex, checked while it is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import TextArea

from workbench.model.call.payload import Draft, PayloadError, count
from workbench.ui.bench.draft import DraftHistory
from workbench.ui.bench.json_area import JsonArea
from workbench.ui.parts.controls import Choice, ErrorLine, Row, Toggle

_MODES = {
    "Text": "encoded as you choose",
    "JSON": "checked, sent as utf-8",
    "Hex": "de ad be ef, deadbeef or 0xde,0xad",
}
_ENCODINGS = {"utf-8": "", "latin-1": "", "gbk": "", "utf-16": "begins with a byte order mark"}
_ENDINGS = {"none": "", "LF": "\\n after the text", "CRLF": "\\r\\n after the text"}
_JSON = {"as typed": "with the spaces and lines as they stand", "compact": "without spaces between tokens"}


class Composer(Vertical):
    """Mode and options, the editor, and what is wrong with it. `draft` is what stands in it now."""

    DEFAULT_CSS = """
    Composer { height: auto; }
    Composer .-json, Composer .-text { display: none; }
    Composer.-mode-text .-text, Composer.-mode-json .-json { display: block; }
    """

    @dataclass
    class Checked(Message):
        """The text or an option changed; *said* is how long the payload is, empty if there is none."""

        said: str

    def __init__(self, draft: Draft, sent: Sequence[Draft] = (), *, id: str) -> None:
        """*draft*: what is in it at first; *sent*: what was sent before, the oldest first."""
        super().__init__(id=id, classes=_mode_class(draft))
        self._draft = draft
        self._history = DraftHistory(sent)
        self._data: bytes | None = None

    def compose(self) -> ComposeResult:
        draft = self._draft
        escapes = "Read \\n \\r \\t \\0 \\\\ \\xff (a byte) and \\u20ac (a character) as escapes"
        spaces = "compact" if draft.compact else "as typed"
        text, json = {"classes": "-text"}, {"classes": "-json"}
        yield Row(
            Choice(_MODES, draft.mode, id="mode", tooltip="How what you type becomes bytes"),
            Choice(_ENCODINGS, draft.encoding, id="encoding", tooltip="Encoding of the text", **text),
            Choice(_ENDINGS, draft.ending, id="ending", label="end", tooltip="Line ending put after the text", **text),
            Toggle("escapes", draft.escapes, id="escapes", tooltip=escapes, **text),
            Choice(_JSON, spaces, id="spaces", tooltip="Send the JSON as typed or without white space", **json),
            Toggle("newline", draft.newline, id="newline", tooltip="Put \\n after the JSON", **json),
        )
        yield JsonArea(
            draft.text,
            id="text",
            tooltip="What is sent. Up in the first line and down in the last one bring back what was sent before.",
        )
        yield ErrorLine(id="composer-error")

    def on_mount(self) -> None:
        self._check()

    @property
    def draft(self) -> Draft:
        """What stands in the composer, with its options."""
        return self._draft

    @draft.setter
    def draft(self, draft: Draft) -> None:
        self._draft = draft
        for id, value in {
            "mode": draft.mode,
            "encoding": draft.encoding,
            "ending": draft.ending,
            "spaces": "compact" if draft.compact else "as typed",
        }.items():
            self.query_one(f"#{id}", Choice).value = value
        self.query_one("#escapes", Toggle).on = draft.escapes
        self.query_one("#newline", Toggle).on = draft.newline
        area = self.query_one(JsonArea)
        if area.text != draft.text:
            area.text = draft.text
        self._check()

    @property
    def data(self) -> bytes | None:
        """The bytes, or None if what was typed is none."""
        self._check()  # the message about the last key may still be under way
        return self._data

    def insist(self) -> None:
        """Say what is wrong also with a draft that has not been begun: it was to be sent."""
        try:
            self._draft.data()
        except PayloadError as error:
            self.query_one(ErrorLine).say(error.message)

    def sent(self) -> None:
        """Note that the draft was sent."""
        self._history.add(self._draft)

    @property
    def history(self) -> tuple[Draft, ...]:
        """What was sent, the oldest first."""
        return self._history.past

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._check()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        event.stop()
        changes: dict[str, Any] = {"spaces": {"compact": event.value == "compact"}}
        self._change(**changes.get(str(event.choice.id), {str(event.choice.id): event.value}))

    def on_toggle_changed(self, event: Toggle.Changed) -> None:
        event.stop()
        self._change(**{str(event.toggle.id): event.on})

    def on_json_area_leaf(self, event: JsonArea.Leaf) -> None:
        event.stop()
        self._check()
        draft = self._history.step(event.by, self._draft)
        if draft is None:
            return
        self.draft = draft
        area = self.query_one(JsonArea)
        lines = draft.text.split("\n")
        area.move_cursor((0, len(lines[0])) if event.by < 0 else (len(lines) - 1, len(lines[-1])))

    def _change(self, **option: Any) -> None:
        self._draft = replace(self._draft, **option)
        self._check()

    def _check(self) -> None:
        """Turn the draft into bytes, or say why that can't be and where."""
        area = self.query_one(JsonArea)
        self._draft = draft = replace(self._draft, text=area.text)
        self.set_classes(_mode_class(draft))
        fault: tuple[int, int] | None = None
        said = wrong = ""
        try:
            self._data = draft.data()
            said = count(draft.text, self._data)
        except PayloadError as error:
            self._data = None
            # Nothing typed yet is not worth a complaint.
            wrong = error.message if draft.text.strip() else ""
            fault = (error.line - 1, error.column - 1)
        area.fit()
        area.colour(draft.mode == "JSON", fault)
        self.query_one(ErrorLine).say(wrong)
        self.post_message(self.Checked(said))


def _mode_class(draft: Draft) -> str:
    return f"-mode-{draft.mode.lower()}"
