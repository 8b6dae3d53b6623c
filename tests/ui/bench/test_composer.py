from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.ui.panes import Around, settled
from workbench.model.call.payload import Draft
from workbench.ui.bench.client_pane import ClientPane
from workbench.ui.bench.composer import Composer
from workbench.ui.bench.draft import DraftHistory
from workbench.ui.bench.form import Status
from workbench.ui.bench.json_area import JsonArea


def around(text: str = "", mode: str = "Text") -> Around:
    return Around(lambda: ClientPane(draft=Draft(text, mode)))


def composer(app: Around) -> Composer:
    return app.query_one(Composer)


def said(app: Around) -> str:
    return app.query_one("#count", Status).said


async def typed(pilot: Pilot[None], app: Around, text: str) -> None:
    app.query_one(JsonArea).insert(text)
    await settled(pilot)


async def test_it_counts_characters_and_bytes_while_one_types() -> None:
    app = around()
    async with app.run_test(size=(46, 20)) as pilot:
        app.query_one(JsonArea).focus()
        await typed(pilot, app, "héllo 你好")
        assert said(app) == "8 characters, 13 bytes"
        await pilot.press("backspace")
        await settled(pilot)
        assert said(app) == "7 characters, 10 bytes"


@pytest.mark.parametrize(
    ("changes", "text", "data"),
    [
        ([("ending", 2)], "a", b"a\r\n"),
        ([("encoding", 2)], "你", b"\xc4\xe3"),
        ([("mode", 2)], "de ad, 0xBE:ef", b"\xde\xad\xbe\xef"),
        ([("mode", 1)], '{"a": 1}', b'{"a": 1}'),
        ([("mode", 1), ("spaces", 1)], '{"a": 1}', b'{"a":1}'),
    ],
)
async def test_modes_and_options_make_the_bytes(changes: list[tuple[str, int]], text: str, data: bytes) -> None:
    app = around()
    async with app.run_test(size=(46, 20)) as pilot:
        await typed(pilot, app, text)
        for id, times in changes:
            app.query_one(f"#{id}").focus()
            await pilot.press(*["right"] * times)
        await settled(pilot)
        assert composer(app).data == data


async def test_switches_make_the_bytes() -> None:
    app = around(r"\x00\u20ac")
    async with app.run_test(size=(46, 20)) as pilot:
        await pilot.click("#escapes")
        await settled(pilot)
        assert composer(app).data == b"\0\xe2\x82\xac"
        composer(app).draft = Draft("[1]", "JSON")
        await settled(pilot)
        await pilot.click("#newline")
        await settled(pilot)
        assert composer(app).data == b"[1]\n"


@pytest.mark.parametrize(
    ("draft", "sentence"),
    [
        (Draft('{"a": 1\n x}', "JSON"), "not JSON: Expecting ',' delimiter at 2:2"),
        (Draft("de a", "Hex"), "'a' at 1:4 is an odd digit: a byte takes two"),
        (Draft("né€", encoding="latin-1"), "'€' at 1:3 is not in latin-1"),
    ],
)
async def test_a_wrong_text_is_told_with_its_place_and_kept(draft: Draft, sentence: str) -> None:
    app = Around(lambda: ClientPane(draft=draft))
    async with app.run_test(size=(46, 20)):
        assert app.error("composer-error") == sentence
        assert composer(app).data is None
        assert said(app) == ""
        assert app.query_one(JsonArea).text == draft.text


async def test_the_character_at_fault_is_marked_and_json_is_coloured() -> None:
    app = around('{"a": x}', "JSON")
    async with app.run_test(size=(46, 20)) as pilot:
        area = app.query_one(JsonArea)
        fault = area.get_component_rich_style("json--fault")
        spans = {area.get_line(0).plain[span.start : span.end]: span.style for span in area.get_line(0).spans}
        assert spans["x"] == fault
        assert spans['"a"'] != fault
        composer(app).draft = Draft('{"a": x}')
        await settled(pilot)
        assert area.get_line(0).spans == []


async def test_escape_sequences_and_markup_are_not_drawn() -> None:
    app = around()
    async with app.run_test(size=(46, 20)) as pilot:
        await typed(pilot, app, "\x1b]0;title\x07 [/nope] \x9b2J\te\u0301")
        picture = app.picture()
        assert "·]0;title· [/nope] ·2J" in picture
        assert not {"\x1b", "\x07", "\x9b"} & set(picture)
        assert composer(app).data == "\x1b]0;title\x07 [/nope] \x9b2J\te\u0301".encode()


# --- history --------------------------------------------------------------------------------------------------------


def test_history_brings_back_what_was_sent_and_loses_nothing_typed() -> None:
    history, one, two = DraftHistory(), Draft("one"), Draft("[2]", "JSON")
    history.add(one)
    history.add(two)
    unsent = Draft("unsent")
    assert history.step(-1, unsent) == two
    assert history.step(-1, two) == one
    assert history.step(-1, one) is None
    edited = Draft("one, edited")
    assert history.step(1, edited) == two
    assert history.step(1, two) == unsent
    assert history.step(1, unsent) is None
    assert [history.step(-1, draft) for draft in (unsent, two, edited)] == [two, edited, one]


def test_an_old_draft_sent_again_comes_last_and_the_unsent_one_stays() -> None:
    history, one, two, unsent = DraftHistory(), Draft("one"), Draft("two"), Draft("unsent")
    history.add(one)
    history.add(two)
    history.step(-1, unsent)
    history.step(-1, two)
    history.add(one)
    assert history.step(1, one) == unsent
    assert [history.step(-1, draft) for draft in (unsent, one, two)] == [one, two, None]


def test_history_forgets_the_oldest() -> None:
    history = DraftHistory(limit=2)
    for text in "abc":
        history.add(Draft(text))
    assert [history.step(-1, Draft(text)) for text in ("", "c", "b")] == [Draft("c"), Draft("b"), None]


async def test_up_in_the_first_line_and_down_in_the_last_go_through_the_history() -> None:
    app = around("first\nsecond line")
    async with app.run_test(size=(46, 20)) as pilot:
        area = app.query_one(JsonArea)
        area.focus()
        composer(app).sent()
        composer(app).draft = Draft("[1,\n2]", "JSON", newline=True)
        await settled(pilot)
        area.move_cursor((1, 0))
        await pilot.press("up")
        await settled(pilot)
        assert area.text == "[1,\n2]"
        await pilot.press("up")
        await settled(pilot)
        assert composer(app).draft == Draft("first\nsecond line")
        await pilot.press("down")
        await settled(pilot)
        assert area.text == "first\nsecond line"
        await pilot.press("down")
        await settled(pilot)
        assert composer(app).draft == Draft("[1,\n2]", "JSON", newline=True)
