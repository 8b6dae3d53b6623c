"""Titles of frames as they are written: Textual takes a text for markup, and a bracket in a name ended the app."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


def entitle(frame: Widget, title: str) -> None:
    """Write *title* at the top of a frame; nothing is drawn where it stands there already."""
    if frame.border_title != (new := Content(title)).markup:
        frame.border_title = new


def subtitle(frame: Widget, text: str) -> None:
    """Write *text* at the bottom of a frame, as `entitle` does at the top."""
    if frame.border_subtitle != (new := Content(text)).markup:
        frame.border_subtitle = new
