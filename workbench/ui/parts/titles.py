"""Titles of frames as they are written: Textual takes a text for markup, and a bracket in a name ended the app."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


def entitle(frame: Widget, title: str, key: str = "", action: str = "") -> None:
    """Write *title* at the top of a frame, behind it a *key* that a click presses; the same again draws nothing."""
    if vars(frame).get("_entitled") != (title, key):  # Textual writes markup in a way of its own
        vars(frame)["_entitled"] = title, key
        frame.border_title = Content(title).markup + (f" · [@click={action}]{Content(key).markup}[/]" if key else "")


def subtitle(frame: Widget, text: str) -> None:
    """Write *text* at the bottom of a frame, as `entitle` does at the top."""
    if frame.border_subtitle != (new := Content(text)).markup:
        frame.border_subtitle = new
