from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.calls import made
from workbench.experiments.catalog import (
    TOPICS,
    BadExperiment,
    NoBlock,
    Shows,
    Verdict,
    by_topic,
    catalog,
    find,
    load,
    parse,
    verdict,
)
from workbench.experiments.parameters import BadValue, constant

BLOCK = '''\
# A script of my own.
# /// experiment
# title = "Two sends"
# topic = "my course"
# question = """
# What does
# recv return?
#
# Think first."""
# choices = ["one", "both"]
# answer = 2
# explanation = "TCP is a stream."
# shows = { call = "recv", nth = 2 }
# order = 3
# [parameters]
# SIZE = [1, 2]
# WORD = ["é", "x"]
# ///
import socket
SIZE = 4  # bytes
WORD = "héé"; LAST = -1.5
BOTH = SIZE
'''


def written(tmp_path, text, name="my_own.py"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_a_block(tmp_path):
    path = written(tmp_path, BLOCK)
    experiment = find(str(path))
    assert experiment.name == "my-own"
    assert experiment.path == path
    assert experiment.title == "Two sends"
    assert experiment.question == "What does recv return?\n\nThink first."
    assert experiment.right == "both"
    assert experiment.shows == Shows("recv", 2)
    assert [(one.name, one.default, one.choices) for one in experiment.parameters] == [
        ("SIZE", 4, (1, 2)), ("WORD", "héé", ("é", "x")),
    ]  # fmt: skip


def test_other_values_change_one_line_each():
    experiment = parse(BLOCK, Path("x.py"))
    assert experiment.script({}) == BLOCK
    changed = experiment.script({"SIZE": 17, "WORD": 'a"\\'})
    assert changed == BLOCK.replace("SIZE = 4", "SIZE = 17").replace('"héé"', "'a\"\\\\'")
    with pytest.raises(BadExperiment, match="x has no parameter LAST: it has SIZE, WORD"):
        experiment.script({"LAST": 2.0})


def test_constants():
    assert [constant(BLOCK, name) for name in ("SIZE", "WORD", "LAST", "BOTH", "socket", "NONE")] == [
        4, "héé", -1.5, None, None, None,
    ]  # fmt: skip
    assert constant("A = 1\nA = 2", "A") is None
    assert constant("A = (1 +\n 2)", "A") is None
    assert constant("A = ", "A") is None


def test_typed_values():
    size, word = parse(BLOCK, Path("x.py")).parameters
    assert size.read("12") == 12
    assert word.read("12") == "12"
    with pytest.raises(BadValue, match=r"SIZE must be a whole number, not 'many·'"):
        size.read("many\x1b")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"my course"', "", r"mine\.py: the experiment block is not TOML: .*at line 4, column 9"),
        ("# title", "# titel", r"mine\.py: the experiment block needs a text `title`"),
        ("answer = 2", "answer = 3", r"mine\.py: `answer` is 3, but there are 2 choices"),
        ("answer = 2", "answer = true", r"mine\.py: `answer` must be a whole number, 1 or more"),
        ('"one", "both"', '"both", "both"', r"mine\.py: .* `choices`, a list of two or more different texts"),
        ('"recv"', '"read"', r"mine\.py: `shows` names read, which is no socket call"),
        ("nth = 2", "nht = 2", r"mine\.py: `nht` is no key of an experiment block"),
        ("order = 3", "ordre = 3", r"mine\.py: `ordre` is no key of an experiment block"),
        ("SIZE = [1, 2]", "SIZES = [1]", r"mine\.py: the parameter SIZES is no constant .* such as SIZES = 4"),
        ("SIZE = [1, 2]", "SIZE = [1, 2.0]", r"mine\.py: the parameter SIZE needs a list of values such as 4"),
        ("shows = {", "shows = 3 #", r"mine\.py: `shows` must be a table"),
        ("# ///\nimport", "import", r"mine\.py: the experiment block that begins in line 2 has no end: a line `# ///`"),
        ("BOTH = SIZE", "BOTH = (SIZE", r"mine\.py: line 22 is no Python: '\(' was never closed"),
        ("# answer", "#answer", r"mine\.py: line 11 of the experiment block must begin with `# `"),
        ("# /// exp", "#/// exp", r"mine\.py: line 2 must be `# /// experiment`, for an experiment block to begin"),
    ],
)
def test_a_mistake_in_ones_own_file_is_one_sentence(tmp_path, old, new, sentence):
    assert old in BLOCK
    with pytest.raises(BadExperiment, match=sentence) as caught:
        load(written(tmp_path, BLOCK.replace(old, new), "mine.py"))
    assert not isinstance(caught.value, NoBlock)
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_and_carriage_returns_do_no_harm(tmp_path):
    path = tmp_path / "windows.py"
    path.write_bytes(b"\xef\xbb\xbf" + BLOCK.replace("\n", "\r\n").encode())
    assert load(path).title == "Two sends"


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(BadExperiment, match=r"none\.py: No such file"):
        find(str(tmp_path / "none.py"))
    (tmp_path / "raw.py").write_bytes(b"# \xff")
    with pytest.raises(BadExperiment, match=r"raw\.py: byte 2 is not UTF-8"):
        find(str(tmp_path / "raw.py"))
    with pytest.raises(NoBlock):
        find(str(written(tmp_path, "print(1)\n")))
    with pytest.raises(BadExperiment, match="there is no experiment greetings·: `run --list` names them"):
        find("greetings\x07")


def test_verdicts():
    assert verdict(0, "") is Verdict.HOLDS
    assert verdict(1, "Traceback\nAssertionError\n") is Verdict.FAILS
    assert verdict(2, "not available: x") is Verdict.FAILS
    assert verdict(1, "some warning\nnot available: this system has no UNIX sockets\n") is Verdict.NOT_AVAILABLE


def test_which_call_shows_it():
    calls = [
        made("send", data=b"a"), made("recv", 4, data=b"a"), made("recv", 4, error="TimeoutError - timed out"),
        made("recv", 4, data=b"b"),
    ]  # fmt: skip
    assert Shows("recv", 3).among(calls) is calls[3]
    assert Shows("recv", 1, error="TimeoutError").among(calls) is calls[2]
    assert Shows("recv", 1, data="b").among(calls) is calls[3]
    assert Shows("recv", 4).among(calls) is None


def test_the_course():
    names = [experiment.name for experiment in catalog()]
    assert len(names) >= 67
    for first, later in (("bind-errors", "greeting"), ("half-close", "time-echo"), ("recv-size", "nagle")):
        assert names.index(first) < names.index(later)
    assert tuple(by_topic(catalog())) == TOPICS
    own = parse(BLOCK, Path("x.py"))
    assert list(by_topic([own, *catalog()])) == [*TOPICS, "my course"]


def test_the_place_of_the_right_choice_tells_nothing():
    places = Counter(experiment.answer for experiment in catalog() if len(experiment.choices) == 3)
    assert min(places[1], places[2], places[3]) >= len(catalog()) // 5


def test_what_the_tutorials_teach_is_there():
    names = {experiment.name for experiment in catalog()}
    wanted = """
    greeting send-loop time-echo families methods json-extra-data too-fast udp-upper empty peer-gone sticky
    udp-truncated length-first file-with-header welcome before-accept backlog bind-errors unix-twins log-encoding
    transfer-end"""
    assert set(wanted.split()) <= names


@pytest.mark.parametrize("experiment", catalog(), ids=lambda experiment: experiment.name)
def test_a_script_is_short_and_uses_the_socket_module_alone(experiment):
    code = experiment.source.split("# ///\n", 1)[1]
    assert len(code.splitlines()) < 65
    assert "import socket\n" in code
    assert "workbench" not in code
    assert "assert " in code
    assert "time.sleep" not in code or experiment.name == "too-fast"
    for parameter in experiment.parameters:
        assert re.search(rf"\b{parameter.name}\b", code.split(f"{parameter.name} = ", 1)[1])
