"""What is kept between two starts: settings.toml as a person writes it, and how the bench was left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench.model.call.address import Address
from workbench.model.call.payload import Draft
from workbench.model.call.settings import ClientSettings, ServerSettings
from workbench.ui.preferences import Left, Preferences, PreferencesError, Setup
from workbench.ui.toml_lines import line_of


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    folder = tmp_path / "socket-workbench"
    folder.mkdir()
    return folder / "settings.toml"


def problems(settings: Path, text: str) -> list[str]:
    settings.write_text(text)
    return Preferences.read().problems


def test_without_a_file_everything_is_as_it_ships(settings: Path) -> None:
    kept = Preferences.read()
    assert (kept.theme, kept.density, kept.keys, kept.setups, kept.messages) == (None, None, {}, {}, {})
    assert kept.left == Left()
    assert kept.problems == []


def test_how_the_bench_is_left_comes_back(settings: Path) -> None:
    server = ServerSettings(family="AF_INET6", host="::1", port=0, backlog=1, timeout=2.0, responder="fixed", reply="é")
    source = Address.parse("tcp://127.0.0.1:5000")
    client = ClientSettings(bufsize=4, bind=source, rcvbuf=4096, options=((1, 2, 3),), auto_recv=True)
    sent = (Draft("one"), Draft('{"op": 1}\n', "JSON", compact=True))
    left = Left(Setup(server, client), Draft("de ad", "Hex"), "send", sent, recent=("/a.swb", "/b.swb"))
    Preferences.read().leave(left)
    assert Preferences.read().left == left
    assert os.stat(settings.with_name("left.json")).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"server": {"port": "x"}}'])
def test_what_a_damaged_file_says_of_the_last_time_is_left_out(settings: Path, damage: str) -> None:
    settings.with_name("left.json").write_text(damage)
    assert Preferences.read().left == Left()


def test_a_file_written_by_hand_is_read(settings: Path) -> None:
    settings.write_text(
        """
        theme = "nord"
        density = "line"
        [keys]
        "bench.recv" = "f10"
        [setups."a datagram, cut"]
        server = {type = "SOCK_DGRAM", port = 8080, responder = "upper"}
        client = {type = "SOCK_DGRAM", connect = "none", port = 8080, bufsize = 4}
        [messages.hello]
        text = '{"op": "hello"}'
        mode = "JSON"
        """
    )
    kept = Preferences.read()
    assert kept.problems == []
    assert (kept.theme, kept.density, kept.keys) == ("nord", "line", {"bench.recv": "f10"})
    assert kept.messages == {"hello": Draft('{"op": "hello"}', "JSON")}
    assert kept.setups["a datagram, cut"].server == ServerSettings(type="SOCK_DGRAM", port=8080, responder="upper")
    assert kept.setups["a datagram, cut"].client.bufsize == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('theme = "nord"\ndensity = \n', "settings.toml, line 2: invalid value"),
        ('theme = "nord', "settings.toml, line 1: unterminated string"),
        ("\n\nthem = 1", "settings.toml, line 3: them is none of theme, density, keys, setups, messages"),
        ("theme = 3", "settings.toml, line 1: Expected `str`, got `int`"),
        ("[keys]\nrecv = 1", "settings.toml, line 2: Expected `str`, got `int`"),
        ("[setups.one.server]\nbacklog = 5\nbackloq = 5", "settings.toml, line 3: backloq is none of family, type"),
        ("[setups.one.server]\n\ntimeout = -1", "settings.toml, line 3: timeout is at least 0"),
        ('[setups.one]\nserver = {port = "x"}', "settings.toml, line 2: port: Expected `int`, got `str`"),
        ('[setups."a b".client]\nhost = "-"\nport = 1\nfamily="AF_IPX"', "settings.toml, line 4: family: Invalid enum"),
        ('[setups.one.client]\nbind = "nowhere"', "settings.toml, line 2: bind:"),
        ('[messages.one]\nmode = "Morse"', "settings.toml, line 2: mode: Invalid enum value 'Morse'"),
        ("[messages]\none = 5", "settings.toml, line 2: Expected `object`, got `int`"),
        ("[setups]\none = 5", "settings.toml, line 2: Expected `object`, got `int`"),
        ("[setups.one]\nservr = {}", "settings.toml, line 2: servr is none of server, client"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(settings: Path, text: str, said: str) -> None:
    (problem,) = problems(settings, text)
    assert problem.startswith(said)


def test_what_is_right_beside_it_is_read_all_the_same(settings: Path) -> None:
    settings.write_text('theme = 5\n[messages.a]\ntext = "x"\n[messages.b]\nmode = "no"')
    kept = Preferences.read()
    assert kept.messages == {"a": Draft("x")}
    assert len(kept.problems) == 2


def test_a_fifo_in_its_place_does_not_hold_up_the_start(settings: Path) -> None:
    os.mkfifo(settings)
    os.mkfifo(settings.with_name("left.json"))
    assert Preferences.read().problems == ["settings.toml: it is not a regular file"]


def test_what_is_saved_keeps_what_a_person_wrote(settings: Path) -> None:
    settings.write_text('# mine\ntheme = "nord"  # dark\n\n[messages.one]\ntext = "1"\n')
    kept = Preferences.read()
    kept.save_message("two words", Draft("2\n", escapes=True))
    kept.save_setup("mine", Setup(ServerSettings(port=7), ClientSettings(bufsize=1)))
    kept.choose_theme("dracula")
    text = settings.read_text()
    assert '# mine\ntheme = "dracula"' in text
    assert "# dark" in text
    again = Preferences.read()
    assert again.problems == []
    assert again.messages == kept.messages == {"one": Draft("1"), "two words": Draft("2\n", escapes=True)}
    assert again.setups == {"mine": Setup(ServerSettings(port=7), ClientSettings(bufsize=1))}
    kept.forget("messages", "one")
    assert list(Preferences.read().messages) == ["two words"]


def test_a_file_with_a_fault_is_not_overwritten(settings: Path) -> None:
    settings.write_text("theme = ")
    with pytest.raises(PreferencesError, match=r"settings\.toml, line 1"):
        Preferences.read().choose_density("line")
    assert settings.read_text() == "theme = "


def test_a_folder_that_may_not_be_written_is_an_error_and_the_old_file_stays(settings: Path) -> None:
    settings.write_text('theme = "nord"\n')
    kept = Preferences.read()
    settings.parent.rename(settings.parent.with_name("gone"))
    settings.parent.write_text("a file in its place")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        kept.choose_theme("dracula")


def test_nothing_is_kept_where_there_are_no_files() -> None:
    kept = Preferences()
    kept.choose_theme("nord")
    kept.save_message("one", Draft("1"))
    kept.leave(Left(call="send"))
    assert (kept.theme, kept.messages["one"], kept.left.call) == ("nord", Draft("1"), "send")


TEXT = """\
a = 1 # [b]
[b] # a table
c.d = 1
[b."c d"]
  e = 1
[["q"]]
r = {s = 1}
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("a",), 1),
        (("b",), 2),
        (("b", "c", "d"), 3),
        (("b", "c d", "e"), 5),
        (("b", "c d", "f"), 4),
        (("q", "r", "s"), 7),
        (("x",), None),
    ],
)
def test_a_key_is_found_in_the_text(keys: tuple[str, ...], line: int | None) -> None:
    assert line_of(TEXT, keys) == line
