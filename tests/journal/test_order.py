from __future__ import annotations

import re
import subprocess
import sys
from io import StringIO

import pytest

from tests.sessions import read
from workbench.journal.order import Lookahead, by_cause
from workbench.probe.format import CODE, NO_RESULT, OTHER_RESULT, tail_of
from workbench.probe.recorder import Recorder
from workbench.report.feed import copy
from workbench.report.html.page import export_html
from workbench.report.text import TextReport


@pytest.fixture
def ordered(tmp_path):
    """Give a function: from (call, socket, started, ended, data) in the file's order to their indexes by cause."""

    def order(*calls):
        recorder = Recorder(str(tmp_path / "a.swb"), clock=lambda: 0)
        for call, number, started, ended, data in calls:
            recorder.call(CODE[call], (7, number), started, ended, data=data)
        recorder.close()
        return list(by_cause(read(tmp_path / "a.swb")))

    return order


def test_a_recv_stands_behind_the_send_that_it_waited_for_even_if_it_returned_first(ordered):
    assert ordered(("recv", 2, 1, 8, b"x"), ("send", 1, 5, 9, b"x")) == [1, 0]


def test_an_accept_stands_behind_the_connect(ordered):
    assert ordered(("accept", 1, 1, 7, b""), ("connect", 2, 4, 9, b"")) == [1, 0]


def test_an_answer_stands_behind_what_it_answers_though_it_was_recorded_before(ordered):
    # the client's send is still to return when the server has answered
    assert ordered(("recv", 2, 1, 6, b"x"), ("send", 2, 7, 8, b"y"), ("send", 1, 5, 9, b"x")) == [2, 0, 1]


def test_one_direction_of_a_socket_stays_in_the_order_of_the_file(ordered):
    assert ordered(("send", 1, 5, 8, b"x"), ("send", 1, 3, 9, b"y"), ("send", 2, 4, 9, b"z")) == [2, 0, 1]


# --- as a session grows -----------------------------------------------------------------------------------------------


def test_a_growing_journal_gives_a_send_before_its_recv_though_it_was_written_after(tmp_path):
    recorder = Recorder(str(tmp_path / "a.swb"), clock=lambda: 0)
    journal = read(tmp_path / "a.swb")
    ahead = Lookahead(journal, 0, hold=0.1)
    recorder.call(CODE["recv"], (7, 2), 1, 8, data=b"x")
    journal.pull()
    assert list(ahead.ready(0.05)) == []
    recorder.call(CODE["send"], (7, 1), 5, 9, data=b"x")
    journal.pull()
    assert list(ahead.ready(0.2)) == [1, 0]
    recorder.call(CODE["close"], (7, 1), 10, 11)
    journal.pull()
    assert list(ahead.ready(0.05)) == []
    assert list(ahead.rest()) == [2]
    assert list(ahead.rest()) == []


class Order:
    """A report that notes the order in which it is given calls."""

    def __init__(self, by_cause: bool) -> None:
        self.by_cause = by_cause
        self.seqs: list[int] = []

    def write(self, call) -> None:
        self.seqs.append(call.seq)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("seed", range(3))
def test_no_recv_stands_before_a_send_that_fed_it_whoever_reads(tmp_path, seed):
    path = tmp_path / "s.swb"
    run_pairs(path, seed)
    journal = read(path)
    people, page = Order(True), StringIO()
    copy(journal, people)
    export_html(journal, page)
    text = StringIO()
    copy(journal, TextReport(text, journal))
    orders = [
        people.seqs,
        [int(seq) for seq in re.findall(r'id="c(\d+)"', page.getvalue())],
        [int(seq) for seq in re.findall(r"^#(\d+)", text.getvalue(), re.M)],
    ]
    for order in orders:
        place = {seq: at for at, seq in enumerate(order)}
        assert sorted(order) == list(range(1, len(journal) + 1))
        for call in journal:
            assert all(place[part.seq] < place[call.seq] for part in journal.lineage.sources(call) or ())
    file = Order(False)
    copy(journal, file)
    assert file.seqs == list(range(1, len(journal) + 1))


def run_pairs(path, seed):
    """Record processes that talk to each other at random into one session."""
    script = (
        "import random, socket, sys, threading\n"
        "from workbench.probe.recorder import Recorder\n"
        "from workbench.probe.traced_socket import TracedSocket\n"
        "class Socket(TracedSocket): pass\n"
        "Socket.recorder = Recorder(sys.argv[1]); Socket.accepts = Socket\n"
        "chance = random.Random(int(sys.argv[3]))\n"
        "sock = Socket(socket.AF_INET, socket.SOCK_STREAM)\n"
        "if sys.argv[2] == 'server':\n"
        "    sock.bind(('127.0.0.1', 0)); sock.listen(); print(sock.getsockname()[1], flush=True)\n"
        "    sock = sock.accept()[0]\n"
        "else:\n"
        "    sock.connect(('127.0.0.1', int(sys.argv[2])))\n"
        "def pour():\n"
        "    for _ in range(100): sock.sendall(bytes(chance.randrange(1, 3000)))\n"
        "    sock.shutdown(socket.SHUT_WR)\n"
        "thread = threading.Thread(target=pour); thread.start()\n"
        "while sock.recv(chance.randrange(1, 4000)): pass\n"
        "thread.join(); sock.close(); Socket.recorder.close()\n"
    )
    start = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen([*start, "server", str(seed)], stdout=subprocess.PIPE, text=True) as server:
        port = server.stdout.readline().strip()
        assert subprocess.run([*start, port, str(seed + 100)], timeout=30).returncode == 0
        assert server.wait(timeout=30) == 0


def test_a_recv_whose_send_is_not_recorded_yet_is_held_back_longer(tmp_path):
    here, there = ["127.0.0.1", 1], ["127.0.0.1", 2]
    recorder = Recorder(str(tmp_path / "a.swb"), clock=lambda: 0)
    named = {"args": [there], "local": here, "peer": there}
    recorder.call(CODE["connect"], (7, 1), 1, 2, tail=tail_of(named), flags=NO_RESULT)
    made = {"made": [[7, 3]], "local": there, "peer": here}
    recorder.call(CODE["accept"], (7, 2), 1, 3, tail=tail_of(made), flags=OTHER_RESULT)
    recorder.call(CODE["recv"], (7, 3), 4, 9, result=1, data=b"x")
    journal = read(tmp_path / "a.swb")
    ahead = Lookahead(journal, 0, hold=0.1, patience=1.0)
    assert list(ahead.ready(0.5)) == [0, 1]
    assert list(ahead.ready(1.5)) == [2]
