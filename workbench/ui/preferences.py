"""What is kept from one start to the next: what a person chose (settings.toml), and how the bench was left (left.json).

settings.toml is a person's file: it may be written by hand, and its comments stay when the screen changes it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from workbench.journal.files import APPLICATION
from workbench.model.call.address import Address, AddressError
from workbench.model.call.payload import Draft
from workbench.model.call.settings import ClientSettings, ServerSettings, SettingsError
from workbench.ui.toml_lines import line_of

T = TypeVar("T")
_KNOWN = ("theme", "density", "keys", "setups", "messages")
_HISTORY = 50
"""Sent messages that are kept."""
_RECENT = 9
"""Sessions that are remembered."""


class PreferencesError(ValueError):
    """Why settings.toml cannot be read or changed; the message names the line."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How both forms are filled in."""

    server: ServerSettings = field(default_factory=lambda: ServerSettings(responder="echo"))
    client: ClientSettings = field(default_factory=ClientSettings)


@dataclass(frozen=True, slots=True)
class Left:
    """How the bench was left."""

    setup: Setup = field(default_factory=Setup)
    draft: Draft = field(default_factory=lambda: Draft("Hey~~~"))
    call: str = "sendall"
    """Which call sends."""
    sent: tuple[Draft, ...] = ()
    """What was sent, the oldest first."""
    recent: tuple[str, ...] = ()
    """Files of sessions that were saved or opened, the newest first."""


@dataclass
class Preferences:
    """Read once at the start; what is chosen on the screen is written at once. Without files nothing is kept."""

    file: Path | None = None
    """settings.toml"""
    left_file: Path | None = None
    theme: str | None = None
    density: str | None = None
    keys: dict[str, str] = field(default_factory=dict)
    """Keys by the id of a binding, as Textual's keymap has them."""
    setups: dict[str, Setup] = field(default_factory=dict)
    messages: dict[str, Draft] = field(default_factory=dict)
    left: Left = field(default_factory=Left)
    problems: list[str] = field(default_factory=list)
    """What in settings.toml could not be read, a sentence each."""
    _text: str = ""

    @classmethod
    def read(cls) -> Preferences:
        """Read both files from the user's own folders. What cannot be read is left out, and told in `problems`."""
        import platformdirs

        found = cls(
            platformdirs.user_config_path(APPLICATION) / "settings.toml",
            platformdirs.user_state_path(APPLICATION) / "left.json",
        )
        found.read_settings()
        found._read_left()
        return found

    def line(self, *keys: str) -> str:
        """Name the place in settings.toml where a key stands."""
        number = line_of(self._text, keys)
        return f"settings.toml, line {number}" if number else "settings.toml"

    # --- what is chosen on the screen -------------------------------------------------------------------------------

    def choose_theme(self, theme: str) -> None:
        """Keep a theme; raises OSError and PreferencesError, as all of these."""
        self.theme = theme
        self._change(("theme",), theme)

    def choose_density(self, density: str) -> None:
        """Keep how much of a call the log shows."""
        self.density = density
        self._change(("density",), density)

    def save_setup(self, name: str, setup: Setup) -> None:
        """Keep a set-up under a name, in place of one that has it."""
        self._change(("setups", name), {"server": _plain(setup.server), "client": _plain(setup.client)})
        self.setups[name] = setup

    def save_message(self, name: str, draft: Draft) -> None:
        """Keep a message under a name, likewise."""
        self._change(("messages", name), {"text": draft.text, **_plain(draft)})
        self.messages[name] = draft

    def forget(self, table: str, name: str) -> None:
        """Drop a set-up ("setups") or a message ("messages")."""
        self._change((table, name), None)
        getattr(self, table).pop(name, None)

    def leave(self, left: Left) -> None:
        """Keep how the bench is left."""
        self.left = left
        if self.left_file is None:
            return
        kept = {
            "server": _plain(left.setup.server),
            "client": _plain(left.setup.client),
            "draft": _plain(left.draft),
            "call": left.call,
            "sent": [_plain(draft) for draft in left.sent[-_HISTORY:]],
            "recent": left.recent,
        }
        _write(self.left_file, msgspec.json.encode(kept).decode())

    def remember(self, path: Path) -> None:
        """Note that a session was saved or opened."""
        name = os.path.abspath(path)
        others = [each for each in self.left.recent if each != name]
        self.leave(replace(self.left, recent=(name, *others[: _RECENT - 1])))

    def recent(self) -> list[Path]:
        """Return the sessions saved or opened lately that are still there, the newest first."""
        return [Path(name) for name in self.left.recent if os.path.isfile(name)]

    # --- reading ----------------------------------------------------------------------------------------------------

    def read_settings(self) -> None:
        """Read settings.toml; its problems are told, never raised."""
        assert self.file is not None
        try:
            self._text = _read(self.file)
            table = _parsed(self._text)
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError, PreferencesError) as problem:
            self.problems.append(f"settings.toml: {problem.strerror}" if isinstance(problem, OSError) else f"{problem}")
            return
        for key in table.keys() - set(_KNOWN):
            self._tell((key,), f"{key} is none of {', '.join(_KNOWN)}")
        self.theme = self._one(table, str, "theme")
        self.density = self._one(table, str, "density")
        for name in self._names(table, "keys"):
            if (keys := self._one(table, str, "keys", name)) is not None:
                self.keys[name] = keys
        for name in self._names(table, "setups"):
            sides = self._names(table, "setups", name)
            for side in set(sides) - {"server", "client"}:
                self._tell(("setups", name, side), f"{side} is none of server, client")
            server = self._one(table, ServerSettings, "setups", name, "server")
            client = self._one(table, ClientSettings, "setups", name, "client")
            if server or client:
                self.setups[name] = Setup(server or ServerSettings(), client or ClientSettings())
        for name in self._names(table, "messages"):
            if draft := self._one(table, Draft, "messages", name):
                self.messages[name] = draft

    def _names(self, table: Mapping[str, Any], *keys: str) -> tuple[str, ...]:
        return tuple(self._one(table, dict, *keys) or ())

    def _one(self, table: Any, kind: type[T], *keys: str) -> T | None:
        """Return what stands under *keys*; None, and a problem told, if it is not what it should be."""
        for key in keys:
            table = table.get(key) if isinstance(table, dict) else None
        if table is None:
            return None
        try:
            return _checked(table, kind)
        except _Wrong as wrong:
            self._tell((*keys, *wrong.keys), str(wrong))
            return None

    def _tell(self, keys: tuple[str, ...], sentence: str) -> None:
        self.problems.append(f"{self.line(*keys)}: {sentence}")

    def _read_left(self) -> None:
        assert self.left_file is not None
        with suppress(OSError, ValueError, TypeError):  # nobody writes it by hand: what cannot be read is left out
            kept = msgspec.json.decode(_read(self.left_file))
            self.left = Left(
                Setup(_checked(kept["server"], ServerSettings), _checked(kept["client"], ClientSettings)),
                _checked(kept["draft"], Draft),
                str(kept["call"]),
                tuple(_checked(each, Draft) for each in kept["sent"]),
                tuple(map(str, kept["recent"])),
            )

    # --- writing ----------------------------------------------------------------------------------------------------

    def _change(self, keys: tuple[str, ...], value: Any) -> None:
        """Write one value into settings.toml as it is now, and leave the rest of it as it is; None takes it out."""
        if self.file is None:
            return
        import tomlkit  # takes its time, and only those who save something need it

        text = ""
        with suppress(FileNotFoundError):
            text = _read(self.file)
        _parsed(text)  # says what is wrong, with its line
        document = tomlkit.parse(text)
        table: Any = document
        for key in keys[:-1]:
            if key not in table:
                table.add(key, tomlkit.table(is_super_table=True))
            table = table[key]
        if value is not None:
            table[keys[-1]] = value
        elif keys[-1] in table:
            del table[keys[-1]]
        self._text = tomlkit.dumps(document)
        _write(self.file, self._text)


class _Wrong(ValueError):
    """What is wrong with a value, and where below it."""

    def __init__(self, sentence: str, *keys: str) -> None:
        self.keys = keys
        super().__init__(sentence)


def _checked(value: Any, kind: type[T]) -> T:
    """Turn what a file holds into *kind*."""
    if kind in (ServerSettings, ClientSettings, Draft) and isinstance(value, dict):
        known = [each.name for each in fields(kind)]  # type: ignore[arg-type]
        if unknown := next((key for key in value if key not in known), None):
            raise _Wrong(f"{unknown} is none of {', '.join(known)}", unknown)
    try:
        if kind is ClientSettings and isinstance(value.get("bind"), str):
            value = {**value, "bind": Address.parse(value["bind"])}
        return msgspec.convert(value, kind, from_attributes=True)
    except AddressError as error:
        raise _Wrong(f"bind: {error}", "bind") from None
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, SettingsError):
            raise _Wrong(str(error.__cause__), error.__cause__.field) from None
        sentence, _, place = str(error).partition(" - at `$")
        keys = place.rstrip("`").strip(".").replace("[...]", "").split(".") if place else []
        raise _Wrong(f"{'.'.join(keys)}: {sentence}" if keys else sentence, *filter(None, keys)) from None


def _parsed(text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        sentence, _, place = str(error).partition(" (at ")
        number = place.removeprefix("line ").partition(",")[0]
        line = number if number.isdigit() else text.count("\n") + 1
        raise PreferencesError(f"settings.toml, line {line}: {sentence[:1].lower()}{sentence[1:]}") from None


def _plain(value: Any) -> dict[str, Any]:
    """Return the fields of settings or a draft that are not as they are by default."""
    kind, made = type(value), {}
    for each in fields(value):
        now = getattr(value, each.name)
        if now != each.default and now is not None:
            made[each.name] = str(now) if isinstance(now, Address) else now
    return (
        {name: [list(one) for one in now] if name == "options" else now for name, now in made.items()} if kind else {}
    )


def _read(path: Path) -> str:
    """Read a regular file: a FIFO would hold up the start for ever."""
    if path.exists() and not path.is_file():
        raise OSError(0, "it is not a regular file", str(path))
    return path.read_text(encoding="utf-8")


def _write(path: Path, text: str) -> None:
    """Put a whole new file (0600) in place of the old one, so that no half of it is ever read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
