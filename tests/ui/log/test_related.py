from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot

from tests.ui.log.test_view import Bench, shown
from tests.ui.recording import Session
from workbench.model.lineage.lineage import Part
from workbench.ui.log.hex_rows import hex_row, owners
from workbench.ui.log.view import LogView


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """connect, accept, two sends (#3, #4), three recvs (#5 … #7), the second with the end of #3 and the start of #4."""
    made = Session(tmp_path / "session").connect()
    made.send(b"hello world").send(b"second")
    return made.recv(b"hell", 4, left=13).recv(b"o worldse", 9, left=4).recv(b"cond", 16)


async def test_a_mark_stands_where_the_next_send_begins(session: Session) -> None:
    async with Bench(session.path).run_test(size=(81, 40)) as pilot:
        lines = await shown(pilot)
        assert "      6f 20 77 6f 72 6c 64│73  65                      o worldse #4" in lines
        assert sum("│" in line for line in lines) == 1
        assert any(line.endswith("end of #3 and start of #4") for line in lines)


async def test_where_eight_bytes_make_a_line_the_mark_stands_before_the_byte_too(session: Session) -> None:
    session.send(b"12345678").send(b"ab").recv(b"12345678ab", 99)
    async with Bench(session.path).run_test(size=(60, 40)) as pilot:
        lines = await shown(pilot)
        assert " 0008│61 62                   ab #9" in lines


async def test_beside_notes_the_mark_stands_alone(session: Session) -> None:
    async with Bench(session.path).run_test(size=(150, 40)) as pilot:
        lines = await shown(pilot)
        assert "      6f 20 77 6f 72 6c 64│73  65                      o worldse" in lines
        assert any("end of #3 and start of #4" in line for line in lines)


def over(pilot: Pilot[None]) -> dict[int, str]:
    """What each call is drawn over, by its seq."""
    assert isinstance(pilot.app, Bench)
    view = pilot.app.log_view
    return {call + 1: name for call in range(len(pilot.app.journal)) if (name := view.highlight(call))}


async def test_what_is_related_to_the_selected_call_is_seen(session: Session) -> None:
    async with Bench(session.path).run_test(size=(81, 40)) as pilot:
        await pilot.pause()
        view = pilot.app.query_one(LogView)
        view.show_index(5)
        assert over(pilot) == {6: "cursor", 3: "related", 4: "related"}
        lines = await shown(pilot)
        assert [line[2:4] for line in lines if line.startswith("◆ #")] == ["#3", "#4"]
        view.show_index(2)
        assert over(pilot) == {3: "cursor", 5: "related", 6: "related"}
        view.show_index(0)
        assert over(pilot) == {1: "cursor"}


async def test_k_goes_round_a_call_and_those_related_to_it(session: Session) -> None:
    async with Bench(session.path).run_test(size=(81, 40)) as pilot:
        await pilot.pause()
        view = pilot.app.query_one(LogView)
        view.show_index(5)
        went = []
        for key in ("k", "k", "k", "K", "K"):
            await pilot.press(key)
            went.append((view.selected or 0) + 1)
        assert went == [3, 4, 6, 4, 3]
        assert over(pilot) == {3: "cursor", 4: "related", 6: "related"}


async def test_keys_mean_the_last_call_while_none_is_selected(session: Session) -> None:
    async with Bench(session.path).run_test(size=(81, 40)) as pilot:
        view = pilot.app.log_view
        await pilot.press("enter")
        assert (view.selected, view.rows.shows_less(6)) == (None, True)
        await pilot.press("k")
        assert (view.selected, "◆" in "".join(await shown(pilot))) == (3, True)


async def test_k_on_a_call_that_moved_nothing_stays(session: Session) -> None:
    async with Bench(session.path).run_test(size=(81, 40)) as pilot:
        await pilot.pause()
        view = pilot.app.query_one(LogView)
        view.show_index(0)
        await pilot.press("k")
        assert view.selected == 0


async def test_a_recv_that_comes_later_is_related_too(session: Session) -> None:
    session.send(b"third")
    async with Bench(session.path).run_test(size=(81, 40)) as pilot:
        await pilot.pause()
        app = pilot.app
        assert isinstance(app, Bench)
        app.log_view.show_index(7)
        assert over(pilot) == {8: "cursor"}
        app.log_view.action_pause()
        session.recv(b"third", 9)
        app.log_view.action_pause()
        app.log_view.following = False
        app.pull()
        assert over(pilot) == {8: "cursor", 9: "related"}


def screen_text(app: App[None]) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def test_the_bytes_of_each_send_begin_where_those_before_it_end() -> None:
    sources = [Part(3, 4, 11), Part(4, 0, 2), Part(9, 0, 1)]
    assert owners(sources) == [(0, 3), (7, 4), (9, 9)]
    assert owners([]) == []


def test_a_row_of_hex_has_the_look_of_each_send_and_dims_what_is_no_letter() -> None:
    row = hex_row(b"ab\n\0cd", 0, 8, "ascii", [(0, "one"), (3, "two")], [3])
    assert [(text.strip(), look) for text, look in row if text.strip()] == [
        ("61 62", "one"), ("0a", "one-dim"), ("│", "boundary"), ("00", "two-dim"), ("63 64", "two"),
        ("ab", "one"), ("¬", "one-dim"), ("⋄", "two-dim"), ("cd", "two"),
    ]  # fmt: skip


def test_a_row_of_hex_names_its_offset_but_the_first() -> None:
    data = bytes(range(65, 89))
    first, second = ("".join(text for text, _ in hex_row(data, at, 16, "ascii")) for at in (0, 16))
    assert first == "     41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50 ABCDEFGHIJKLMNOP"
    assert second == "0010 51 52 53 54 55 56 57 58                          QRSTUVWX"


async def test_a_call_without_bytes_or_without_others_says_which_it_is(session: Session) -> None:
    session.send(b"nobody took this")
    async with Bench(session.path).run_test(size=(81, 40)) as pilot:
        for key, said in (("end", "No other call in the log moved these bytes."), ("home", "This call moved no bytes")):
            await pilot.press(key, "k")
            assert any(each.message.startswith(said) for each in pilot.app._notifications)
