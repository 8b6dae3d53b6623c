"""Makes screenshots/ again from the real app: `python tests/pictures.py [NAME ...] [--png DIR]`.

`--png DIR` also draws each picture as PNG, for a look at it; that needs `pip install resvg_py` and a monospace font.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for name in ("NO_COLOR", "TEXTUAL_THEME"):  # Textual reads them when it is imported
    os.environ.pop(name, None)

from textual.app import App  # noqa: E402
from textual.pilot import Pilot  # noqa: E402
from textual.widgets import Input, TextArea  # noqa: E402

SCREENSHOTS = Path(__file__).parent.parent / "screenshots"
MONOSPACE = '"Fira Code", "DejaVu Sans Mono", Menlo, Consolas, monospace'


@dataclass(frozen=True, slots=True)
class Picture:
    """One file of screenshots/: an app at a size in cells, and what is done in it before the picture is taken."""

    name: str
    app: Callable[[], App[Any]]
    scene: Callable[[Pilot[Any]], Awaitable[None]]
    close: Callable[[App[Any]], None] = lambda app: None
    title: str = "socket-workbench"
    columns: int = 120
    rows: int = 40


async def wait_until(pilot: Pilot[Any], predicate: Callable[[], object], timeout: float = 10) -> None:
    """Let the app run until `predicate()` is true; TimeoutError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not predicate():
        if time.monotonic() >= deadline:
            raise TimeoutError(f"not true within {timeout} s: {predicate}")
        await pilot.pause(0.02)


async def take(picture: Picture) -> str:
    """Run the app of a picture, play its scene and give the screen as SVG: the same text for the same screen."""
    for widget in (Input, TextArea):
        widget.cursor_blink._default = False
    app = picture.app()
    app.animation_level = "none"
    try:
        async with app.run_test(size=(picture.columns, picture.rows)) as pilot:
            await picture.scene(pilot)
            await pilot.pause()
            return steady(app.export_screenshot(title=picture.title), picture.name)
    finally:
        picture.close(app)


def steady(svg: str, name: str) -> str:
    """Free the SVG of what is fetched from the network (fonts), and of ids that change with every letter on screen."""
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("font-family: Fira Code, monospace", f"font-family: {MONOSPACE}")
    svg = svg.replace("font-family: arial", "font-family: sans-serif")
    svg = re.sub(r"\bterminal-\d+", name, svg)
    return "".join(f"{line.rstrip()}\n" for line in svg.splitlines())


def png(svg: str) -> bytes:
    """Draw an SVG of Textual; resvg does it right, where rsvg and cairosvg misplace the text."""
    import resvg_py

    return bytes(
        resvg_py.svg_to_bytes(svg_string=svg, monospace_family="DejaVu Sans Mono", sans_serif_family="DejaVu Sans")
    )


def main(arguments: Sequence[str] | None, pictures: Sequence[Picture]) -> None:
    parser = argparse.ArgumentParser(description="Make the pictures in screenshots/ again from the real app.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these: " + ", ".join(p.name for p in pictures))
    parser.add_argument("--to", type=Path, default=SCREENSHOTS, metavar="DIR", help="another folder for the SVGs")
    parser.add_argument("--png", type=Path, metavar="DIR", help="also draw them as PNG into this folder")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - {picture.name for picture in pictures}:
        parser.error(f"no picture is called {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as state:  # a session that waits there would change the first screen
        os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = state
        for picture in pictures:
            if not options.names or picture.name in options.names:
                save(picture.name, asyncio.run(take(picture)), options.to, options.png)


def save(name: str, svg: str, folder: Path, png_folder: Path | None) -> None:
    """Write NAME.svg, and NAME.png where asked for, and say so."""
    written = [folder / f"{name}.svg"]
    folder.mkdir(parents=True, exist_ok=True)
    written[0].write_text(svg, encoding="utf-8")
    if png_folder:
        png_folder.mkdir(parents=True, exist_ok=True)
        written.append(png_folder / f"{name}.png")
        written[1].write_bytes(png(svg))
    print(*written)


if __name__ == "__main__":
    sys.path.insert(0, str(SCREENSHOTS.parent))
    from tests.scenes import PICTURES

    main(None, PICTURES)
