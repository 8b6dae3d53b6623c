from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest

from tests.report.ladder.conftest import HOSTILE
from workbench.journal.ladder import Ladder
from workbench.report.ladder import svg
from workbench.report.ladder.svg import export_svg

SVG = "{http://www.w3.org/2000/svg}"


def drawn(journal) -> ET.Element:
    out = io.StringIO()
    export_svg(journal, out)
    return ET.fromstring(out.getvalue())


def classes(root: ET.Element, tag: str) -> list[str]:
    return [each.get("class", "") for each in root.iter(SVG + tag)]


def test_two_sends_lie_under_way_in_colours_of_their_own_until_one_recv_takes_both(conversation) -> None:
    root = drawn(conversation(3))
    bars = [each for each in root.iter(SVG + "rect") if each.get("class", "").startswith("l-bar")]
    assert len(bars) == 4  # three sends and the answer
    ends = [float(bar.get("y", "")) + float(bar.get("height", "")) for bar in bars[:3]]
    assert len(set(ends)) == 1
    assert len({bar.get("class") for bar in bars[:3]}) == 3
    assert "l-life" in classes(root, "line")


def test_each_rung_tells_its_call_when_hovered_over(conversation) -> None:
    titles = [each.text or "" for each in drawn(conversation(1)).iter(SVG + "title")]
    assert any("send(b'hello 0')" in title and "= 7" in title for title in titles)


def test_nothing_from_outside_becomes_markup(conversation) -> None:
    out = io.StringIO()
    export_svg(conversation(3, HOSTILE), out)
    root = ET.fromstring(out.getvalue())
    assert {each.tag for each in root.iter()} <= {SVG + tag for tag in
        ("svg", "title", "style", "rect", "line", "text", "tspan", "polygon", "g")}  # fmt: skip
    assert "<script" not in out.getvalue()
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("sends", [2, 20, 500])
def test_each_text_has_room(conversation, sends: int) -> None:
    root = drawn(conversation(sends))
    width = float(root.get("width", ""))
    for text in root.iter(SVG + "text"):
        cells, at = len("".join(text.itertext())), float(text.get("x", ""))
        left = {"end": at - cells * 7.3, "middle": at - cells * 3.65}.get(text.get("text-anchor", ""), at)
        assert left >= 0
        assert left + cells * 7.3 <= width


def test_a_long_session_is_cut_and_says_so(conversation, monkeypatch) -> None:
    journal = conversation(20)
    monkeypatch.setattr(svg, "MOST", 10)
    ladder = Ladder(journal)
    ladder.extend()
    texts = ["".join(each.itertext()) for each in drawn(journal).iter(SVG + "text")]
    assert f"… {len(ladder) - 10} rungs more" in texts
