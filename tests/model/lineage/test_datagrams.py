"""Which recv took which datagram, from records alone: where it can be known, and where it can't."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.probe.format import CODE, DATAGRAM, DELIVERED, DROPPED, PEEK, TRUNCATED, WHOLE
from workbench.probe.recorder import Recorder

UDP, UNIX = int(socket.AF_INET), int(socket.AF_UNIX)
SERVER, CLIENT, OTHER = 1, 2, 3
PORT = 9000
PORTS = {SERVER: PORT, CLIENT: 50002, OTHER: 50003, 77: 50077}


class Tape:
    """A session written call by call; each takes 1 ms, in steps of 10 ms, unless told."""

    def __init__(self, path: Path) -> None:
        self.recorder = Recorder(str(path), clock=lambda: 0, wall=lambda: 0)
        self.journal = Journal(path)
        self.now = 0.0

    def call(
        self, name: str, number: int, data: bytes = b"", *, at: float = 0, took: float = 1, **facts: object
    ) -> Call:
        self.now = at or self.now + 10
        tail = facts.pop("tail", "")
        flags = DATAGRAM | int(facts.pop("flags", 0))  # type: ignore[call-overload]
        self.recorder.call(
            CODE[name], (7, number), int(self.now * 1e6), int((self.now + took) * 1e6), len(data),
            data=data, tail=str(tail).encode(), flags=flags, **{"requested": 9, **facts},
        )  # fmt: skip
        self.journal.pull()
        return self.journal[len(self.journal) - 1]

    def bind(self, number: int, port: int = PORT, host: str = "127.0.0.1", **when: float) -> None:
        self.call("bind", number, tail=f'{{"family": {UDP}, "type": 2, "local": ["{host}", {port}]}}', **when)

    def send(
        self, data: bytes, number: int = CLIENT, *, to: int = PORT, host: str = "127.0.0.1", **facts: object
    ) -> Call:
        tail = f'{{"local": ["0.0.0.0", {PORTS[number]}], "peer": ["{host}", {to}]}}'
        return self.call("sendto", number, data, tail=tail, **facts)  # type: ignore[arg-type]

    def recv(self, data: bytes, sender: int = CLIENT, number: int = SERVER, **facts: object) -> Call:
        """Receive a datagram that was not cut."""
        tail = f'{{"peer": ["127.0.0.1", {PORTS[sender]}]}}'
        return self.call("recvfrom", number, data, **{"tail": tail, "flags": WHOLE, **facts})  # type: ignore[arg-type]

    def source(self, call: Call) -> int | None:
        """Return the seq of the send that *call* took: 0 if nothing is claimed, None if it may yet be known."""
        sources = self.journal.lineage.sources(call)
        return None if sources is None else sources[0].seq if sources else 0

    def taker(self, call: Call) -> int:
        takers = self.journal.lineage.takers(call)
        return takers[0].seq if takers else 0

    def lost(self, *calls: Call) -> list[bool]:
        return [self.journal.lineage.lost(call) for call in calls]


@pytest.fixture
def tape(tmp_path: Path) -> Tape:
    tape = Tape(tmp_path / "session")
    tape.bind(SERVER)
    return tape


def test_what_one_sender_lost_shows_in_what_came_after_it(tape: Tape) -> None:
    sent = [tape.send(data) for data in (b"a", b"b", b"c")]
    first, last = tape.recv(b"a"), tape.recv(b"c")
    assert [tape.source(first), tape.source(last)] == [sent[0].seq, sent[2].seq]
    assert [tape.taker(call) for call in sent] == [first.seq, 0, last.seq]
    assert tape.lost(*sent) == [False, True, False]


def test_of_two_that_are_equal_either_may_be_the_lost_one(tape: Tape) -> None:
    one, other = tape.send(b"x"), tape.send(b"x")
    received = tape.recv(b"x")
    assert tape.source(received) is None
    after = tape.send(b"y")
    tape.recv(b"y")
    assert tape.source(received) == 0
    assert tape.lost(one, other, after) == [False, False, False]
    assert [tape.taker(one), tape.taker(other)] == [0, 0]


def test_as_many_received_as_sent_leave_no_doubt(tape: Tape) -> None:
    sent = [tape.send(b"x") for _ in range(4)]
    received = [tape.recv(b"x") for _ in range(4)]
    assert [tape.source(call) for call in received] == [call.seq for call in sent]


def test_of_three_equal_ones_the_last_two_recvs_may_be_any(tape: Tape) -> None:
    for data in (b"x", b"x", b"x", b"y"):
        tape.send(data)
    received = [tape.recv(data) for data in (b"x", b"x", b"y")]
    assert [tape.source(call) for call in received] == [0, 0, 5]


def test_a_datagram_sent_after_the_recv_is_not_what_it_took(tape: Tape) -> None:
    sent = tape.send(b"x", at=10)
    tape.send(b"x", at=30)
    assert tape.source(tape.recv(b"x", at=20)) == sent.seq


def test_an_equal_one_told_late_makes_a_guess_of_what_was_sure(tape: Tape) -> None:
    tape.send(b"x", at=10)
    received = tape.recv(b"x", at=20, took=5)
    assert tape.source(received) == 2
    tape.send(b"x", at=22)
    assert tape.source(received) is None


def test_an_empty_queue_ends_all_doubt_about_what_came_before(tape: Tape) -> None:
    tape.send(b"a")
    gone = tape.send(b"x")
    tape.recv(b"a", left=0)
    assert tape.lost(gone) == [True]
    sent = [tape.send(b"x") for _ in range(2)]
    received = tape.recv(b"x", left=0)
    assert tape.source(received) == 0
    assert tape.lost(*sent) == [False, False]


def test_what_was_sent_while_the_queue_was_seen_empty_may_still_come(tape: Tape) -> None:
    tape.send(b"a", at=10)
    late = tape.send(b"b", at=20, took=10)
    tape.recv(b"a", at=25, left=0)
    assert tape.lost(late) == [False]
    assert tape.source(tape.recv(b"b", at=40)) == late.seq


def test_where_the_drop_counter_told_equal_ones_are_known(tape: Tape) -> None:
    fates = [DELIVERED, DROPPED, DELIVERED, DELIVERED]
    sent = [tape.send(b"x", flags=fate) for fate in fates]
    assert tape.lost(*sent) == [False, True, False, False]
    received = [tape.recv(b"x") for _ in range(2)]
    assert [tape.source(call) for call in received] == [sent[0].seq, sent[2].seq]
    assert tape.taker(sent[3]) == 0
    assert tape.journal.lineage.queued_messages("7.1", 1) == [(sent[3].seq, 0, 1)]
    assert tape.journal.lineage.queued_messages("7.1", 2) == [(sent[3].seq, 0, 1), None]


def test_the_queue_is_told_only_where_nothing_may_be_lost(tape: Tape) -> None:
    sent = [tape.send(data) for data in (b"a", b"bb")]
    assert tape.journal.lineage.queued_messages("7.1", 2) == [(sent[0].seq, 0, 1), (sent[1].seq, 0, 2)]
    assert tape.journal.lineage.queued_messages("7.1", 1) == [None]


def test_a_recv_told_before_its_send(tape: Tape) -> None:
    tape.send(b"a", at=5)
    peeked = tape.recv(b"x", at=20, flags=WHOLE | PEEK)
    received = tape.recv(b"x", at=25)
    assert [tape.source(peeked), tape.source(received)] == [None, None]
    sent = tape.send(b"x", at=15)
    assert [tape.source(peeked), tape.source(received)] == [sent.seq, sent.seq]
    assert tape.taker(sent) == received.seq


def test_the_answer_to_a_client_whose_first_sendto_is_told_late(tape: Tape) -> None:
    answer = tape.send(b"pong", SERVER, to=PORTS[CLIENT], at=30)
    asked = tape.send(b"ping", at=10)
    received = tape.recv(b"pong", SERVER, CLIENT, at=40)
    assert tape.source(received) == answer.seq
    assert tape.source(tape.recv(b"ping", at=50)) == asked.seq


def test_senders_are_told_apart_by_their_ports(tape: Tape) -> None:
    mine, other = tape.send(b"x", CLIENT), tape.send(b"x", OTHER)
    assert tape.source(tape.recv(b"x", OTHER)) == other.seq
    assert tape.source(tape.recv(b"x", CLIENT)) == mine.seq


def test_a_sender_outside_is_nobody(tape: Tape) -> None:
    sent = tape.send(b"x")
    assert tape.source(tape.recv(b"x", 77)) == 0
    assert tape.taker(sent) == 0
    outside = tape.send(b"x", to=53, host="192.0.2.1")
    assert not tape.journal.lineage.knows_peer(outside)
    assert tape.journal.lineage.knows_peer(sent)


def test_a_recv_that_does_not_tell_the_sender_goes_by_content(tape: Tape) -> None:
    tape.send(b"a", CLIENT)
    other = tape.send(b"b", OTHER)
    assert tape.source(tape.recv(b"b", tail="")) == other.seq
    tape.send(b"c", CLIENT)
    tape.send(b"c", OTHER)
    assert tape.source(tape.recv(b"c", tail="")) == 0


@pytest.mark.parametrize(
    "facts",
    [{"flags": WHOLE | TRUNCATED, "size": 6}, {"flags": WHOLE | TRUNCATED}, {"flags": 0, "requested": 3}],
)
def test_a_cut_datagram_is_known_by_its_beginning(tape: Tape, facts: dict[str, object]) -> None:
    for data in (b"abd...", b"ab", b"abc...", b"abd..."):
        tape.send(data)
    received = tape.recv(b"abc", **facts)
    assert tape.source(received) == 4
    assert tape.journal.lineage.takers(tape.journal[3]) == [(received.seq, 0, 3)]


def test_cut_datagrams_that_differ_behind_what_is_kept_in_memory(tape: Tape) -> None:
    sent = [tape.send(b"-" * 30 + end + b"...") for end in (b"a", b"b")]
    assert tape.source(tape.recv(b"-" * 30 + b"b", flags=WHOLE | TRUNCATED)) == sent[1].seq


def test_an_address_that_was_bound_again_has_an_empty_queue(tape: Tape) -> None:
    old = tape.send(b"x", flags=DELIVERED)
    tape.bind(OTHER)
    new = tape.send(b"x", flags=DELIVERED)
    assert tape.source(tape.recv(b"x", number=OTHER)) == new.seq
    assert tape.taker(old) == 0
    assert not tape.journal.lineage.knows_peer(old)


def test_what_was_sent_before_the_address_was_bound_reached_nobody(tape: Tape) -> None:
    early = tape.send(b"x", to=9001)
    tape.bind(OTHER, 9001)
    assert tape.source(tape.recv(b"x", number=OTHER)) is None
    assert not tape.journal.lineage.knows_peer(early)


def test_two_threads_that_receive_at_once_leave_the_order_unknown(tape: Tape) -> None:
    sent = [tape.send(data) for data in (b"a", b"b", b"c", b"c")]
    second, first = tape.recv(b"b", at=102, took=1), tape.recv(b"a", at=101, took=9)
    assert [tape.source(second), tape.lost(sent[0])] == [sent[1].seq, [False]]
    assert tape.source(first) in (sent[0].seq, None)
    assert tape.source(tape.recv(b"c", at=103, left=0)) == 0
    assert tape.lost(*sent) == [False] * 4


def test_lost_records_end_what_is_claimed(tape: Tape) -> None:
    before = tape.send(b"x")
    received = tape.recv(b"x")
    tape.recorder.lose()
    tape.send(b"x")
    assert tape.source(tape.recv(b"x")) == 0
    assert tape.source(received) == before.seq


def test_wildcards_and_mapped_addresses_are_one(tape: Tape) -> None:
    tape.bind(OTHER, 9001, "::")
    sent = tape.send(b"x", to=9001, host="::ffff:127.0.0.1")
    named = tape.send(b"y", to=9001, host="localhost")
    tail = f'{{"peer": ["::ffff:127.0.0.1", {PORTS[CLIENT]}, 0, 0]}}'
    assert tape.source(tape.recv(b"x", number=OTHER, tail=tail)) == sent.seq
    assert tape.source(tape.recv(b"y", number=OTHER, tail=tail)) == named.seq


def test_hosts_on_one_port_are_different_receivers(tape: Tape) -> None:
    tape.bind(OTHER, PORT, "127.0.0.2")
    sent = [tape.send(b"x", host=host, flags=DELIVERED) for host in ("127.0.0.1", "127.0.0.2")]
    received = [tape.recv(b"x", number=number) for number in (OTHER, SERVER)]
    assert [tape.source(call) for call in received] == [sent[1].seq, sent[0].seq]


# --- UNIX sockets ---------------------------------------------------------------------------------------------------


@pytest.fixture
def unix(tape: Tape) -> Callable[..., Call]:
    tape.call("bind", 5, tail=f'{{"family": {UNIX}, "type": 2, "local": "/x"}}')
    for number in (6, 7):
        tape.call("connect", number, tail=f'{{"family": {UNIX}, "type": 2, "local": "", "peer": "/x"}}')
    return lambda data, number, **facts: tape.call("send", number, data, **facts)


def test_unnamed_senders_take_turns(tape: Tape, unix: Callable[..., Call]) -> None:
    sent = [unix(b"x", number) for number in (6, 7, 7, 6)]
    received = [tape.call("recv", 5, b"x", flags=WHOLE) for _ in sent]
    assert [tape.source(call) for call in received] == [call.seq for call in sent]


def test_unnamed_senders_at_once_are_told_apart_by_content_alone(tape: Tape, unix: Callable[..., Call]) -> None:
    one, other = unix(b"a", 6, at=500, took=5), unix(b"b", 7, at=501, took=5)
    assert tape.source(tape.call("recv", 5, b"b", flags=WHOLE)) == other.seq
    assert tape.source(tape.call("recv", 5, b"a", flags=WHOLE)) == one.seq
    unix(b"c", 6, at=600, took=5)
    unix(b"c", 7, at=601, took=5)
    assert tape.journal.lineage.queued_messages("7.5", 2) == [None, None]
    assert tape.source(tape.call("recv", 5, b"c", flags=WHOLE)) == 0


def test_recv_of_nothing_takes_nothing_but_recvfrom_does(tape: Tape, unix: Callable[..., Call]) -> None:
    sent = [unix(data, 6) for data in (b"", b"x", b"")]
    tape.call("recv", 5, flags=WHOLE, requested=0)
    received = [tape.call("recvfrom", 5, flags=WHOLE | TRUNCATED, requested=0, size=size) for size in (0, 1, 0)]
    assert [tape.source(call) for call in received] == [call.seq for call in sent]


def test_an_empty_datagram_has_a_sender(tape: Tape, unix: Callable[..., Call]) -> None:
    sent = unix(b"", 6)
    received = tape.call("recv", 5, flags=WHOLE)
    assert tape.journal.lineage.sources(received) == [(sent.seq, 0, 0)]
    assert tape.journal.lineage.takers(sent) == [(received.seq, 0, 0)]
