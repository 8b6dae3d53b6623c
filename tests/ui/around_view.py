"""An app around one view of frozen values, at any width."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from workbench.ui.parts.piece_view import PieceView

V = TypeVar("V", bound=PieceView)


class AroundView(App[None], Generic[V]):
    """Nothing but the view, which fills the screen."""

    CSS = "Screen { overflow: hidden; } PieceView { height: 1fr; }"

    def __init__(self, make: Callable[[], V]) -> None:
        super().__init__()
        self.view = make()

    def compose(self) -> ComposeResult:
        yield self.view

    def screen_text(self) -> list[str]:
        """The screen as it is drawn, line by line."""
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


@asynccontextmanager
async def shown(make: Callable[[], V], width: int, height: int = 6) -> AsyncIterator[tuple[Pilot[None], V]]:
    app = AroundView(make)
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        yield pilot, app.view
