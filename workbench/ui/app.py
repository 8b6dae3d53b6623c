"""The application: one screen, its keys, its palette, and what becomes of what goes wrong."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import tzinfo
from typing import ClassVar, Literal

from textual import work
from textual.actions import ActionParseResult
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from workbench.model.text.fit import counted
from workbench.ui.bench.screen import BenchScreen
from workbench.ui.parts.status_line import StatusLine
from workbench.ui.parts.survivor import Survivor, from_outside, sentence
from workbench.ui.parts.unbound import is_bound
from workbench.ui.preferences import Preferences, PreferencesError
from workbench.ui.session.bridge import Bridge, keep_traceback
from workbench.ui.session.file_actions import FileActions
from workbench.ui.session.screen import SessionScreen

_OF_TEXTUAL = ("Theme", "Screenshot", "Quit")
_KEY_NAMES = {"escape": "esc", "question_mark": "?", "slash": "/"}


class WorkbenchApp(Survivor, App[None]):
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
        Binding("f1", "help", "help", id="app.help", tooltip="Explain the screen and its keys", priority=True),
        Binding("question_mark", "help", "help", id="app.help", tooltip="Explain the screen and its keys"),
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
        self._apply_theme()
        self.call_after_refresh(self._apply_keys)  # the log's have to be there, and the line that tells what is wrong
        self.call_after_refresh(_calm_collector)

    # --- what a person has chosen -----------------------------------------------------------------------------------

    def _apply_theme(self) -> None:
        kept = self.preferences
        if kept.theme is not None:
            if kept.theme in self.available_themes:
                self.theme = kept.theme
            else:
                kept.problems.append(f"{kept.line('theme')}: no theme is called {kept.theme}")
        self.theme_changed_signal.subscribe(self, lambda theme: self._keep_theme(theme.name))

    def _apply_keys(self) -> None:
        kept = self.preferences
        if kept.keys:
            known = {binding.id for _, binding in _bindings(self.screen)}
            for name in kept.keys.keys() - known:
                kept.problems.append(f"{kept.line('keys', name)}: no action is called {name}")
            self.set_keymap({name: keys for name, keys in kept.keys.items() if name in known})
        for problem in kept.problems:
            self.notify(problem, severity="error", timeout=60, markup=False)

    def _keep_theme(self, theme: str) -> None:
        if theme != self.preferences.theme:
            with self.told():
                self.preferences.choose_theme(theme)

    # --- what goes wrong --------------------------------------------------------------------------------------------

    def told(self) -> suppress:
        """Return a context in which what cannot be kept is told in the status line."""
        return _Told(self)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Literal["information", "warning", "error"] = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Say it in the status line of the screen that has one; as a toast only where there is none."""
        for screen in reversed(self.screen_stack):
            if lines := screen.query(StatusLine):
                lines.first().say(message, severity, timeout or 0.0)
                return
            if not screen.is_modal:
                break
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def _handle_exception(self, error: Exception) -> None:
        """Go on where it is no fault of the program's; else leave with one line, and the traceback in a file.

        Tests are to see the fault itself.
        """
        if outside := from_outside(error):
            self.notify(sentence(outside), severity="error", markup=False)
            return
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
        """Drop a screen's key that comes before its widgets are there to act on; say why where it can do nothing."""
        if default_namespace is self.screen and not self.screen.is_mounted:
            return False
        why = default_namespace.why_not(str(action)) if isinstance(default_namespace, FileActions) else ""
        if why:
            self.notify(why, markup=False)
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def exit(self, *args: object, **options: object) -> None:
        """Keep how the bench is left, and leave."""
        first = self.screen_stack[0] if self.screen_stack else None
        if isinstance(first, BenchScreen) and first.is_mounted:
            with self.told():
                self.preferences.leave(first.left())
        super().exit(*args, **options)  # type: ignore[arg-type]

    # --- leaving ----------------------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        """Leave; calls and notes that are kept nowhere else are not thrown away unasked."""
        calls = len(self.bridge.journal) if self.bridge.is_live and not self.bridge.keep else 0
        if calls and not self.screen.is_modal:
            self._ask_to_leave(calls)
        else:
            self.exit()

    @work(exclusive=True, group="leave")
    async def _ask_to_leave(self, calls: int) -> None:
        from workbench.ui.parts.ask import Answer, Ask

        noted = " and your notes" if self.bridge.journal.notes else ""
        answers = (
            Answer("save", "Save…", "s,enter", "Save a copy in a file, then leave", "-good"),
            Answer("leave", "Throw away", "t", "Leave without keeping anything", "-stop"),
            Answer("stay", "Stay", "escape", "Go on as before"),
        )
        question = f"The log of {counted(calls, 'call')}{noted} is kept nowhere yet."
        match await self.push_screen_wait(Ask(question, answers, first="save")):
            case "save":
                screen = next(each for each in self.screen_stack if isinstance(each, SessionScreen))
                if await screen.save():
                    self.exit()
            case "leave":
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

    # --- keys and palette -------------------------------------------------------------------------------------------

    def get_key_display(self, binding: Binding) -> str:
        """Write a key as everywhere else: ^r, F5, esc; nothing for what has none."""
        if not is_bound(binding):
            return ""
        shown = super().get_key_display(binding)
        return shown.upper() if shown[:1] == "f" and shown[1:].isdigit() else _KEY_NAMES.get(binding.key, shown)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every action under its name and the words that people look for, with the sentence of its tooltip.

        Of Textual's own not those that lay out the screen anew: the help lists the keys, and from a maximized log there
        would be no way to its filter, nor back by escape.
        """
        yield from (each for each in super().get_system_commands(screen) if each.title in _OF_TEXTUAL)
        words: Mapping[str, str] = getattr(screen, "WORDS", {})
        seen: set[str] = set()
        for node, binding in _bindings(screen):
            if binding.tooltip and binding.id and binding.id not in seen and binding.id != "app.quit":
                seen.add(binding.id)
                key = self.get_key_display(binding)
                title = " · ".join(filter(None, (binding.description, words.get(binding.id, ""))))
                named = f" ({key} · {binding.id})" if key else f" ({binding.id})"  # settings.toml gives keys by the id
                yield SystemCommand(title, binding.tooltip + named, _runner(self, node, binding))


class _Told(suppress):
    """Tells what cannot be kept, instead of raising it."""

    def __init__(self, app: App[None]) -> None:
        super().__init__(OSError, PreferencesError)
        self._app = app

    def __exit__(self, kind, error, trace) -> bool:  # type: ignore[no-untyped-def]
        caught = super().__exit__(kind, error, trace)
        if caught:
            said = sentence(error) if isinstance(error, OSError) else f"Not kept: {error}"
            self._app.notify(said, severity="error", markup=False)
        return bool(caught)


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
