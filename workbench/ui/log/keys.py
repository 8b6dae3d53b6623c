"""The keys of the log, in the order of the footer, where those of a group stand before one word."""

from __future__ import annotations

from textual.binding import Binding

_SHOW, _ERROR, _FIND, _RELATED, _MARK, _COPY = (
    Binding.Group(word, compact=True) for word in ("More", "Error", "Find", "Related", "Mark", "Copy")
)


def _key(
    keys: str, action: str, text: str, help: str, group: Binding.Group | None = None, show: bool = True
) -> Binding:
    id = f"log.{action.replace('(', '.').rstrip(')')}"
    return Binding(keys, action, text, show=show, tooltip=help, id=id, group=group)


KEYS = (
    _key("up", "move(-1)", "Up", "Select the call before", show=False),
    _key("down", "move(1)", "Down", "Select the next call", show=False),
    _key("shift+up", "mark(-1)", "Mark up", "Mark calls upwards, to copy them together", show=False),
    _key("shift+down", "mark(1)", "Mark down", "Mark calls downwards, to copy them together", show=False),
    _key("pageup", "page(-1)", "Page up", "Scroll up by a screenful", show=False),
    _key("pagedown", "page(1)", "Page down", "Scroll down by a screenful", show=False),
    _key("home", "first", "First", "Select the first call", show=False),
    _key("end,G", "follow", "Follow", "Select the last call and follow the log as it grows"),
    _key("p", "pause", "Pause", "Hold the log still while calls go on, or go on"),
    _key("w", "ask_why", "Why?", "Explain the selected call: why it came out so, and what comes next"),
    _key("v", "inspect", "Inspect", "Show the inspector, or its next tab: bytes, why, queue, plot"),
    _key("enter", "cycle_density", "More", "Show all bytes of this call, its row alone, or each call of it", _SHOW),
    _key("z", "next_density", "Density", "One row for each call, its first bytes too, or everything", _SHOW),
    _key("e", "next_error", "Next error", "Select the next call that failed", _ERROR),
    _key("E", "previous_error", "Previous error", "Select the call before that failed", _ERROR),
    _key("slash", "filter", "Find", "Write which calls to see, or what bytes to find", _FIND),
    _key("f", "next_hit(1)", "Next hit", "Select the next call that was found", _FIND),
    _key("F", "next_hit(-1)", "Previous hit", "Select the call before that was found", _FIND),
    _key("k", "related(1)", "Related", "Select the next send or recv that moved bytes of this one", _RELATED),
    _key("K", "related(-1)", "Related before", "Select the send or recv before that moved bytes of this one", _RELATED),
    _key("b", "toggle_bookmark", "Bookmark", "Set or remove a bookmark on the selected call", _MARK),
    _key("B", "next_bookmark", "Next bookmark", "Select the next call with a bookmark", _MARK),
    _key("n", "edit_note", "Note", "Write a note on the selected call"),
    _key("x", "copy_hex", "Copy hex", "Copy the bytes of the selected calls in hex", _COPY),
    _key("c", "copy_text", "Copy text", "Copy the bytes of the selected calls as text", _COPY),
    _key("y", "copy_python", "Copy Python", "Copy the bytes of the selected calls as Python literals", _COPY),
    _key("m", "copy_markdown", "Copy Markdown", "Copy the selected calls as Markdown, for a bug report", _COPY),
    _key("t", "next_time", "Time", "Show the clock, seconds since the start, or since the line before"),
    _key("u", "next_encoding", "Text as", "Show the text column as ASCII, UTF-8 or GBK"),
    _key("J", "toggle_json", "JSON", "Say of each call's bytes whether they are JSON"),
    _key("l", "choose_lens", "Lens", "Cut the bytes into frames: lines, a length first, JSON …"),
    _key("o", "follow_stream", "Stream", "Show the whole conversation of the selected call's connection"),
)
