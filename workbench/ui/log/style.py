"""The colours of the log: a class for each part of a line, in terms of the theme."""

from __future__ import annotations

PREFIX = "log--"

_COLOURS = {
    "bar": "color: $text-accent",
    "fold": "color: $foreground 65%",
    "time": "color: $foreground 65%",
    "endpoint": "color: $text-accent",
    "sent": "color: $text-success; text-style: bold",
    "received": "color: $text-primary; text-style: bold",
    "other": "color: $foreground 65%",
    "call": "color: $foreground; text-style: bold",
    "result": "color: $text-success",
    "error": "color: $text-error; text-style: bold",
    "annotation": "color: $foreground 80%; text-style: italic",
    "note": "color: $text-warning",
    "more": "color: $foreground 65%; text-style: italic",
    "offset": "color: $foreground 65%",
    "nul": "color: $foreground 50%",
    "printable": "color: $text-primary",
    "space": "color: $text-success",
    "control": "color: $text-error",
    "non-ascii": "color: $text-warning",
    "cursor": "background: $primary 18%",
    "marked": "background: $secondary 25%",
    "kin": "background: $accent 14%",
    "boundary": "color: $text-accent; text-style: bold",
    "banner": "background: $primary; color: $text; text-style: bold",
}

CSS = (
    """
LogCanvas {
    height: 1fr;
    background: $surface;
    color: $foreground;
    overflow-x: hidden;
    overflow-y: scroll;
    scrollbar-size-vertical: 1;
"""
    + "".join(f"    & > .{PREFIX}{name} {{ {rules}; }}\n" for name, rules in _COLOURS.items())
    + "}\n"
)
