"""Styles from the stylesheet for what is drawn line by line, and readable whatever the theme."""

from __future__ import annotations

from rich.style import Style
from textual.color import BLACK, WHITE, Color
from textual.dom import DOMNode
from textual.widget import Widget

READABLE = 5.0
"""Least contrast between a text and its background, as WCAG 2 counts it (4.5 is its level AA)."""


def style_of(widget: Widget, part: str) -> Style:
    """Return the style that the stylesheet has for the class *part* below *widget*.

    Textual would resolve COMPONENT_CLASSES all at once, whenever the widget is styled: much of the first frame's time.
    """
    node = DOMNode(classes=part)
    node._attach(widget)
    widget.app.stylesheet.apply(node)
    return node.rich_style


def readable(style: Style) -> Style:
    """Return *style* with its colour moved towards black or white as far as reading it needs: not every theme does.

    What the terminal's own colours look like, which the ansi themes use, nobody knows here: they keep its own ground,
    on which it shows them readably, and signs say what the ground would.
    """
    if style.color is None or style.bgcolor is None:
        return style
    if not (style.color.triplet and style.bgcolor.triplet):
        return style + Style(bgcolor="default")
    colour, below = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
    end = max(BLACK, WHITE, key=lambda extreme: contrast(extreme, below))
    steps = (colour.blend(end, step / 10) for step in range(11))
    found = next((each for each in steps if contrast(each, below) >= READABLE), end)
    return style + Style(color=found.rich_color)


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two opaque colours, 1 to 21, after WCAG 2."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    parts = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
