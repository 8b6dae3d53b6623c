"""Ladders in headless Chromium: the SVG as a reader sees it, and Mermaid's own parser on what we write for it."""

from __future__ import annotations

import html
import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.report.ladder.conftest import HOSTILE
from tests.report.ladder.conftest import conversation as conversation
from workbench.journal.ladder import Ladder
from workbench.report.ladder.mermaid import diagrams
from workbench.report.ladder.svg import export_svg

pytestmark = pytest.mark.slow
CHROMIUM = [
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=20000",
    "--dump-dom",
]
MEASURE = """
<script>
onload = () => {
  const svg = document.querySelector("svg"), box = svg.getBoundingClientRect(), out = [];
  for (const text of svg.querySelectorAll("text")) {
    const at = text.getBoundingClientRect();
    if (at.left < box.left - 1 || at.right > box.right + 1) out.push(text.textContent);
  }
  document.body.innerHTML = "<pre id=said></pre>";
  document.querySelector("#said").textContent = JSON.stringify(out);
};
</script>
"""
PARSE = """
<script src="mermaid.min.js"></script>
<script>
(async () => {
  const said = [];
  for (const text of DIAGRAMS) {
    try { await mermaid.parse(text); said.push("parsed"); } catch (error) { said.push(String(error)); }
  }
  document.body.innerHTML = "<pre id=said></pre>";
  document.querySelector("#said").textContent = JSON.stringify(said);
})();
</script>
"""


def said(page: Path, profile: Path) -> list[str]:
    """Open *page* and return the JSON that its script left in #said."""
    command = [*CHROMIUM, f"--user-data-dir={profile}", page.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    found = html.unescape(dom.partition('<pre id="said">')[2].partition("</pre>")[0])
    answer: list[str] = json.loads(found)
    return answer


@pytest.mark.parametrize("sends", [2, 20, 500])
def test_no_text_of_the_svg_reaches_beyond_it(conversation, tmp_path: Path, sends: int) -> None:
    out = io.StringIO()
    export_svg(conversation(sends, HOSTILE if sends == 20 else b"hello "), out)
    page = tmp_path / "page.html"
    page.write_text(f"<meta charset=utf-8><body>{out.getvalue()}{MEASURE}", "utf-8")
    assert said(page, tmp_path / "profile") == []


@pytest.mark.parametrize(("sends", "payload"), [(2, b"hello "), (30, HOSTILE), (600, b"end ")])
def test_mermaid_parses_every_diagram(conversation, tmp_path: Path, sends: int, payload: bytes) -> None:
    subprocess.run(
        ["npm", "pack", "mermaid@11", "--silent"], cwd=tmp_path, check=True, capture_output=True, timeout=120
    )
    subprocess.run(["tar", "xzf", *[each.name for each in tmp_path.glob("mermaid-*.tgz")]], cwd=tmp_path, check=True)
    shutil.copy(tmp_path / "package/dist/mermaid.min.js", tmp_path)
    ladder = Ladder(conversation(sends, payload))
    ladder.extend()
    texts = list(diagrams(ladder))
    page = tmp_path / "page.html"
    page.write_text(f"<meta charset=utf-8><body><script>const DIAGRAMS = {json.dumps(texts)};</script>{PARSE}", "utf-8")
    assert said(page, tmp_path / "profile") == ["parsed"] * len(texts)
