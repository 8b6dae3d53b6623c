"""Styles from the stylesheet for what is drawn line by line, and readable whatever the theme.

A colour means one thing: $primary is the focus, $warning waits, $error went wrong, and each send of a connection has a
hue of its own, the same wherever its bytes or its number are shown (`send_look`). What kind a byte is, brightness says.
"""

from __future__ import annotations

from rich.style import Style
from textual.color import BLACK, WHITE, Color
from textual.dom import DOMNode
from textual.widget import Widget

from workbench.journal.reader import Journal

READABLE = 5.0
"""Least contrast between a text and its background, as WCAG 2 counts it (4.5 is its level AA)."""
CLEAR = 5.8
"""The same for what must be brighter than what is dim beside it."""
_HUES = ("#34d1bf", "#a99bff", "#e08bee", "#59c46a", "#b5cf4a")  # none of them says anything else
SEND_LOOKS = {
    f"{kind}-{number}": f"color: {hue}{more}"
    for number, hue in enumerate(_HUES)
    for kind, more in (("send", ""), ("taken", f"; background: {hue} 22%; text-style: bold"))
} | {f"send-{number}-dim": f"color: {hue} 62%" for number, hue in enumerate(_HUES)}
"""CSS for a send's number and bytes: as they are, of what is no letter, and of those that the next recv takes."""
QUIET_SCROLLBAR = """
    scrollbar-size-vertical: 1;
    scrollbar-background: $background;
    scrollbar-background-hover: $background;
    scrollbar-background-active: $background;
    scrollbar-color: $foreground 25%;
    scrollbar-color-hover: $foreground 40%;
    scrollbar-color-active: $primary;
"""
SIDE_LOOKS = {"client": "color: $foreground", "server": "color: $foreground 72%; text-style: italic"}
"""CSS for the name of an endpoint, by the side it is on."""


def send_hue(journal: Journal, seq: int) -> int:
    """Return which of the hues is that of send *seq*: neighbours on a connection differ, and so do its two sides."""
    if not 0 < seq <= len(journal):
        return 0
    return journal.lineage.place_of_send(journal[seq - 1]) % len(_HUES)


def send_look(journal: Journal, seq: int) -> str:
    """Return the key in SEND_LOOKS of the number and the bytes of send *seq*."""
    return f"send-{send_hue(journal, seq)}"


def side_of(name: str) -> str:
    """Return whose side an endpoint with that name is on: a key of SIDE_LOOKS, or "" where the name does not say."""
    word = name.split(" ")[0]
    return {"client": "client", "server": "server", "conn": "server"}.get(word, "")


def style_of(widget: Widget, part: str) -> Style:
    """Return the style that the stylesheet has for the class *part* below *widget*.

    Textual would resolve COMPONENT_CLASSES all at once, whenever the widget is styled: much of the first frame's time.
    """
    node = DOMNode(classes=part)
    node._attach(widget)
    widget.app.stylesheet.apply(node)
    return node.rich_style


def readable(style: Style, least: float = READABLE) -> Style:
    """Return *style* with its colour moved towards black or white as far as reading it needs: not every theme does.

    *least*: the contrast to reach.

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
    found = next((each for each in steps if contrast(each, below) >= least), end)
    return style + Style(color=found.rich_color)


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two opaque colours, 1 to 21, after WCAG 2."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    parts = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
