from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import OptionList

from tests.ui.panes import settled
from workbench.model.call.arguments import METHODS
from workbench.ui.bench.call_dialog import CallDialog, CallRequest
from workbench.ui.parts.ask import Ask
from workbench.ui.parts.choice_list import ChoiceList
from workbench.ui.parts.confirm import Confirm, exposure
from workbench.ui.parts.controls import ErrorLine, Field
from workbench.ui.parts.menu import Item, Menu
from workbench.ui.session.unfinished import answers, question


class Asking(App[None]):
    """Opens a dialog at once and keeps its answers."""

    def __init__(self, dialog: Callable[[], ModalScreen[Any]]) -> None:
        super().__init__()
        self._dialog = dialog
        self.answers: list[Any] = []

    def on_mount(self) -> None:
        self.push_screen(self._dialog(), self.answers.append)

    def text(self, id: str) -> str:
        return str(self.screen.query_one(f"#{id}").render())


async def test_the_second_of_two_fast_clicks_closes_nothing_below_a_dialog() -> None:
    app = Asking(lambda: ChoiceList({"a": "first", "b": "second"}, "b", Region(0, 0, 20, 1)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        listed = app.screen.query_one(OptionList)
        listed.action_select()
        listed.action_select()
        await settled(pilot)
        assert (app.answers, app.screen) == (["b"], app.screen_stack[0])


async def test_a_method_without_arguments_is_called_with_enter() -> None:
    app = Asking(lambda: CallDialog("client 1"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await settled(pilot)
        assert app.answers == [CallRequest("getsockname", ())]


async def test_arguments_are_filled_in_checked_and_previewed() -> None:
    app = Asking(lambda: CallDialog("client 1", "shutdown"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        field = app.screen.query_one(Field)
        assert (field.value, field.has_focus) == ("SHUT_WR", True)
        field.value = "SOL_SOCKET, SO_NOPE, 1"
        await pilot.press("enter")
        await settled(pilot)
        assert "SO_NOPE" in app.screen.query_one(ErrorLine).sentence
        assert (app.answers, field.value) == ([], "SOL_SOCKET, SO_NOPE, 1")
        field.value = "SHUT_RDWR"
        await settled(pilot)
        assert app.screen.query_one(ErrorLine).sentence == ""
        assert app.text("preview") == "shutdown(SHUT_RDWR)"
        await pilot.click("#do-call")
        await settled(pilot)
        assert app.answers == [CallRequest("shutdown", (socket.SHUT_RDWR,))]


async def test_every_method_shows_its_help_and_keeps_what_was_typed() -> None:
    app = Asking(lambda: CallDialog("client 1", next(iter(METHODS))))
    async with app.run_test(size=(80, 24)) as pilot:
        for method, help in METHODS.items():
            await settled(pilot)
            assert app.text("help") == help
            assert app.text("preview").startswith(f"{method}(")
            await pilot.press("down")
        app.screen.query_one(OptionList).highlighted = list(METHODS).index("recv")
        await settled(pilot)
        app.screen.query_one(Field).value = "16"
        await settled(pilot)
        await pilot.press("up")
        await pilot.press("down")
        await settled(pilot)
        assert app.screen.query_one(Field).value == "16"


async def test_a_hostile_name_or_text_does_no_harm_and_escape_makes_no_call() -> None:
    app = Asking(lambda: CallDialog("[/nope]\x1b[2J", "send"))
    async with app.run_test(size=(60, 20)) as pilot:
        app.screen.query_one(Field).value = "b'[/nope]\x1b[2J'"
        await settled(pilot)
        strips = app.screen._compositor.render_strips()
        picture = "".join(segment.text for strip in strips for segment in strip)
        assert "Call a method of [/nope]·[2J" in picture
        assert "\x1b" not in picture
        await pilot.press("escape")
        await settled(pilot)
        assert app.answers == [None]


@pytest.mark.parametrize(
    ("keys", "answer"),
    [(["enter"], False), (["y"], True), (["n"], False), (["escape"], False), (["shift+tab", "enter"], True)],
)
async def test_confirm_does_nothing_unless_one_says_yes(keys: list[str], answer: bool) -> None:
    app = Asking(lambda: Confirm("Start [/nope]?", "Start"))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press(*keys)
        await settled(pilot)
        assert app.answers == [answer]


def test_exposure_names_what_becomes_reachable() -> None:
    assert exposure("0.0.0.0", 80, "SOCK_STREAM") == (
        "Port 80 will be open on every address of this machine: "
        "any machine that can reach this one can connect to it and send to it."
    )
    assert exposure("192.0.2.1", 0, "SOCK_DGRAM") == (
        "A free port will be open on 192.0.2.1: any machine that can reach this one can send to it."
    )


async def test_a_question_says_its_keys_and_arrows_go_between_its_answers() -> None:
    app = Asking(lambda: Confirm("Really?", "Leave"))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "y does it" in str(app.screen.query_one("Confirm > Vertical").border_subtitle)
        await pilot.press("left", "enter")
        await settled(pilot)
        assert app.answers == [True]


async def test_a_session_that_was_left_is_opened_or_not_by_arrows_too() -> None:
    left = [Path("20260101-120000-7.swb")]
    app = Asking(lambda: Ask(question(left), answers(left), first="open"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "right", "left", "enter")
        await settled(pilot)
        assert app.answers == ["discard"]


def menu() -> Menu:
    return Menu("[/nope]", [Item("a", "first", "one", "does it"), Item("b", "second", "two", "that", off="it is gone")])


async def test_a_letter_or_enter_chooses_from_a_menu_and_escape_leaves_it() -> None:
    for keys, answer in ((["a"], "first"), (["enter"], "first"), (["escape"], None)):
        app = Asking(menu)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            await pilot.press(*keys)
            await settled(pilot)
            assert app.answers == [answer]


async def test_what_cannot_be_done_now_says_why_in_the_menu() -> None:
    app = Asking(menu)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("b")
        await settled(pilot)
        assert app.answers == []
        assert app.text("why") == "Not now: it is gone"
        await pilot.press("down", "enter")
        await settled(pilot)
        assert app.answers == []
