"""What the record of a send says."""

from __future__ import annotations

import array
import ctypes
import fcntl
import io
import os
import select
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.probe.conftest import Tape
from tests.probe.kinds import TCP, UDP, UNIX, bound, connected


@pytest.mark.parametrize("kind", [TCP, UNIX], ids=["tcp", "unix"])
def test_a_sendall_that_times_out_records_exactly_what_went_out(
    tape: Tape, tmp_path: Path, kind: tuple[int, int]
) -> None:
    client, accepted = connected(tape.socket, kind, tmp_path)
    client.settimeout(0.05)
    payload = os.urandom(1 << 23)
    tape.new()
    with pytest.raises(TimeoutError):
        client.sendall(payload)
    client.shutdown(socket.SHUT_WR)
    arrived = b"".join(iter(lambda: socket.socket.recv(accepted, 1 << 20), b""))
    call = tape.new()[0]
    assert 0 < len(arrived) < len(payload)
    assert call.data == arrived == payload[: len(arrived)]
    assert (call.requested, call.result) == (len(payload), None)
    assert call.error is not None
    assert (call.error.type, call.error.message) == ("TimeoutError", "timed out")


def test_a_sendall_that_is_reset_records_what_went_out(tape: Tape, tmp_path: Path) -> None:
    client, accepted = connected(tape.socket, UNIX, tmp_path)
    thread = threading.Thread(target=lambda: (socket.socket.recv(accepted, 1), socket.socket.close(accepted)))
    thread.start()
    tape.new()
    with pytest.raises(BrokenPipeError):
        client.sendall(bytes(1 << 23))
    thread.join()
    call = tape.new()[0]
    assert 0 < len(call.data) < 1 << 23
    assert call.error is not None
    assert call.error.errno == "EPIPE"


def test_a_sendall_waits_no_longer_than_its_timeout_in_all(tape: Tape, tmp_path: Path) -> None:
    client, accepted = connected(tape.socket, UNIX, tmp_path)
    client.settimeout(0.2)
    stop = threading.Event()

    def trickle() -> None:
        while not stop.wait(0.01):
            socket.socket.recv(accepted, 65536)

    thread = threading.Thread(target=trickle)
    thread.start()
    with pytest.raises(TimeoutError):
        client.sendall(bytes(1 << 26))
    stop.set()
    thread.join()
    [call] = tape.calls("sendall")
    assert call.duration is not None
    assert 0.2 <= call.duration < 0.35


def test_a_sendall_on_a_descriptor_that_select_does_not_take(tape: Tape, tmp_path: Path) -> None:
    client, accepted = connected(socket.socket, TCP, tmp_path)
    with tape.socket(fileno=fcntl.fcntl(client.fileno(), fcntl.F_DUPFD, 1024)) as high:
        high.settimeout(5)
        high.sendall(b"high")
        assert accepted.recv(4) == b"high"


@pytest.mark.parametrize(
    "data",
    [bytearray(b"abcd"), memoryview(b"abcd"), array.array("H", [0x6261, 0x6463]), (ctypes.c_char * 3 * 0)()],
    ids=["bytearray", "memoryview", "array", "no rows"],
)
def test_whatever_has_bytes_is_sent_and_recorded(tape: Tape, tmp_path: Path, data: Any) -> None:
    client, _accepted = connected(tape.socket, TCP, tmp_path)
    tape.new()
    client.sendall(data)
    assert client.send(data) == memoryview(data).nbytes
    assert client.sendmsg([data, b"!"]) == memoryview(data).nbytes + 1
    sendall, send, message = tape.new()
    assert sendall.data == send.data == bytes(data)
    assert message.data == bytes(data) + b"!"
    assert sendall.requested == send.requested == len(bytes(data))


def test_an_empty_datagram_is_sent_by_sendall(tape: Tape, tmp_path: Path) -> None:
    receiver, sender = bound(tape.socket, UDP, tmp_path), tape.socket(*UDP)
    sender.connect(receiver.getsockname())
    sender.sendall(b"")
    receiver.settimeout(5)
    assert receiver.recv(10) == b""


def test_sendfile_is_recorded_with_the_bytes_of_the_file(tape: Tape, tmp_path: Path) -> None:
    client, accepted = connected(tape.socket, TCP, tmp_path)
    (tmp_path / "file").write_bytes(b"0123456789")
    tape.new()
    with open(tmp_path / "file", "rb") as file:
        assert client.sendfile(file, 2, 5) == 5
        assert file.tell() == 7
    assert accepted.recv(100) == b"23456"
    [call] = tape.calls("sendfile")
    assert (call.data, call.result, call.requested) == (b"23456", 5, 5)
    tape.new()
    assert client.sendfile(io.BytesIO(b"from memory")) == 11
    assert [(call.call, call.data) for call in tape.new()] == [("send", b"from memory")]


def test_a_sendfile_that_times_out_records_exactly_what_went_out(tape: Tape, tmp_path: Path) -> None:
    client, accepted = connected(tape.socket, TCP, tmp_path)
    client.settimeout(0.05)
    payload = os.urandom(1 << 23)
    (tmp_path / "file").write_bytes(payload)
    with open(tmp_path / "file", "rb") as file, pytest.raises(TimeoutError):
        client.sendfile(file, 100)
    client.shutdown(socket.SHUT_WR)
    arrived = b"".join(iter(lambda: socket.socket.recv(accepted, 1 << 20), b""))
    [call] = tape.calls("sendfile")
    assert call.data == arrived == payload[100 : 100 + len(arrived)]


def test_urgent_data(tape: Tape, tmp_path: Path) -> None:
    client, accepted = connected(tape.socket, TCP, tmp_path)
    client.send(b"ab!", socket.MSG_OOB)
    client.send(b"cd")
    select.select([accepted], [], [accepted], 5)
    assert accepted.recv(1, socket.MSG_OOB) == b"!"
    first = accepted.recv(2)
    assert first == b"ab"
    recvs = tape.calls("recv")
    assert [tape.journal.lineage.sources(call) for call in recvs] == [[], []]
