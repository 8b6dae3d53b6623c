from __future__ import annotations

import pytest

from tests.sessions import read
from workbench.journal.order import by_cause
from workbench.probe.format import CODE
from workbench.probe.recorder import Recorder


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
