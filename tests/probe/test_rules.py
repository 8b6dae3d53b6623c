"""Rules for calls that do what they legally may: how they are read, and what they choose."""

from __future__ import annotations

import pytest

from workbench.probe.rules import Injection, RuleError, decide, draw, matches, name_of, parse, read


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("recv", "does not say what the call is to do"),
        ("recv:max", "'max' in 'recv:max': takes bytes"),
        ("recv:max=0", "at least 1 byte"),
        ("recv:max=9-1", "the smaller number first"),
        ("recv:mix=3", "recv knows no 'mix'"),
        ("send:drop=10%", "send knows no 'drop'"),
        ("shutdown:delay=1s", "'shutdown' in 'shutdown:delay=1s' is no call that can be injected"),
        ("recv:max=1:delay=1s", "max and delay are two things to do"),
        ("recv:max=1:when=0", "from 1: 3, 3+, 3..9"),
        ("recv:max=1:when=9..3", "3..9"),
        ("recv:max=1:chance=20", "a share from 0% to 100%"),
        ("recv:delay=5", "a time with its unit"),
        ("recv:delay=99999s", "from 0 to 600 s"),
        ("connect:error=FOO", "an errno by its name"),
        ("recv:max=1:socket=", "'socket=' in 'recv:max=1:socket=': is empty"),
        ("", "no call that can be injected"),
    ],
)
def test_a_bad_rule_is_refused_and_its_part_at_fault_is_named(text: str, says: str) -> None:
    with pytest.raises(RuleError) as raised:
        parse(text)
    assert says in str(raised.value)


def test_a_line_of_a_program_keeps_its_colon() -> None:
    rule = parse("recv:at=src/client.py:12:max=3-5:when=2/4..6/9+")
    assert (rule.at, rule.least, rule.most) == ("src/client.py:12", 3, 5)
    assert [count for count in range(1, 12) if rule.is_due(count)] == [2, 4, 5, 6, 9, 10, 11]


def test_what_is_handed_to_a_process_is_read_as_it_was_meant() -> None:
    text = str(Injection(7, [parse("recv:max=1:socket=conn 1"), parse("accept:delay=50ms")]))
    assert str(read(text)) == text
    assert read(text).seed == 7


def _cuts(seed: int, who: str, calls: int = 300) -> list[int]:
    injection, counts = Injection(seed, [parse("recv:max=1-9:chance=30%")]), {}
    decided = [decide(injection, (1, 1), "recv", who, counts, str) for _ in range(calls)]
    return [0 if decision is None else decision.most for decision in decided]


def test_chance_depends_on_seed_and_socket_and_comes_out_the_same_each_time() -> None:
    assert _cuts(1, "conn 1") == _cuts(1, "conn 1")
    assert len({tuple(_cuts(seed, who)) for seed in range(5) for who in ("conn 1", "conn 2")}) == 10
    cuts = [cut for seed in range(20) for cut in _cuts(seed, "conn 1")]
    assert 0.27 < sum(map(bool, cuts)) / len(cuts) < 0.33
    assert {*cuts} == {*range(10)}


def test_calls_are_counted_for_each_socket_and_kind_of_call_and_line() -> None:
    injection = Injection(0, [parse("recv:max=1:when=2"), parse("recv:max=5:at=b.py:when=1")])
    counts: dict[object, int] = {}
    calls = [("recv", "a.py:1"), ("send", "a.py:2"), ("recv_into", "x/b.py:3"), ("recvmsg", "a.py:1")]
    decided = [decide(injection, (1, 1), call, "conn 1", counts, lambda at=at: at) for call, at in calls]
    assert [decision and decision.most for decision in decided] == [None, None, 1, None]
    assert decided[2] is not None
    assert decided[2].note["nth"] == 2


@pytest.mark.parametrize(
    ("pattern", "name", "whether"),
    [
        ("conn 1", "conn 1", True), ("conn 1", "conn 11", False), ("conn*", "conn 1", True), ("*1", "conn 1", True),
        ("c*n*1", "conn 11", True), ("a*a", "a", False), ("*", "", True), ("server*", "conn 1", False),
    ],
)  # fmt: skip
def test_a_star_stands_for_anything(pattern: str, name: str, whether: bool) -> None:
    assert matches(pattern, name) is whether


def test_a_program_is_named_by_its_script_or_module() -> None:
    assert name_of(["python", "-X", "dev", "src/server.py", "9"]) in ("server.py", "dev")
    assert name_of(["python", "src/server.py", "-m"]) == "server.py"
    assert name_of(["python", "-m", "http.server"]) == "http.server"
    assert name_of(["python"]) == ""


def test_what_is_drawn_is_spread_evenly() -> None:
    drawn = [draw(0, "recv", place) for place in range(4000)]
    assert all(360 < sum(low <= number < low + 0.1 for number in drawn) < 440 for low in (0, 0.3, 0.9))
