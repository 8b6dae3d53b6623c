"""The line above the log in which one writes which calls to see; it searches in slices and shows what it finds."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from workbench.journal.find import Search
from workbench.model.session.query import WORDS, QueryError, parse
from workbench.probe.format import CODE
from workbench.ui.log.view import LogView
from workbench.ui.parts.controls import Caption, ErrorLine, Field, Row

SLICE = 0.02
"""Seconds that one slice of a search may take."""
TICK = 0.05


class LogFilter(Vertical):
    """Filters a log by the words of a query. Closed, it leaves the hits to be gone through."""

    DEFAULT_CSS = """
    LogFilter { height: auto; }
    LogFilter #found { width: auto; color: $text-muted; }
    """

    def __init__(self, log: LogView) -> None:
        super().__init__(id="filter")
        self._log = log
        self._search: Search | None = None
        self._shown = ""

    def compose(self) -> ComposeResult:
        with Row():
            yield Caption("find ")
            yield Field("", id="query", placeholder=WORDS, tooltip="Enter shows only these calls, escape all again")
            yield Static(id="found")
        yield ErrorLine("query-error")

    def on_mount(self) -> None:
        self.set_interval(TICK, self.tick)
        self.open()

    def open(self) -> None:
        """Let the words be written."""
        self.display = True
        field = self.query_one("#query", Field)
        field.focus()
        field.select_all()

    def close(self) -> None:
        """End the search and show every call."""
        if self._search is not None and not self._search.done:
            self._search = self._log.hits = None
        self._log.show_found(None)
        self.display = False
        self._log.focus()
        self.refresh_bindings()

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        error = self.query_one(ErrorLine)
        if not event.value.strip():
            return self.close()
        try:
            query = parse(event.value)
        except QueryError as problem:
            return error.say(str(problem))
        error.say("")
        self._search = Search(self._log.journal, query)
        self._log.show_found(self._search)
        self._log.focus()
        return self.tick()

    def tick(self) -> None:
        """Search a little further."""
        search = self._search
        if search is None or not self.display:
            return
        if search.journal is not self._log.journal:  # another session
            self._search = self._log.hits = None
            return
        if not search.done:
            search.step(SLICE)
            self._log.sync()
            self._log.refresh()
        if (said := self._said(search)) != self._shown:
            self._shown = said
            self.query_one("#found", Static).update(Content(f" {said}"))

    def _said(self, search: Search) -> str:
        found = search.count()
        calls = "1 call" if found == 1 else f"{found} calls"
        if search.done:
            return calls if found else f"{calls}{self._named_calls()}"
        return f"{calls} · {search.position * 100 // max(1, len(search.journal))} % searched"

    def _named_calls(self) -> str:
        """Say what to write where nothing was found and a word is a call's name, which is sought among the bytes."""
        names = [word for word in self.query_one("#query", Field).value.split() if word in CODE]
        return f": call:{names[0]} finds the calls" if names else ""
