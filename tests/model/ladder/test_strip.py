from __future__ import annotations

from tests.calls import made
from workbench.model.ladder.lifelines import Lifeline, Lifelines
from workbench.model.ladder.rungs import Arrow, Kind, Phase, Rung
from workbench.model.ladder.strip import LOOKS, columns, heading, strip
from workbench.model.lineage.lineage import Part
from workbench.model.text.safe import cells

TWO = Lifelines((Lifeline("client 1"), Lifeline("server")), {"7.1": 0, "7.2": 1}, {})


def drawn(rung: Rung, width: int = 80, lives: Lifelines = TWO) -> str:
    return "".join(text for text, _ in strip(rung, columns(lives, width)))


def send(kind: Kind = Kind.DATA, **facts: object) -> Rung:
    call = made("send", data=b"hello ", seq=9, socket="7.1")
    return Rung(call, Phase.CALL, 0.0011, 0.0, Arrow(kind, "7.1", "7.2", "6 B"), **facts)


def test_a_send_and_what_is_then_under_way() -> None:
    line = drawn(send(under_way=(("7.2", 6),)))
    assert line.startswith("+0.0011 ")
    assert line.endswith("#9 send(b'hello ')│─── 6 B ────▶ 6 ┃│")


def test_each_kind_of_arrow_has_a_look_of_its_own() -> None:
    assert set(LOOKS) == set(Kind)
    lines = {kind: drawn(send(kind)) for kind in Kind}
    assert "✗" in lines[Kind.LOST]
    assert "?" in lines[Kind.UNKNOWN]
    assert "═" in lines[Kind.CONNECTED]


def test_a_wait_is_seen_on_its_lifeline() -> None:
    call = made("recv", 1024, seq=3, socket="7.2")
    line = drawn(Rung(call, Phase.BEGIN, 1.5, 1.2, waiting=("7.2",)))
    assert line.startswith("+1.5000  ┊")
    assert line.endswith("┊#3 recv(1024) waits")


def test_what_a_recv_took_names_the_sends() -> None:
    call = made("recv", 1024, data=b"hello world", seq=11, socket="7.2", requested=1024)
    sources = (Part(9, 0, 6), Part(10, 0, 5))
    line = drawn(Rung(call, Phase.CALL, 0.0012, 0, Arrow(Kind.TAKEN, "7.1", "7.2", "11 B"), sources), width=120)
    assert line.endswith("0 ──▶│#11 recv(1024) = b'hello world' #9 #10")


def test_no_line_is_wider_than_asked_for_and_names_are_harmless() -> None:
    lives = Lifelines((Lifeline("client"), Lifeline("server")), {"7.1": 0, "7.2": 1}, {})
    for width in (60, 80, 100, 120, 200):
        assert cells(drawn(send(under_way=(("7.2", 123456),)), width, lives)) <= width
        assert cells("".join(text for text, _ in heading(columns(lives, width)))) <= width


def test_a_call_that_inject_changed_bears_a_sign() -> None:
    call = made("recv", 1024, data=b"h", seq=3, socket="7.2", requested=1, injected={"max": 1, "asked": 1024})
    assert "✂" in drawn(Rung(call, Phase.CALL, 1.0, 0.0), width=120)
