from __future__ import annotations

import io
import re
from datetime import UTC
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from workbench.model.lineage.lineage import Part
from workbench.model.text.hexdump import plain_line
from workbench.report.html.page import OPEN, SHOWN, _dump, _spans, _Stretch, export_html

VOID = {"meta"}


class Page(HTMLParser):
    """What a browser's parser makes of a page: every element must be closed where it was opened."""

    def __init__(self, text):
        super().__init__()
        self.path, self.elements, self.said = [], [], []
        self.inside = {}
        self.feed(text)
        self.close()
        assert self.path == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.path.append(tag)

    def handle_endtag(self, tag):
        assert self.path.pop() == tag

    def handle_data(self, data):
        self.said.append(data)
        for tag in set(self.path):
            self.inside[tag] = self.inside.get(tag, "") + data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def page(session):
    out = io.StringIO()
    export_html(session.journal, out, UTC)
    return Page(out.getvalue())


def conversation(session):
    session.connect()
    session.send(b"hello world")
    session.recv(b"hello", 5, left=6)
    session.recv(b" world", 7)


def test_where_in_the_program_a_call_stands(session):
    session.call("listen", 1, source=session.recorder.text("<b>.py:12"))
    found = page(session)
    assert {"class": "at"} in found.all("span")
    assert "<b>.py:12" in found.inside["span"]


def test_a_conversation(session):
    conversation(session)
    found = page(session)
    assert found.inside["h1"] == "a.session"
    assert "5 calls · began 2026-11-20 07:00:00 UTC" in found.inside["p"]
    calls = [attributes for tag, attributes in found.elements if attributes.get("class", "").startswith("call ")]
    assert [(call["id"], call["class"]) for call in calls] == [
        ("c1", "call other"), ("c2", "call other"), ("c3", "call sent"),
        ("c4", "call received"), ("c5", "call received"),
    ]  # fmt: skip
    assert found.inside["time"].startswith("07:00:00.001000")
    assert found.all("main") == [{"style": "--number: 2ch; --who: 8ch"}]
    assert "send(b'hello world')" in found.inside["b"]
    assert "bytes 0-4 of #3" in found.inside["summary"]
    assert plain_line(b"hello world", 0).rstrip() in found.inside["pre"]
    assert [a["href"] for a in found.all("a") if "class" in a] == ["#c1", "#c2", "#c3", "#c4", "#c5"]
    assert {a["href"] for a in found.all("a") if "class" not in a} >= {"#c3", "#c4", "#c5"}


def test_each_byte_is_linked_with_the_call_it_came_from(session):
    conversation(session)
    links = [
        (attributes["data-l"], attributes["title"])
        for _, attributes in page(session).elements
        if "data-l" in attributes
    ]
    assert links == [
        ("3-4", "received by #4"), ("3-5", "received by #5"), ("3-4", "received by #4"), ("3-5", "received by #5"),
        ("3-4", "bytes 0-4 of #3"), ("3-5", "bytes 5-10 of #3"),
    ]  # fmt: skip


def test_what_is_folded(session):
    session.send(b"x" * OPEN)
    session.send(b"x" * (OPEN + 1))
    session.send(b"x" * (SHOWN + 5))
    session.call("close", 1)
    found = page(session)
    calls = [each for each in found.all("details") if "call" in each["class"].split()]
    assert ["open" in call for call in calls] == [True, False, False]
    assert found.inside["pre"].count("x") == OPEN + OPEN + 1 + SHOWN
    assert "… 5 bytes more" in found.inside["p"]


HOSTILE = "</pre></details><script>alert(1)</script>&amp;\"'\x1b[31m\u202e\udcff"


def test_nothing_from_the_session_becomes_markup_or_loads_anything(session):
    session.send(HOSTILE.encode("utf-8", "surrogateescape"), name=HOSTILE)
    session.fail("connect", 1, (HOSTILE, HOSTILE), 111, tail={"args": [HOSTILE]}, name=HOSTILE)
    session.recorder.note(1, HOSTILE, bookmark=True)
    session.journal.pull()
    found = page(session)
    assert len(found.all("script")) == 1
    assert "alert" not in found.inside["script"]
    assert not re.search("[\x1b\u202e\udcff]", "".join(found.said))
    assert all(
        value.startswith("#")
        for _, attributes in found.elements
        for key, value in attributes.items()
        if key in ("href", "src")
    )
    [policy] = [meta["content"] for meta in found.all("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'")
    assert "url(" not in found.inside["style"]
    assert "alert(1)" in found.inside["span"]


def test_a_note_and_a_damaged_end_are_shown(session):
    session.send(b"x")
    session.recorder.note(1, "look\nhere", bookmark=True)
    session.journal.pull()
    found = page(session)
    assert "★ look\nhere" in found.inside["span"]
    assert "the end is missing" in found.inside["p"]


@given(st.binary(min_size=1, max_size=80), st.lists(st.integers(1, 40), max_size=6))
def test_a_dump_reads_as_the_hexdump_however_its_bytes_are_linked(data, sizes):
    spans = list(_spans([Part(1, 0, size) for size in sizes]))
    stretches = [_Stretch(*span, f"1-{number}", "") for number, span in enumerate(spans) if span[1] <= len(data)]
    shown = Page("".join(_dump(data, stretches)))
    assert shown.inside["pre"] == "".join(plain_line(data, at) + "\n" for at in range(0, len(data), 16))


def whys(found):
    return [each for each in found.all("details") if each.get("class") == "why"]


def test_why_is_folded_beside_each_call(session):
    conversation(session)
    found = page(session)
    assert whys(found) == [{"class": "why"}] * 5
    assert "s.recv(5)" in found.inside["code"]
    assert "See recv(2)" in found.inside["p"]
    assert "why?" not in found.inside["p"]


def test_of_many_calls_those_that_failed_are_explained(session, monkeypatch):
    monkeypatch.setattr("workbench.report.html.page.EXPLAINED", 5)
    conversation(session)
    assert len(whys(page(session))) == 5
    session.fail("recv", 3, ("TimeoutError", "timed out"))
    found = page(session)
    assert len(whys(found)) == 1
    assert "s.recv()" in found.inside["code"]
    assert "show --why explains any" in found.inside["p"]
