"""The private names of Textual that we use, one test each, so that an upgrade which breaks one says what it was for."""

from inspect import isfunction, signature

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.dom import DOMNode
from textual.geometry import Size
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.widget import Widget
from textual.widgets import Footer, Input

from workbench.ui.parts.controls import Field


def parameters(function: object) -> list[str]:
    return list(signature(function).parameters)  # type: ignore[arg-type]


async def test_handle_exception_gets_what_was_raised_in_a_handler() -> None:
    """App._handle_exception: our app overrides it to leave with one line instead of a traceback."""
    seen: list[Exception] = []

    class Failing(App[None]):
        def on_mount(self) -> None:
            raise ZeroDivisionError

        def _handle_exception(self, error: Exception) -> None:
            seen.append(error)
            super()._handle_exception(error)

    with pytest.raises(ZeroDivisionError):
        async with Failing().run_test():
            pass
    assert [type(error) for error in seen] == [ZeroDivisionError]


async def test_value_is_what_an_input_draws() -> None:
    """Input._value: a Field overrides it, so that no pasted escape sequence reaches the terminal."""
    assert isinstance(Input._value, property)

    class Form(App[None]):
        def compose(self) -> ComposeResult:
            yield Field("\x1b[31m", id="field", tooltip="")

    async with Form().run_test() as pilot:
        field = pilot.app.query_one(Field)
        assert isinstance(Input._value.fget(field), Text)
        assert "\x1b" not in field.render_line(0).text
        assert "·[31m" in field.render_line(0).text


def test_bindings_iterate_as_keys_with_their_bindings() -> None:
    """DOMNode._bindings: help and the palette list the keys of every widget on the screen."""

    class Keys(Widget):
        BINDINGS = (Binding("x", "leave", "Leave", id="keys.leave"),)

    found = [(key, binding.id) for key, binding in Keys()._bindings]
    assert found == [("x", "keys.leave")]


def test_attach_makes_a_node_a_child_without_mounting_it() -> None:
    """DOMNode._attach: how style_of asks the stylesheet for the style of a part."""
    parent, child = DOMNode(), DOMNode(classes="part")
    child._attach(parent)
    assert child.parent is parent


async def test_bindings_ready_is_false_until_a_screen_knows_its_keys() -> None:
    """Footer._bindings_ready: the key bar draws nothing before it."""
    assert Footer()._bindings_ready is False

    class Keys(App[None]):
        def compose(self) -> ComposeResult:
            yield Footer()

    async with Keys().run_test() as pilot:
        await pilot.pause()
        assert pilot.app.query_one(Footer)._bindings_ready is True


async def test_scroll_update_sets_the_scrollbars_for_a_virtual_size() -> None:
    """Widget._scroll_update: the log tells the scrollbar its length without laying out the screen anew."""

    class Log(ScrollView):
        DEFAULT_CSS = "Log { height: 5; }"

    class Logs(App[None]):
        def compose(self) -> ComposeResult:
            yield Log()

    async with Logs().run_test() as pilot:
        log = pilot.app.query_one(Log)
        size = Size(10, 100)
        log.set_reactive(ScrollView.virtual_size, size)
        log._scroll_update(size)
        assert log.vertical_scrollbar.window_virtual_size == 100
        assert log.max_scroll_y == 95


def test_the_footers_keys_are_made_of_what_we_give_them() -> None:
    """textual.widgets._footer: the key bar is built from the same parts as Textual's footer."""
    footer = pytest.importorskip("textual.widgets._footer")
    assert parameters(footer.FooterKey)[:4] == ["key", "key_display", "description", "action"]
    assert issubclass(footer.FooterKey, Widget)
    assert issubclass(footer.FooterLabel, Widget)
    assert issubclass(footer.KeyGroup, Widget)
    assert isfunction(Screen.active_bindings.fget)
