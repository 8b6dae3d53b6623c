"""How the forms are filled in: kept for the next start, saved under names, set up for short sends and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from textual import work

from workbench.model.call.settings import SettingsError
from workbench.model.text.fit import shorten
from workbench.model.text.safe import safe
from workbench.ui.bench.client_pane import ClientPane
from workbench.ui.bench.composer import Composer
from workbench.ui.bench.draft import replaced
from workbench.ui.bench.server_pane import ServerPane
from workbench.ui.parts.paths import cannot_be_opened, typed_path
from workbench.ui.preferences import Left, PreferencesError, Setup
from workbench.ui.session.file_actions import preferences_of
from workbench.ui.session.screen import SessionScreen

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_SHORT_SENDS: Mapping[str, Mapping[str, str | bool]] = {
    "server": {"rcvbuf": "4096", "auto": False},
    "client": {"sndbuf": "4096", "timeout": "0.3", "how": "send"},
}
_LONG_TEXT = "0123456789abcdef" * 4096


class SetUps(SessionScreen):
    """Reads and fills in both forms and the composer."""

    _before: tuple[Mapping[str, str | bool], Mapping[str, str | bool], object] | None = None
    """How they were before they were set up for short sends."""

    # --- for the next start -----------------------------------------------------------------------------------------

    def left(self) -> Left:
        """Return how the bench is left now; of a form that says what cannot be, how it was found."""
        before = preferences_of(self.app).left
        server, client = self.query_one(ServerPane), self.query_one(ClientPane)
        composer = self.query_one(Composer)
        setup = before.setup
        with suppress(SettingsError):
            setup = Setup(server.settings(), setup.client)
        with suppress(SettingsError):
            setup = Setup(setup.server, client.settings())
        how = client.value("how")
        draft = before.draft if self._before is not None else composer.draft
        return Left(setup, draft, "sendall" if how == "sendto" else how, composer.history, before.recent)

    # --- short sends and back ---------------------------------------------------------------------------------------

    def action_small_buffers(self) -> None:
        """Set the forms up for short sends: F5 then starts, connects and sends; once more: back as it was."""
        server, client = self.query_one(ServerPane), self.query_one(ClientPane)
        composer = self.query_one(Composer)
        if self._before is not None:
            was_server, was_client, draft = self._before
            self._before = None
            server.fill_in(was_server)
            client.fill_in(was_client)
            composer.draft = draft  # type: ignore[assignment]
            self.notify("The forms and the composer are as they were before.", markup=False)
            return
        self._before = server.contents(), client.contents(), composer.draft
        server.fill_in(_SHORT_SENDS["server"])
        client.fill_in(_SHORT_SENDS["client"])
        composer.draft = replaced(composer.draft, _LONG_TEXT)
        self.notify(
            "64 KiB are in the composer, the buffers hold 4: F5 starts, connects and sends. Once more: back as it was.",
            markup=False,
        )

    # --- under names ------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="set-up")
    async def action_save_setup(self) -> None:
        """Save how both forms are filled in under a name."""
        try:
            setup = Setup(self.query_one(ServerPane).settings(), self.query_one(ClientPane).settings())
        except SettingsError as problem:
            self.notify(f"Not saved: {problem}", severity="error", markup=False)
            return
        kept = preferences_of(self.app)
        name = await self._ask_for_name("Save this set-up of server and client as", kept.setups)
        if name is not None:
            self._keep(lambda: kept.save_setup(name, setup), f"Saved as set-up {name}")

    @work(exclusive=True, group="set-up")
    async def action_save_message(self) -> None:
        """Save what is in the composer under a name."""
        draft, kept = self.query_one(Composer).draft, preferences_of(self.app)
        name = await self._ask_for_name("Save this message as", kept.messages)
        if name is not None:
            self._keep(lambda: kept.save_message(name, draft), f"Saved as message {name}")

    async def _ask_for_name(self, question: str, taken: Iterable[str]) -> str | None:
        from workbench.ui.parts.prompt import Prompt

        def check(name: str) -> str | None:
            return None if name.strip() else "Type a name."

        name = await self.app.push_screen_wait(Prompt(question, accept="Save", check=check))
        return None if name is None else name.strip()

    def _keep(self, work, said: str) -> None:  # type: ignore[no-untyped-def]
        try:
            work()
        except PreferencesError as problem:
            self.notify(f"Not saved: {problem}", severity="error", markup=False)
        else:
            self.notify(safe(said), markup=False)

    @work(exclusive=True, group="set-up")
    async def action_setups(self) -> None:
        """Fill in both forms as they were saved."""
        setups = preferences_of(self.app).setups
        about = {name: f"{each.server.type} {each.server.host}:{each.server.port}" for name, each in setups.items()}
        name = await self._choose("Set-ups", about)
        if name is not None:
            self.query_one(ServerPane).use(setups[name].server)
            self.query_one(ClientPane).use(setups[name].client)
            self.notify(safe(f"Both forms are filled in as {name}."), markup=False)

    @work(exclusive=True, group="set-up")
    async def action_messages(self) -> None:
        """Put a saved message into the composer."""
        messages = preferences_of(self.app).messages
        name = await self._choose("Messages", {name: each.text for name, each in messages.items()})
        if name is not None:
            self.query_one(Composer).draft = messages[name]

    async def _choose(self, what: str, about: Mapping[str, str]) -> str | None:
        if not about:
            self.notify(f"{what}: nothing has been saved under a name yet.", markup=False)
            return None
        from workbench.ui.parts.menu import Item, Menu

        items = [
            Item(letter, name, safe(name), shorten(safe(text), 40))
            for letter, (name, text) in zip(_LETTERS, about.items(), strict=False)
        ]
        return await self.app.push_screen_wait(Menu(what, items))

    @work(exclusive=True, group="set-up")
    async def action_import_settings(self) -> None:
        """Take the set-ups and messages of another settings.toml into one's own."""
        from workbench.ui.parts.prompt import PathSuggester, Prompt

        question = Prompt(
            "Take set-ups and messages from", accept="Import", check=cannot_be_opened, suggester=PathSuggester()
        )
        name = await self.app.push_screen_wait(question)
        if name is None:
            return
        kept = preferences_of(self.app)
        other = type(kept)(typed_path(name))
        other.read_settings()
        if other.problems:
            self.notify(f"Not imported: {safe(other.problems[0])}", severity="error", markup=False)
            return

        def take() -> None:
            for setup, value in other.setups.items():
                kept.save_setup(setup, value)
            for message, draft in other.messages.items():
                kept.save_message(message, draft)

        self._keep(take, f"Imported {len(other.setups)} set-ups and {len(other.messages)} messages.")
