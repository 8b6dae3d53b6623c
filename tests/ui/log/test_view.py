from __future__ import annotations

import errno
import json
import re
from datetime import UTC
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.geometry import Region
from textual.pilot import Pilot

from tests.ui.recording import CONN, NAMES, SERVER, Session
from workbench.journal.reader import Journal
from workbench.probe import format as record_format
from workbench.probe.format import CODE
from workbench.ui.log.rows import Density
from workbench.ui.log.view import LogView
from workbench.ui.parts.style import contrast
from workbench.ui.session.help import LINE


class Bench(App[None]):
    """Nothing but a log, and what it says."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.journal = Journal(path)
        self.said: list[object] = []
        self.animation_level = "none"

    def compose(self) -> ComposeResult:
        yield LogView(self.journal, zone=UTC)

    async def on_mount(self) -> None:
        self.log_view.focus()
        self.pull()

    @property
    def log_view(self) -> LogView:
        return self.query_one(LogView)

    def pull(self) -> int:
        self.journal.pull()
        return self.log_view.sync()

    def lines(self) -> list[str]:
        """The log as it stands on the screen."""
        view = self.log_view
        strips = view.render_lines(Region(0, 0, *view.size))
        return [strip.text.rstrip() for strip in strips]

    def on_log_view_selected(self, message: LogView.Selected) -> None:
        self.said.append(("selected", message.index))

    def on_log_view_note_wanted(self, message: LogView.NoteWanted) -> None:
        self.said.append(("note", message.seq))

    def on_log_view_bookmark_wanted(self, message: LogView.BookmarkWanted) -> None:
        self.said.append(("bookmark", message.seq))


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "session")


async def shown(pilot: Pilot[None]) -> list[str]:
    await pilot.pause()
    assert isinstance(pilot.app, Bench)
    return pilot.app.lines()


HEAD = re.compile(r".{2}#\d+ *.? *\+\d+\.\d{3} .{8,12} [→←•] (.*)")


def heads(lines: list[str]) -> list[str]:
    """The calls that the lines show, as written in Python."""
    return [found[1].split(" = ")[0].split(" · ")[0] for line in lines if (found := HEAD.match(line))]


async def test_a_call_is_one_row_with_its_bytes_once_below(session: Session) -> None:
    session.connect().send(b'{"op":"hello","id":7}\r\n').recv(b'{"op', 4, left=19)
    async with Bench(session.path).run_test(size=(80, 24)) as pilot:
        assert (await shown(pilot))[:7] == [
            "  #1   +0.000 client 1 • connect(('127.0.0.1', 6789))",
            "  #2   +0.000 server   • accept() = conn 1 from 127.0.0.1:50312",
            "  #3   +0.000 client 1 → send(23 bytes) = 23 · received by #4 · 19 bytes not r…",
            '      7b 22 6f 70 22 3a 22 68  65 6c 6c 6f 22 2c 22 69 {"op":"hello","i',
            ' 0010 64 22 3a 37 7d 0d 0a                             d":7}¬¬',
            "  #4   +0.000 conn 1   ← recv(4) = 4 bytes · 19 left · bytes 0-3 of #3",
            '      7b 22 6f 70                                      {"op',
        ]


async def test_an_error_has_its_sentence_behind_it(session: Session) -> None:
    session.fail()
    async with Bench(session.path).run_test(size=(120, 24)) as pilot:
        said = "ECONNREFUSED: nobody listens on 127.0.0.1:9"
        call = "  #1   +0.000 client 1 • connect(('127.0.0.1', 9)) ! "
        assert (await shown(pilot))[0] == f"{call}{said}"
        await pilot.resize_terminal(80, 24)
        assert (await shown(pilot))[0].endswith(" connect(…) ! ECONNREFUSED: nobody listens on 127.0.0.…")
        await pilot.resize_terminal(160, 24)
        assert (await shown(pilot))[0].split("   ")[-1].strip() == said
        await pilot.resize_terminal(100, 24)
        await pilot.press("z")
        assert (await shown(pilot))[:2] == [f"{call}ConnectionRefusedError (ECONNREFUSED)", f"      {said}"]


async def test_an_errno_that_connect_ex_returned_is_an_error_too(session: Session) -> None:
    session.calls(1).call("connect_ex", tail={"args": [["127.0.0.1", 9]]}, result=errno.ECONNREFUSED)
    async with Bench(session.path).run_test(size=(80, 24)) as pilot:
        assert " = 111 (ECONNREFUS… · ECONNREFUSED" in (await shown(pilot))[1]
        await pilot.press("home", "e")
        assert pilot.app.log_view.selected == 1


async def test_narrow_it_shows_eight_bytes_a_line(session: Session) -> None:
    session.send(b"0123456789")
    async with Bench(session.path).run_test(size=(50, 24)) as pilot:
        assert (await shown(pilot))[:3] == [
            "  #1   +0.000 client 1 → send(10 bytes) = 10",
            "      30 31 32 33 34 35 36 37 01234567",
            " 0008 38 39                   89",
        ]


async def test_clients_with_long_numbers_can_be_told_apart(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NAMES, (7, 10), "client 10")
    monkeypatch.setitem(NAMES, (7, 11), "a client with a long name")
    session.calls(1)
    async with Bench(session.path).run_test(size=(80, 24)) as pilot:
        assert (await shown(pilot))[0] == "  #1   +0.000 client 1 • settimeout(0)"
        session.call("settimeout", (7, 10), tail={"args": [1]}, flags=record_format.NO_RESULT)
        pilot.app.pull()
        await shown(pilot)
        assert (await shown(pilot))[:2] == [
            "  #1   +0.000 client 1  • settimeout(0)",
            "  #2   +0.000 client 10 • settimeout(1)",
        ]
        session.call("settimeout", (7, 11), tail={"args": [2]}, flags=record_format.NO_RESULT)
        pilot.app.pull()
        await shown(pilot)
        assert (await shown(pilot))[:3] == [
            "  #1   +0.000 client 1     • settimeout(0)",
            "  #2   +0.000 client 10    • settimeout(1)",
            "  #3   +0.000 a client wi… • settimeout(2)",
        ]


async def test_71_cells_hold_sixteen_bytes_and_70_do_not(session: Session) -> None:
    session.send(bytes(range(48, 64)))
    async with Bench(session.path).run_test(size=(72, 24)) as pilot:
        line = (await shown(pilot))[1]
        assert (len(line), line[-16:]) == (71, "0123456789:;<=>?")
        await pilot.resize_terminal(71, 24)
        assert (await shown(pilot))[1].endswith(" 01234567")


async def test_narrow_what_matters_least_gives_way(session: Session) -> None:
    session.call("socket", SERVER, tail={"args": [2, 1, 0]}, result=7)
    session.call("bind", SERVER, tail={"args": [["127.0.0.1", 6789]]}, flags=record_format.NO_RESULT)
    session.connect().send(b"a greeting that is long").recv(b"a greeting that", 15, left=8).fail()
    async with Bench(session.path).run_test(size=(52, 24)) as pilot:
        assert [line[14:] for line in await shown(pilot) if HEAD.match(line)] == [
            "server   • socket(AF_INET, S…) = fd 7",
            "server   • bind(('127.0.0.1', 6789))",
            "client 1 • connect(('127.0.0.1', 67…)",
            "server   • accept() = conn 1 from 1…",
            "client 1 → send(23 bytes) = 23",
            "conn 1   ← recv(15) = 15 bytes",
            "client 1 • connect(…) ! ECONNREFUSED…",
        ]


async def test_the_help_shows_a_line_of_the_log_as_it_is_drawn(session: Session) -> None:
    session.connect().calls(9).send(b"hello world").calls(4)
    session.now = 2_337_900_000
    session.recv(b"hell", 4, left=7)
    async with Bench(session.path).run_test(size=(80, 24)) as pilot:
        drawn = [line.split() for line in await shown(pilot) if line][-2:]
        assert drawn == [line.split() for line in LINE.splitlines()[:2]]


async def test_wide_annotations_have_a_column(session: Session) -> None:
    session.connect().send(b"hello").recv(b"hello", 9)
    async with Bench(session.path).run_test(size=(130, 24)) as pilot:
        lines = await shown(pilot)
        assert [line[73:] for line in lines[2:5]] == ["received by #4", "", "0 left · all of #3"]
        assert lines[2].startswith("  #3   +0.000 client 1 → send(5 bytes) = 5   ")
        assert lines[3].startswith("      68 65")


async def test_the_least_density_writes_the_bytes_into_the_call(session: Session) -> None:
    session.connect().send(b"hello").recv(b"hello", 9)
    async with Bench(session.path).run_test(size=(80, 24)) as pilot:
        await pilot.press("z", "z")
        assert [line[25:] for line in await shown(pilot) if line][2:] == [
            "send(b'hello') = 5 · received by #4",
            "recv(9) = b'hello' · 0 left · all of #3",
        ]


@pytest.mark.parametrize(("columns", "lines"), [(60, 3), (130, 1)])
async def test_the_most_density_has_annotations_on_a_line_of_their_own(
    session: Session, columns: int, lines: int
) -> None:
    session.connect().send(b"x" * 64).recv(b"x" * 64, 99)
    async with Bench(session.path).run_test(size=(columns, 24)) as pilot:
        await pilot.press("z")
        drawn = await shown(pilot)
        assert pilot.app.log_view.density is Density.ALL
        assert (drawn[3] == "      64 bytes · received by #4") == (columns < 128)
        assert sum("78 78" in line for line in drawn) == 2 * 64 // (8 if columns < 72 else 16)


async def test_how_long_an_accept_waited_is_behind_it_where_there_is_room(session: Session) -> None:
    session.connect()
    tail = {"made": [SERVER], "label": "conn 2", "peer": ["127.0.0.1", 50312]}
    facts = {"result": 0, "tail": json.dumps(tail).encode(), "flags": record_format.OTHER_RESULT}
    session.recorder.call(CODE["accept"], SERVER, session.now, session.now + 81_000_000, **facts)
    async with Bench(session.path).run_test(size=(100, 24)) as pilot:
        first, *_, last = [line[25:] for line in await shown(pilot) if line]
        assert "waited" not in first
        assert last == "accept() = conn 2 from 127.0.0.1:50312 · waited 81 ms"
        await pilot.resize_terminal(76, 24)
        assert [line[25:] for line in await shown(pilot) if line][-1] == "accept() = conn 2 from 127.0.0.1:50312"


async def test_a_long_annotation_goes_on_beside_the_bytes(session: Session) -> None:
    session.connect()
    session.call("send", result=30, data=bytes(range(65, 95)), requested=65536)
    async with Bench(session.path).run_test(size=(130, 24)) as pilot:
        assert [line[71:].strip() for line in await shown(pilot)][2:6] == [
            "short send: 65506 bytes did not go out · not received",
            "yet",
            "",
            "",
        ]


async def test_it_follows_the_end_until_one_scrolls(session: Session) -> None:
    session.calls(50)
    async with Bench(session.path).run_test(size=(80, 10)) as pilot:
        app = pilot.app
        assert heads(await shown(pilot))[-1] == "settimeout(49)"
        session.calls(3)
        assert app.pull() == 3
        assert heads(await shown(pilot))[-1] == "settimeout(2)"

        await pilot.press("pageup")
        before = heads(await shown(pilot))
        session.calls(1)
        app.pull()
        assert (await shown(pilot))[-1] == " ↓ 1 new call · End follows"
        session.calls(6)
        app.pull()
        lines = await shown(pilot)
        assert heads(lines) == before[: len(heads(lines))]
        assert lines[-1] == " ↓ 7 new calls · End follows"

        await pilot.press("end")
        assert heads(await shown(pilot))[-1] == "settimeout(5)"
        session.calls(9)
        app.pull()
        assert heads(await shown(pilot))[-1] == "settimeout(8)"
        assert app.log_view.selected == len(app.journal) - 1


async def test_the_mouse_wheel_stops_following_and_at_the_end_follows_again(session: Session) -> None:
    session.calls(50)
    async with Bench(session.path).run_test(size=(80, 10)) as pilot:
        view = pilot.app.log_view
        view.scroll_relative(y=-3, animate=False)
        await pilot.pause()
        assert not view.following
        view.scroll_relative(y=3, animate=False)
        await pilot.pause()
        assert view.following


async def test_paused_it_stands_still_and_counts(session: Session) -> None:
    session.calls(50)
    async with Bench(session.path).run_test(size=(80, 10)) as pilot:
        await pilot.press("p")
        before = heads(await shown(pilot))
        assert before[-1] == "settimeout(49)"
        session.calls(1)
        assert pilot.app.pull() == 0
        assert (await shown(pilot))[-1] == " paused · 1 call since · p goes on"
        session.calls(11)
        assert pilot.app.pull() == 0
        lines = await shown(pilot)
        assert heads(lines) == before
        assert lines[-1] == " paused · 12 calls since · p goes on"
        await pilot.press("p")
        assert heads(await shown(pilot))[-1] == "settimeout(10)"


async def test_enter_shows_the_head_alone_and_z_turns_the_density_of_all(session: Session) -> None:
    session.send(b"one").send(b"two")
    async with Bench(session.path).run_test(size=(80, 10)) as pilot:
        await pilot.press("home", "enter")
        lines = await shown(pilot)
        assert lines[0] == "▌▸#1   +0.000 client 1 → send(b'one') = 3"
        assert lines[1] == "  #2   +0.000 client 1 → send(3 bytes) = 3"
        await pilot.press("enter")
        assert (await shown(pilot))[1].startswith("▌     6f 6e 65")
        await pilot.press("z", "z")
        assert [line[1] for line in await shown(pilot) if line] == ["▸", "▸"]
        await pilot.press("z")
        assert len([line for line in await shown(pilot) if line]) == 4


async def test_calls_that_say_the_same_are_one_row_with_a_count(session: Session) -> None:
    again = {"tail": {"error": ["TimeoutError", "timed out"]}, "flags": record_format.FAILED}
    for _ in range(1200):
        session.call("accept", SERVER, **again)
    session.calls(1)
    async with Bench(session.path).run_test(size=(80, 10)) as pilot:
        rows = [line for line in await shown(pilot) if line]
        assert rows == [
            " ▸#1     +0.000 server   • accept() ! TimeoutError ×1,200 · nobody connected w…",
            "  #1201  +0.120 client 1 • settimeout(0)",
        ]
        await pilot.press("home", "enter")
        assert pilot.app.log_view.rows.lines == 1201
        await pilot.press("down", "down", "enter")
        assert [line for line in await shown(pilot) if line] == rows


async def test_the_row_of_calls_that_say_the_same_counts_on(session: Session) -> None:
    for _ in range(3):
        session.recv(b"", 9)
    async with Bench(session.path).run_test(size=(80, 10)) as pilot:
        assert "= b'' ×3 ·" in (await shown(pilot))[0]
        session.recv(b"", 9)
        pilot.app.pull()
        assert "= b'' ×4 ·" in (await shown(pilot))[0]
        session.recv(b"", 9, socket=SERVER)
        pilot.app.pull()
        assert len([line for line in await shown(pilot) if line]) == 2


async def test_what_is_gone_to_is_shown_though_it_repeats_the_call_before(session: Session) -> None:
    for _ in range(5):
        session.recv(b"", 9)
    session.note(4, bookmark=True)
    async with Bench(session.path).run_test(size=(80, 10)) as pilot:
        await pilot.press("home", "B")
        assert pilot.app.log_view.selected == 3
        assert (await shown(pilot))[3].startswith("▌ #4 ★")


async def test_a_click_selects_and_at_the_left_edge_shows_more_or_less(session: Session) -> None:
    session.send(b"one").send(b"two").send(b"three")
    async with Bench(session.path).run_test(size=(80, 10)) as pilot:
        await pilot.click(LogView, offset=(30, 3))
        assert pilot.app.said == [("selected", 1)]
        assert [line[:1] for line in await shown(pilot)][1:5] == [" ", "▌", "▌", " "]
        await pilot.click(LogView, offset=(1, 2))
        assert (await shown(pilot))[2].startswith("▌▸")
        assert (await shown(pilot))[3].startswith("  #3")


async def test_a_long_call_is_cut_and_a_click_shows_all(session: Session) -> None:
    session.send(b"x" * 1024).calls(1)
    async with Bench(session.path).run_test(size=(80, 80)) as pilot:
        assert (await shown(pilot))[4:6] == [
            "      … 61 more lines (enter shows all)",
            "  #2   +0.000 client 1 • settimeout(0)",
        ]
        await pilot.click(LogView, offset=(10, 4))
        assert (await shown(pilot))[64].startswith("▌03f0 78 78")
        assert (await shown(pilot))[65].endswith("settimeout(0)")


async def test_the_cursor_moves_over_calls_and_tells(session: Session) -> None:
    session.calls(3).send(b"x" * 600).calls(30)
    async with Bench(session.path).run_test(size=(80, 12)) as pilot:
        app = pilot.app
        await pilot.press("home", "down", "down", "up", "end")
        assert app.said == [("selected", index) for index in (0, 1, 2, 1, 33)]
        await pilot.press("home", "down", "down", "down", "down")
        lines = await shown(pilot)
        assert [line for line in lines if line[:1] == "▌"] == ["▌ #5   +0.000 client 1 • settimeout(0)"]


async def test_pages_reach_every_line_of_a_long_call(session: Session) -> None:
    session.calls(3).send(bytes(range(256)) * 2).calls(3)
    async with Bench(session.path).run_test(size=(80, 10)) as pilot:
        await pilot.press("z", "home")
        seen = set(await shown(pilot))
        for _ in range(9):
            await pilot.press("pagedown")
            seen |= set(await shown(pilot))
        offsets = {line[1:5] for line in seen}
        assert {f"{offset:04x}" for offset in range(16, 512, 16)} <= offsets
        assert pilot.app.log_view.selected == 6
        assert pilot.app.log_view.following


async def test_errors_are_gone_to(session: Session) -> None:
    session.calls(20).fail().calls(20).fail().calls(20)
    async with Bench(session.path).run_test(size=(80, 10)) as pilot:
        view = pilot.app.log_view
        await pilot.press("home", "e")
        assert view.selected == 20
        assert any(line.startswith("▌ #21") and " ! ECONNREFUSED" in line for line in await shown(pilot))
        await pilot.press("e", "e")
        assert view.selected == 41
        await pilot.press("E")
        assert view.selected == 20
        await pilot.press("end", "E")
        assert view.selected == 41


async def test_what_was_cancelled_is_no_error_to_go_to(session: Session) -> None:
    session.fail()
    session.call("recv", tail={"error": ["Cancelled", ""]}, flags=record_format.FAILED, requested=9)
    session.fail()
    async with Bench(session.path).run_test(size=(80, 20)) as pilot:
        assert any(line.endswith("Cancelled · cancelled; the socket is as it was") for line in await shown(pilot))
        await pilot.press("home", "e")
        assert pilot.app.log_view.selected == 2
        await pilot.press("E")
        assert pilot.app.log_view.selected == 0


async def test_notes_and_bookmarks_are_shown_and_asked_for(session: Session) -> None:
    session.send(b"one").calls(2).note(1, "first of all").note(2, bookmark=True)
    async with Bench(session.path).run_test(size=(80, 10)) as pilot:
        app = pilot.app
        lines = await shown(pilot)
        assert lines[0].startswith("  #1 ✎ +0.000 client 1")
        assert lines[1] == "      ✎ first of all"
        assert lines[3].startswith("  #2 ★ +0.000 client 1")

        await pilot.press("home", "b", "n", "B")
        assert app.said == [("selected", 0), ("bookmark", 1), ("note", 1), ("selected", 1)]

        session.note(1).note(3, "later", bookmark=True)
        app.pull()
        await pilot.press("B")
        assert app.log_view.selected == 2
        await pilot.press("B", "home")
        assert app.said[-2:] == [("selected", 1), ("selected", 0)]
        lines = await shown(pilot)
        assert lines[0].startswith("▌ #1   +0.000 client 1")
        assert lines[1].startswith("▌     6f 6e 65")
        assert lines[4] == "      ✎ later"


async def test_a_recv_recorded_before_its_send_stands_behind_it(session: Session) -> None:
    session.connect().recv(b"hello", 100).send(b"hello").calls(1)
    async with Bench(session.path).run_test(size=(80, 12)) as pilot:
        expected = ["connect(('127.0.0.1', 6789))", "accept()", "send(5 bytes)", "recv(100)", "settimeout(0)"]
        assert heads(await shown(pilot)) == expected
        await pilot.press("home", "down", "down")
        assert pilot.app.log_view.selected == 3


async def test_a_send_that_comes_later_goes_before_its_recv(session: Session) -> None:
    session.connect().recv(b"hello", 100)
    async with Bench(session.path).run_test(size=(80, 12)) as pilot:
        assert heads(await shown(pilot))[-1] == "recv(100)"
        session.send(b"hello")
        pilot.app.pull()
        assert heads(await shown(pilot))[-2:] == ["send(5 bytes)", "recv(100)"]


async def test_what_is_told_of_a_send_changes_when_its_bytes_are_taken(session: Session) -> None:
    session.connect().send(b"hello")
    async with Bench(session.path).run_test(size=(80, 12)) as pilot:
        assert (await shown(pilot))[2].endswith(" = 5 · not received yet")
        session.recv(b"hello", 5)
        pilot.app.pull()
        assert (await shown(pilot))[2].endswith(" = 5 · received by #4")


async def test_time_text_and_json_can_be_shown_in_other_ways(session: Session) -> None:
    session.send("[é]".encode())
    session.now += 4_000_000
    session.send(b"[1}")
    async with Bench(session.path).run_test(size=(100, 12)) as pilot:
        assert [line.split()[1] for line in await shown(pilot) if "#" in line] == ["+0.000", "+0.004"]
        await pilot.press("t")
        assert [line.split()[1] for line in await shown(pilot) if "#" in line] == ["+0.000", "+0.004"]
        await pilot.press("t")
        assert [line.split()[1] for line in await shown(pilot) if "#" in line] == ["12:00:00.000", "12:00:00.004"]
        assert (await shown(pilot))[1].endswith(" [××]")
        await pilot.press("u")
        assert (await shown(pilot))[1].endswith(" [é·]")
        assert "JSON" not in (await shown(pilot))[2]
        await pilot.press("J")
        assert "not JSON" in (await shown(pilot))[2]


async def test_the_time_since_the_line_before_is_never_negative(session: Session) -> None:
    session.send(b"one")
    waited = {"result": 3, "data": b"one", "requested": 9, "left": 0}
    session.recorder.call(CODE["recv"], CONN, 50_000, 2_000_000_000, **waited)
    session.now = 2_100_000_000
    session.send(b"two")
    async with Bench(session.path).run_test(size=(80, 12)) as pilot:
        await pilot.press("t")
        assert [line.split()[1] for line in await shown(pilot) if "#" in line] == ["+0.000", "+1.999", "+0.100"]


@pytest.mark.parametrize(
    ("key", "copied"),
    [
        ("x", "6f 6e 65\n74 77 6f 0a"),
        ("c", "onetwo\n"),
        ("y", "b'one'\nb'two\\n'"),
        (
            "m",
            "2 calls, Python {python} on {platform}\n\n```text\n"
            "#1   +0.000 client 1 → send(3 bytes) = 3\n"
            "    3 bytes\n"
            "    6f 6e 65                                         one\n"
            "#2   +0.000 client 1 → send(4 bytes) = 4\n"
            "    4 bytes\n"
            "    74 77 6f 0a                                      two¬\n"
            "```\n",
        ),
    ],
)
async def test_marked_calls_are_copied(session: Session, key: str, copied: str) -> None:
    session.send(b"one").send(b"two\n").send(b"three")
    async with Bench(session.path).run_test(size=(80, 12)) as pilot:
        await pilot.press("home", "shift+down")
        assert [line[:1] for line in await shown(pilot)][:5] == [*"││▌▌ "]
        await pilot.press(key)
        start = pilot.app.journal.start
        assert start is not None
        text = copied.replace("{python}", start.python).replace("{platform}", start.platform)
        assert pilot.app.clipboard == text


async def test_text_is_selected_with_the_mouse(session: Session) -> None:
    session.send(b"one").send(b"two").send(b"three")
    async with Bench(session.path).run_test(size=(80, 12)) as pilot:
        await pilot.mouse_down(LogView, offset=(6, 1))
        await pilot.hover(LogView, offset=(8, 3))
        await pilot.mouse_up(LogView, offset=(8, 3))
        await pilot.pause()
        lines = await shown(pilot)
        selected = pilot.app.screen.get_selected_text()
        assert selected == "\n".join([lines[1][6:], lines[2], lines[3][:9]])
        await pilot.press("y")
        assert pilot.app.clipboard == "b'one'\nb'two'"


async def test_markdown_has_whole_annotations_however_narrow_the_log(session: Session) -> None:
    session.recv("€€€€€€".encode()[:16], 1024).recv(b"", 1024).calls(1)
    async with Bench(session.path).run_test(size=(60, 24)) as pilot:
        await pilot.press("J", "home", "shift+down", "shift+down", "m")
        assert pilot.app.clipboard.splitlines()[3:-1] == [
            "#1   +0.000 conn 1   ← recv(1024) = 16 bytes",
            "    16 of 1024 bytes · 0 left · JSON is cut: inside a character at byte 15 · ends inside a UTF-8",
            "    character (1 of 3 bytes)",
            "    e2 82 ac e2 82 ac e2 82  ac e2 82 ac e2 82 ac e2 ××××××××××××××××",
            "#2   +0.000 conn 1   ← recv(1024) = b''",
            "    end of stream: the peer closed or half-closed",
            "#3   +0.000 client 1 • settimeout(0)",
        ]


async def test_a_long_note_is_told_whole_in_the_log_and_in_markdown(session: Session) -> None:
    text = "the peer is a device of ours that sends the length in little endian, not in network order"
    session.send(b"one").note(1, text).send(b"two")
    async with Bench(session.path).run_test(size=(60, 12)) as pilot:
        assert [line[6:] for line in await shown(pilot)][1:4] == [
            "✎ the peer is a device of ours that sends the length",
            "in little endian, not in network order",
            "6f 6e 65                one",
        ]
        await pilot.resize_terminal(110, 12)
        assert [line[6:] for line in await shown(pilot)][1] == f"✎ {text}"
        await pilot.resize_terminal(60, 12)
        await pilot.press("home", "m")
        assert f"    ✎ {text}" in pilot.app.clipboard.splitlines()
        assert "    6f 6e 65" in pilot.app.clipboard


async def test_calls_can_be_left_out(session: Session) -> None:
    session.calls(3).send(b"one").calls(2)
    async with Bench(session.path).run_test(size=(80, 12)) as pilot:
        app = pilot.app
        app.log_view.show_only(lambda index: bool(app.journal.lengths[index]))
        assert heads(await shown(pilot)) == ["send(3 bytes)"]
        session.send(b"two").calls(1)
        app.pull()
        assert heads(await shown(pilot)) == ["send(3 bytes)", "send(3 bytes)"]
        app.log_view.show_index(0)
        assert app.log_view.selected is None
        app.log_view.show_only(None)
        assert len(heads(await shown(pilot))) == 8


async def test_another_width_keeps_the_call_at_the_top(session: Session) -> None:
    for _ in range(30):
        session.send(b"x" * 40)
    async with Bench(session.path).run_test(size=(130, 12)) as pilot:
        view = pilot.app.log_view
        view.show_index(17)
        await pilot.press("up", "up", "up", "up", "up", "up")
        await pilot.pause()
        top = view.rows.locate(view.scroll_offset.y)
        assert top == (11, 0)
        await pilot.resize_terminal(60, 12)
        await pilot.pause()
        assert view.rows.layout.per_line == 8
        assert view.rows.locate(view.scroll_offset.y) == top
        assert not view.following


async def test_another_session_can_be_shown(session: Session, tmp_path: Path) -> None:
    session.calls(40)
    other = Session(tmp_path / "other").send(b"fresh")
    async with Bench(session.path).run_test(size=(80, 12)) as pilot:
        await pilot.press("home", "p")
        journal = Journal(other.path)
        journal.pull()
        pilot.app.log_view.show_journal(journal)
        assert heads(await shown(pilot)) == ["send(5 bytes)"]
        assert pilot.app.log_view.selected is None


async def test_an_empty_log_says_so_and_keys_do_nothing(session: Session) -> None:
    async with Bench(session.path).run_test(size=(80, 12)) as pilot:
        keys = "up down pageup pagedown home end enter z p p e E b B n shift+up x c y m t u"
        await pilot.press(*keys.split())
        assert (await shown(pilot))[0] == " No calls yet."
        assert pilot.app.said == []


async def test_nothing_from_outside_steers_the_terminal(session: Session) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J[/nope]\u202e\u0301"
    NAMES[(9, 9)] = hostile
    tail = {"args": [hostile], "error": [hostile, hostile]}
    session.call("connect", (9, 9), tail=tail, flags=record_format.FAILED, number=errno.ENOENT)
    session.send(hostile.encode(), (9, 9)).note(1, hostile)
    async with Bench(session.path).run_test(size=(130, 20)) as pilot:
        for size in ((130, 20), (80, 20), (40, 20)):
            await pilot.resize_terminal(*size)
            text = "".join(await shown(pilot))
            assert "[/nope]" in text
            assert text.isprintable()
        await pilot.press("home", "shift+down", "m")
        assert pilot.app.clipboard.replace("\n", "").isprintable()


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "nord", "solarized-light", "catppuccin-latte"])
async def test_every_text_can_be_read_in_every_theme(session: Session, theme: str) -> None:
    session.connect().send(bytes(range(256))).fail().note(3, "noted")
    app = Bench(session.path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.theme = theme
        await pilot.press("home", "down", "down")
        await pilot.pause()
        weak = {
            segment.text
            for strip in app.log_view.render_lines(Region(0, 0, 79, 24))
            for segment in strip
            if segment.text.strip() and segment.style and segment.style.color and segment.style.bgcolor
            and contrast(*map(Color.from_rich_color, (segment.style.color, segment.style.bgcolor))) < 4.5
        }  # fmt: skip
        assert weak == set()


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
async def test_a_theme_of_the_terminals_own_colours_keeps_them_on_its_own_ground(session: Session, theme: str) -> None:
    session.connect().send(bytes(range(256))).fail().recv(b"all", 9)
    app = Bench(session.path)
    async with app.run_test(size=(80, 30)) as pilot:
        app.theme = theme
        await pilot.press("home", "down", "down")
        await pilot.pause()
        styles = [
            segment.style
            for strip in app.log_view.render_lines(Region(0, 0, 79, 30))
            for segment in strip
            if segment.text.strip() and segment.style
        ]
        assert {style.bgcolor.name for style in styles if style.bgcolor} == {"default"}
        assert len({style.color.name for style in styles if style.color}) > 3
