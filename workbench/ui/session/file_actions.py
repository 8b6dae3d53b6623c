"""What is done with the file of a session: saved, exported, opened, found again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from workbench.journal.reader import NotASession
from workbench.model.text.fit import counted
from workbench.model.text.safe import safe
from workbench.ui.parts.paths import cannot_be_opened, cannot_be_written, no_name_of_a_script, typed_path
from workbench.ui.parts.survivor import Survivor
from workbench.ui.parts.unbound import unbound
from workbench.ui.preferences import Preferences
from workbench.ui.session.bridge import Bridge, suggested_name, unfinished

if TYPE_CHECKING:
    from workbench.ui.parts.menu import Item

_MENU = (("save", "s"), ("export", "x"), ("open", "o"), ("recent", "r"), ("new_experiment", "e"), ("inspect", "v"))
_LETTERS = "123456789abcdefghijklmnopqrstuvwxyz"


def preferences_of(app: App[object]) -> Preferences:
    """Return what is kept between two starts; in an app of another kind, what keeps nothing."""
    return getattr(app, "preferences", None) or Preferences()


class FileActions(Survivor, Screen[None]):
    """The menu of the session, and what stands in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+g",
            "session_menu",
            "session…",
            id="session.menu",
            tooltip="What can be done with the session: save, export, open …",
            priority=True,
        ),
        unbound("save", "save…", "Save a copy of the session in a file", id="session.save"),
        unbound("export", "export…", "Write the session as a file for others to read", id="session.export"),
        unbound("open", "open…", "Open a recorded session from a file", id="session.open"),
        unbound("recent", "recent sessions…", "Open a session that was saved or opened lately", id="session.recent"),
        unbound(
            "new_experiment",
            "make an experiment…",
            "Write a script that repeats this session, as a start for an experiment of your own",
            id="session.new_experiment",
        ),
    ]
    MENU: ClassVar[Sequence[tuple[str, str]]] = _MENU
    """The menu ^g: actions, and the letter that each is on."""
    _bridge: Bridge
    _zone: tzinfo | None

    # --- menus ------------------------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str:
        """Say why an action can do nothing now; empty if it can."""
        return ""

    def items(self, menu: Sequence[tuple[str, str]]) -> list[Item]:
        """Make the items of a menu from the bindings of its actions."""
        from workbench.ui.parts.menu import Item  # not at the start, as all dialogs

        bindings = {binding.action: binding for _, binding in self._bindings}
        return [
            Item(
                letter,
                action,
                bindings[action].description,
                bindings[action].tooltip,
                self.app.get_key_display(bindings[action]),
                self.why_not(action),
            )
            for action, letter in menu
        ]

    def menu_keys(self) -> dict[str, str]:
        """Return the way through a menu to each action that stands in one, as one writes keys: "^g s"."""
        return {action: f"^g {letter}" for action, letter in self.MENU}

    def action_session_menu(self) -> None:
        self.open_menu("Session", self.items(self.MENU))

    def open_menu(self, title: str, items: Sequence[Item]) -> None:
        """Show a menu of actions of this screen, and do what is chosen."""
        from workbench.ui.parts.menu import Menu

        if items and self.is_current:
            self.app.push_screen(Menu(title, items), self._do)

    async def _do(self, action: str | None) -> None:
        if action is not None:
            await self.run_action(action)

    # --- saving -----------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="file")
    async def action_save(self) -> None:
        await self.save()

    async def save(self) -> bool:
        """Copy the session into a file that one names; tell whether it was. Called in a worker."""
        from workbench.ui.parts.prompt import Prompt

        name = suggested_name(self._bridge.path)
        path = await self._ask_for_path(Prompt("Save the session as", name, accept="Save", check=cannot_be_written))
        if path is None:
            return False
        self._bridge.save(path)
        preferences_of(self.app).remember(path)
        self.notify(f"Saved as {safe(str(path))}", markup=False)
        return True

    async def _ask_for_path(self, prompt: Screen[str | None]) -> Path | None:
        name = await self.app.push_screen_wait(prompt)
        return None if name is None else typed_path(name)

    @work(exclusive=True, group="file")
    async def action_export(self) -> None:
        """Ask what to make of the session, and where; a long one is written in a thread of its own."""
        from workbench.report.exports import EXPORTS, FolderExport, export
        from workbench.ui.parts.menu import Item, Menu
        from workbench.ui.parts.prompt import Prompt
        from workbench.ui.session.exporting import NAMES, write

        items = [
            Item(letter, name, name, listed.what)
            for letter, (name, listed) in zip(_LETTERS, EXPORTS.items(), strict=False)
        ]
        form = await self.app.push_screen_wait(Menu("Export the session as", items))
        if form is None:
            return
        found = export(form)
        folder = isinstance(found, FolderExport)
        suggested = Path(suggested_name(self._bridge.path)).with_suffix("" if folder else NAMES.get(form, f".{form}"))
        question = f"Write {'the folder' if folder else 'it to'}"
        path = await self._ask_for_path(Prompt(question, str(suggested), accept="Export", check=cannot_be_written))
        if path is None:
            return
        self.notify(f"Writing {safe(str(path))} …", markup=False)
        left_out = await asyncio.to_thread(write, found, self._bridge.path, path)
        note = f", without {counted(left_out, 'call')} that have no place there" if left_out else ""
        self.notify(f"Exported as {safe(str(path))}{note}", markup=False)

    @work(exclusive=True, group="file")
    async def action_new_experiment(self) -> None:
        """Write a script that repeats the session into a file that one names."""
        from workbench.report.scripts.experiment import CannotRepeat, write_experiment
        from workbench.ui.parts.prompt import Prompt

        question = Prompt("Write the experiment to", "mine.py", accept="Write", check=no_name_of_a_script)
        path = await self._ask_for_path(question)
        if path is None:
            return
        try:
            write_experiment(self._bridge.journal, path)
        except CannotRepeat as problem:
            self.notify(f"Not written: {safe(str(problem))}", severity="error", markup=False)
        else:
            self.notify(f"Written: run it with socket-workbench run {safe(str(path))}", markup=False)

    # --- opening ----------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="file")
    async def action_open(self) -> None:
        """Show another session, over this one."""
        from workbench.ui.parts.prompt import PathSuggester, Prompt

        question = Prompt("Open the session in", check=cannot_be_opened, accept="Open", suggester=PathSuggester())
        path = await self._ask_for_path(question)
        if path is not None:
            self.show_session(path)

    @work(exclusive=True, group="file")
    async def action_recent(self) -> None:
        """Offer the sessions saved or opened lately, and those that were not closed."""
        from workbench.ui.parts.menu import Item, Menu

        paths = [*preferences_of(self.app).recent(), *unfinished(self._bridge.path)]
        if not paths:
            self.notify("No session has been saved or opened yet.", markup=False)
            return
        items = [
            Item(letter, str(path), safe(path.name), safe(str(path.parent)))
            for letter, path in zip(_LETTERS, paths, strict=False)
        ]
        chosen = await self.app.push_screen_wait(Menu("Open a recent session", items))
        if chosen is not None:
            self.show_session(Path(chosen))

    def show_session(self, path: Path) -> None:
        """Show the session in *path* over this one, or say why that cannot be."""
        from workbench.ui.session.screen import SessionScreen

        try:
            bridge = Bridge.reopened(path)
        except NotASession as problem:
            self.notify(safe(str(problem)), severity="error", markup=False)
        else:
            preferences_of(self.app).remember(path)
            self.app.push_screen(SessionScreen(bridge, zone=self._zone))
