"""The application: one screen, its keys, its palette."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import tzinfo
from typing import ClassVar

from textual import work
from textual.actions import ActionParseResult
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from workbench.ui.bench.screen import BenchScreen
from workbench.ui.preferences import Preferences
from workbench.ui.session.bridge import Bridge, keep_traceback
from workbench.ui.session.screen import SessionScreen

_OF_TEXTUAL = ("Theme", "Screenshot", "Quit")


class WorkbenchApp(App[None]):
    """socket-workbench on screen, over a session."""

    TITLE = "socket-workbench"
    CSS_PATH = "app.tcss"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it for instances
        (0, "-tiny"),
        (60, "-narrow"),
        (100, "-mid"),
        (160, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-flat"),
        (16, "-low"),
        (22, "-short"),
        (34, "-tall"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help", id="app.help", tooltip="Explain the screen and its keys", priority=True),
        Binding("ctrl+q", "quit", "Quit", id="app.quit", tooltip="Close every socket and leave", priority=True),
    ]

    def __init__(
        self,
        bridge: Bridge,
        *,
        zone: tzinfo | None = None,
        kind: type[SessionScreen] | None = None,
        preferences: Preferences | None = None,
    ) -> None:
        """Show *bridge*'s session; *zone*: of the log's clock, None for the local one; *kind*: on another screen.

        Without *preferences* everything is as it ships, and nothing is kept.
        """
        super().__init__()
        self.bridge = bridge
        self.preferences = preferences or Preferences()
        self._kind = kind or (BenchScreen if bridge.is_live else SessionScreen)
        self._zone = zone

    def get_default_screen(self) -> SessionScreen:
        """Begin with the bench at once: a screen pushed over an empty one would be laid out later."""
        return self._kind(self.bridge, zone=self._zone)

    def on_mount(self) -> None:
        with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)
        self.call_after_refresh(_calm_collector)

    def _handle_exception(self, error: Exception) -> None:
        """Leave with one line instead of a traceback, which goes into a file; tests are to see the fault itself."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        self.bridge.keep = True
        traceback = keep_traceback(error)
        self.exit(
            return_code=1,
            message=f"socket-workbench: a fault of its own ended it ({type(error).__name__}): "
            f"the details are in {traceback}, the session in {self.bridge.path}",
        )

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Drop a screen's key that comes before its widgets are there to act on."""
        if default_namespace is self.screen and not self.screen.is_mounted:
            return False
        return await super().run_action(action, default_namespace, namespaces)

    async def action_quit(self) -> None:
        """Leave; what a person wrote into a session that is not kept is not thrown away unasked."""
        lost = self.bridge.is_live and not self.bridge.keep and bool(self.bridge.journal.notes)
        if lost and len(self.screen_stack) == 1:
            self._ask_to_leave()
        else:
            self.exit()

    @work
    async def _ask_to_leave(self) -> None:
        from workbench.ui.parts.confirm import Confirm

        if await self.push_screen_wait(Confirm("The session is thrown away, and your notes with it.", "Leave")):
            self.exit()

    def on_session_screen_experiment_wanted(self, event: SessionScreen.ExperimentWanted) -> None:
        """Show the experiment that a finding names."""
        from workbench.experiments.catalog import find
        from workbench.experiments.progress import Progress
        from workbench.ui.experiments.screen import ExperimentScreen

        self.push_screen(ExperimentScreen(find(event.name), Progress(), zone=self._zone))

    def action_help(self) -> None:
        """Show the help, or close it."""
        from workbench.ui.session.help import HelpScreen

        if isinstance(self.screen, HelpScreen):
            self.pop_screen()
        elif not self.screen.is_modal:
            self.push_screen(HelpScreen())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every action that has a key, under the sentence that its tooltip shows.

        Of Textual's own not those that lay out the screen anew: the help lists the keys, and from a maximized log there
        would be no way to its filter, nor back by escape.
        """
        yield from (each for each in super().get_system_commands(screen) if each.title in _OF_TEXTUAL)
        seen: set[str] = set()
        for node, binding in _bindings(screen):
            if binding.tooltip and binding.id and binding.id not in seen and binding.id != "app.quit":
                seen.add(binding.id)
                help_text = f"{binding.tooltip} ({self.get_key_display(binding)})"
                yield SystemCommand(binding.description, help_text, _runner(self, node, binding))


def _bindings(screen: Screen[object]) -> Iterator[tuple[DOMNode, Binding]]:
    """Yield the bindings of the app, the screen and its widgets, with the node that has them."""
    for node in (screen.app, screen, *screen.query("*").results()):
        for _, binding in node._bindings:
            yield node, binding


def _runner(app: App[None], node: DOMNode, binding: Binding):  # type: ignore[no-untyped-def]
    async def run() -> None:
        await app.run_action(binding.action, default_namespace=node)

    return run


def _calm_collector() -> None:
    """Keep the garbage collector from pausing the screen under a flood: what is there now stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
