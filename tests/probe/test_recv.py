"""What the record of a recv says."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from tests.probe.conftest import Tape
from tests.probe.kinds import CONNECTED, DATAGRAMS, SEQPACKET, TCP, bound, connected


@CONNECTED
def test_send_and_recv(tape: Tape, tmp_path: Path, kind: tuple[int, int]) -> None:
    client, accepted = connected(tape.socket, kind, tmp_path)
    tape.new()
    assert client.send(b"hello") == 5
    assert client.sendall(b" world") is None
    assert accepted.recv(5) == b"hello"
    assert accepted.recv(100) == b" world"
    client.close()
    assert accepted.recv(4) == b""
    send, sendall, recv, rest, close, end = tape.new()
    assert (send.call, send.args, send.result, send.data, send.requested) == ("send", [], 5, b"hello", 5)
    assert (sendall.call, sendall.result, sendall.data, sendall.requested) == ("sendall", None, b" world", 6)
    assert (recv.call, recv.args, recv.result, recv.data, recv.requested) == ("recv", [5], 5, b"hello", 5)
    assert (recv.left, rest.left, end.left) == (6, 0, 0)
    assert (rest.data, end.data, end.result) == (b" world", b"", 0)
    assert (close.call, close.result) == ("close", None)
    assert {call.socket for call in (send, sendall, close)}.isdisjoint({call.socket for call in (recv, rest, end)})
    assert send.datagram == (kind == SEQPACKET)
    assert recv.truncated is (None if kind == SEQPACKET else False)  # five of five: there may have been more
    assert rest.truncated is False


@CONNECTED
def test_the_other_ways_to_recv(tape: Tape, tmp_path: Path, kind: tuple[int, int]) -> None:
    client, accepted = connected(tape.socket, kind, tmp_path)
    buffer, halves = bytearray(8), (bytearray(2), bytearray(4))
    tape.new()
    for recv in (
        lambda: len(accepted.recvfrom(8)[0]),
        lambda: accepted.recv_into(buffer),
        lambda: accepted.recvfrom_into(memoryview(buffer)[4:], 4)[0],
        lambda: len(accepted.recvmsg(8, 64)[0]),
        lambda: accepted.recvmsg_into(iter(halves))[0],
    ):
        client.send(b"abcd")
        assert recv() == 4
    assert (buffer, halves) == (b"abcdabcd", (b"ab", b"cd\0\0"))
    recvs = [call for call in tape.new() if call.receives]
    assert [(call.call, call.args) for call in recvs] == [
        ("recvfrom", [8]), ("recv_into", [8]), ("recvfrom_into", [4]), ("recvmsg", [8, 64]), ("recvmsg_into", [6]),
    ]  # fmt: skip
    assert {(call.data, call.result, call.left) for call in recvs} == {(b"abcd", 4, 0)}


def test_a_peek_leaves_what_it_shows(tape: Tape, tmp_path: Path) -> None:
    client, accepted = connected(tape.socket, TCP, tmp_path)
    client.sendall(b"hello")
    tape.new()
    assert accepted.recv(3, socket.MSG_PEEK) == b"hel"
    assert accepted.recv(9, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"hello"
    peek, both = tape.new()
    assert (peek.peek, peek.args, peek.data, peek.left) == (True, [3, "MSG_PEEK"], b"hel", 5)
    assert (both.peek, both.args, both.left) == (True, [9, "MSG_PEEK | MSG_DONTWAIT"], 5)


@DATAGRAMS
def test_datagrams(tape: Tape, tmp_path: Path, kind: tuple[int, int]) -> None:
    receiver, sender = bound(tape.socket, kind, tmp_path, "r"), bound(tape.socket, kind, tmp_path, "s")
    receiver.settimeout(5)
    to, sent_by = receiver.getsockname(), sender.getsockname()
    tape.new()
    assert sender.sendto(b"datagram", to) == 8
    assert sender.sendto(b"flagged", socket.MSG_DONTWAIT, to) == 7
    assert sender.sendmsg([b"mes", bytearray(b"sage")], [], 0, to) == 7
    assert receiver.recvfrom(4) == (b"data", sent_by)
    assert receiver.recvfrom(100) == (b"flagged", sent_by)
    assert receiver.recvmsg(4)[2] & socket.MSG_TRUNC
    datagram, flagged, message, cut, plain, told = tape.new()
    shown_to, shown_by = (list(name) if isinstance(name, tuple) else name for name in (to, sent_by))
    assert (datagram.args, flagged.args) == ([shown_to], ["MSG_DONTWAIT", shown_to])
    assert (message.args, message.data, message.result) == ([shown_to], b"message", 7)
    assert (datagram.peer, datagram.local, datagram.datagram) == (shown_to, shown_by, True)
    assert (cut.data, cut.peer, cut.truncated) == (b"data", shown_by, None)
    assert (plain.data, plain.truncated) == (b"flagged", False)
    assert (told.data, told.truncated) == (b"mess", True)
    assert (cut.left, plain.left, told.left) == (None, None, 0)


@DATAGRAMS
def test_the_real_size_of_a_datagram_that_was_asked_for(tape: Tape, tmp_path: Path, kind: tuple[int, int]) -> None:
    receiver, sender = bound(tape.socket, kind, tmp_path, "r"), tape.socket(*kind)
    sender.sendto(b"datagram", receiver.getsockname())
    tape.new()
    assert receiver.recv_into(bytearray(2), 2, socket.MSG_PEEK | socket.MSG_TRUNC) == 8
    assert len(receiver.recv(2, socket.MSG_TRUNC)) == 8
    peek, recv = tape.new()
    assert (peek.data, peek.size, peek.truncated, peek.result) == (b"da", 8, True, 8)
    assert (recv.data, recv.size, recv.truncated, recv.result) == (b"da", 8, True, 8)


def test_tcp_throws_away_what_msg_trunc_tells(tape: Tape, tmp_path: Path) -> None:
    client, accepted = connected(tape.socket, TCP, tmp_path)
    client.sendall(b"gone and here")
    tape.new()
    assert accepted.recv_into(bytearray(9), 9, socket.MSG_TRUNC) == 9
    assert accepted.recv(9) == b"here"
    gone, here = tape.new()
    assert (gone.data, gone.result, gone.truncated, gone.left) == (b"", 9, False, 4)
    assert tape.journal.lineage.sources(here) == [(tape.calls("sendall")[0].seq, 9, 13)]


def test_a_recv_that_fails(tape: Tape, tmp_path: Path) -> None:
    _, accepted = connected(tape.socket, TCP, tmp_path)
    accepted.settimeout(0)
    tape.new()
    with pytest.raises(BlockingIOError):
        accepted.recv(7, socket.MSG_PEEK)
    accepted.settimeout(0.001)
    with pytest.raises(TimeoutError):
        accepted.recvmsg(7, 8)
    with pytest.raises(ValueError, match="negative"):
        accepted.recv(-5)
    blocked, _, timed_out, refused = tape.new()
    assert blocked.error is not None
    assert (blocked.error.type, blocked.error.errno) == ("BlockingIOError", "EAGAIN")
    assert blocked.error.message == os.strerror(errno.EAGAIN)
    assert (blocked.args, blocked.result, blocked.left, blocked.data) == ([7, "MSG_PEEK"], None, None, b"")
    assert timed_out.error is not None
    assert (timed_out.error.type, timed_out.error.errno, timed_out.error.message) == ("TimeoutError", None, "timed out")
    assert timed_out.args == [7, 8]
    assert timed_out.duration is not None
    assert timed_out.duration >= 0.001
    assert (refused.args, refused.requested) == ([-5], None)


def test_a_short_recv_before_descriptors_leaves_what_it_leaves(tape: Tape) -> None:
    one, other = tape.socket.socketpair()
    with open(os.devnull) as file:
        one.sendall(b"before")
        socket.send_fds(one, [b"with"], [file.fileno()])
        one.sendall(b"after")
    tape.new()
    _, descriptors, _, _ = socket.recv_fds(other, 100, 4)
    assert other.recv(100) in (b"after", b"withafter")
    os.close(*descriptors)
    first, last = tape.new()
    assert (first.left, last.left) == (len(last.data), 0)
