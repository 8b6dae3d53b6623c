"""The rules by which a socket's calls end, told twice: by plain sockets, and by sockets that can be cancelled."""

from __future__ import annotations

import array
import errno
import io
import os
import resource
import socket
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from tests.engine.waits import (
    AGAIN,
    BROKEN,
    KINDS,
    REFUSED,
    RESET,
    STREAMS,
    TIMED_OUT,
    Blocked,
    fill,
    listener,
    nobody,
    outcome,
    pair,
    reset,
)
from workbench.engine.sockets.waiting_socket import WaitingSocket

Make = type[socket.socket]

pytestmark = pytest.mark.usefixtures("in_time")


@pytest.fixture(params=[socket.socket, WaitingSocket], ids=["plain", "waiting"])
def make(request: pytest.FixtureRequest) -> Make:
    return request.param


def took(call: Any) -> tuple[Any, float]:
    started = time.monotonic()
    return outcome(call), time.monotonic() - started


# --- blocking sends of streams (rule 1) ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STREAMS)
def test_a_blocking_send_waits_until_all_bytes_are_copied(kind: str, make: Make) -> None:
    one, other = pair(kind, make, small=True)
    sending = Blocked(lambda: one.send(bytes(200_000)))
    assert not sending.done()
    received = 0
    while received < 200_000:
        received += len(other.recv(3000))
    assert sending.outcome() == 200_000


@pytest.mark.parametrize("call", ["send", "sendall", "sendmsg"])
def test_the_bytes_of_a_blocked_send_arrive_in_order(call: str, make: Make) -> None:
    one, other = pair("unix", make, small=True)
    data = bytes(range(256)) * 400
    how = {
        "send": lambda: one.send(data),
        "sendall": lambda: one.sendall(array.array("i", data)),
        "sendmsg": lambda: one.sendmsg([data[:5], memoryview(data)[5:70_000], bytearray(data[70_000:])]),
    }
    sending = Blocked(how[call])
    assert other.recv(len(data), socket.MSG_WAITALL) == data
    assert sending.outcome() == (None if call == "sendall" else len(data))


def test_a_blocking_tcp_send_that_a_reset_cuts_returns_what_went_out_and_the_next_one_raises(make: Make) -> None:
    one, other = pair("tcp", make, small=True)
    sending = Blocked(lambda: one.send(bytes(200_000)))
    reset(other)
    assert 0 < sending.outcome() < 200_000
    assert outcome(lambda: one.send(b"x")) == RESET
    assert outcome(lambda: one.send(b"x")) == BROKEN


def test_a_blocking_unix_send_that_a_close_cuts_takes_the_error_with_it(make: Make) -> None:
    one, other = pair("unix", make, small=True)
    sending = Blocked(lambda: one.send(bytes(200_000)))
    other.close()
    assert 0 < sending.outcome() < 200_000
    assert one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    assert outcome(lambda: one.send(b"x")) == BROKEN


def test_sendall_raises_what_the_send_after_the_cut_one_raises(make: Make) -> None:
    one, other = pair("tcp", make, small=True)
    sending = Blocked(lambda: one.sendall(bytes(200_000)))
    reset(other)
    assert sending.outcome() == RESET


@pytest.mark.parametrize("kind", STREAMS)
def test_dontwait_makes_a_blocking_send_short(kind: str, make: Make) -> None:
    one, _other = pair(kind, make, small=True)
    assert 0 < one.send(bytes(200_000), socket.MSG_DONTWAIT) < 200_000
    while (sent := outcome(lambda: one.send(bytes(9000), socket.MSG_DONTWAIT))) != AGAIN:
        assert sent <= 9000


@pytest.mark.parametrize("kind", STREAMS)
def test_an_own_half_close_ends_a_blocked_send(kind: str, make: Make) -> None:  # rule 6
    one, _other = pair(kind, make, small=True)
    fill(one)
    sending = Blocked(lambda: one.send(b"one more"))
    one.shutdown(socket.SHUT_WR)
    assert sending.outcome() == BROKEN


# --- timeouts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STREAMS)
def test_sendall_has_one_deadline_and_tells_nobody_how_much_went_out(kind: str, make: Make) -> None:
    one, other = pair(kind, make, small=True)
    one.settimeout(0.1)
    result, seconds = took(lambda: one.sendall(bytes(200_000)))
    assert result == TIMED_OUT
    assert 0.1 <= seconds < 1
    if make is WaitingSocket:
        one.shutdown(socket.SHUT_WR)
        assert one.moved == sum(len(piece) for piece in iter(lambda: other.recv(9000), b""))


def test_sendalls_deadline_passes_while_bytes_still_go_out(make: Make) -> None:
    one, other = pair("unix", make, small=True)
    idle, _silent = pair("unix")
    idle.settimeout(0.02)
    one.settimeout(0.2)
    sending = Blocked(lambda: took(lambda: one.sendall(bytes(10_000_000))))
    while not sending.done():
        outcome(lambda: idle.recv(1))
        other.recv(9000)
    result, seconds = sending.outcome()
    assert result == TIMED_OUT
    assert 0.2 <= seconds < 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_timed_recv_waits_its_time(kind: str, make: Make) -> None:
    one, _other = pair(kind, make)
    one.settimeout(0.05)
    for call in (lambda: one.recv(5), lambda: one.recvfrom(5), lambda: one.recvmsg(5), lambda: one.recv(5, 0x40)):
        result, seconds = took(call)
        assert result == TIMED_OUT
        assert 0.05 <= seconds < 1


@pytest.mark.parametrize("kind", KINDS)
def test_timeout_zero_never_waits(kind: str, make: Make) -> None:  # rule 4
    one, _other = pair(kind, make, small=True)
    one.setblocking(False)
    assert took(lambda: one.recv(5))[0] == AGAIN
    if kind != "udp":
        fill(one)
        assert outcome(lambda: one.send(bytes(2000))) == AGAIN


@pytest.mark.parametrize("kind", KINDS)
def test_recv_of_nothing_returns_at_once_and_takes_nothing(kind: str, make: Make) -> None:  # rule 4
    one, other = pair(kind, make)
    assert one.recv(0) == b""
    assert one.recv_into(bytearray()) == 0
    other.send(b"abc")
    assert one.recv(0) == b""
    assert one.recv(9) == b"abc"


@pytest.mark.parametrize("value", [None, 0, 5, 0.1, True, 1e-12, -1, -0.5, "x", b"1", float("nan"), 1e30, 10**30])
def test_settimeout_takes_and_refuses_what_cpython_does(value: Any) -> None:
    told = []
    for make in socket.socket, WaitingSocket:
        with make() as sock:
            sock.settimeout(9)
            try:
                sock.settimeout(value)
            except (ValueError, TypeError, OverflowError) as error:
                told.append((type(error), str(error)))
            told.append((sock.gettimeout(), sock.timeout, sock.getblocking()))
    half = len(told) // 2
    assert told[:half] == told[half:]


def test_calls_on_a_closed_socket_raise_ebadf(make: Make) -> None:
    sock = make()
    sock.settimeout(1)
    sock.close()
    bad = ("OSError", errno.EBADF, "[Errno 9] Bad file descriptor")
    for call in (
        lambda: sock.recv(1),
        lambda: sock.send(b"x"),
        lambda: sock.accept(),
        lambda: sock.connect(("127.0.0.1", 9)),
        lambda: sock.settimeout(None),
        lambda: sock.settimeout(3),
        lambda: sock.shutdown(socket.SHUT_WR),
    ):
        assert outcome(call) == bad
    assert sock.detach() == -1
    with pytest.raises(ValueError, match="out of range"):
        sock.settimeout(-1)


def test_the_kernels_own_timeouts_end_a_blocking_call(make: Make) -> None:
    one, _other = pair("tcp", make, small=True)
    for option in socket.SO_RCVTIMEO, socket.SO_SNDTIMEO:
        one.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", 0, 60_000))
    result, seconds = took(lambda: one.recv(5))
    assert result == AGAIN
    assert 0.05 <= seconds < 0.3
    assert 0 < one.send(bytes(200_000)) < 200_000
    fill(one)
    assert took(lambda: one.send(bytes(9000)))[0] == AGAIN


# --- connect and accept (rules 2 and 3) ------------------------------------------------------------------------------


@pytest.mark.parametrize("timeout", [None, 2])
def test_connect_to_nobody_and_once_more(make: Make, timeout: float | None) -> None:
    address, server = nobody(), listener(make)
    one = make()
    one.settimeout(timeout)
    assert outcome(lambda: one.connect(address)) == REFUSED
    again = outcome(lambda: one.connect(server.getsockname()))
    if timeout is None:
        assert again is None
        assert one.connect_ex(server.getsockname()) == errno.EISCONN
    else:  # the socket still knows of the first attempt, as its error was read from SO_ERROR
        assert again == ("ConnectionAbortedError", errno.ECONNABORTED, "[Errno 103] Software caused connection abort")
    assert make().connect_ex(address) == errno.ECONNREFUSED


def test_connect_with_timeout_to_a_full_accept_queue(make: Make) -> None:
    server = listener(make, 0)
    first, second, third = make(), make(), make()
    first.connect(server.getsockname())
    second.settimeout(0.1)
    result, seconds = took(lambda: second.connect(server.getsockname()))
    assert result == TIMED_OUT
    assert 0.1 <= seconds < 1
    third.settimeout(0.1)
    assert third.connect_ex(server.getsockname()) == errno.EWOULDBLOCK
    second.close()
    third.close()
    assert isinstance(server.accept()[0], make)


def test_blocking_connect_finishes_one_that_was_begun_without_waiting(make: Make) -> None:
    server = listener(make)
    one = make()
    one.setblocking(False)
    assert one.connect_ex(server.getsockname()) == errno.EINPROGRESS
    one.setblocking(True)
    assert one.connect(server.getsockname()) is None
    assert one.getpeername() == server.getsockname()


def test_a_connect_under_way_cannot_be_begun_again_with_a_timeout(make: Make) -> None:
    server = listener(make, 0)
    first, second = make(), make()
    first.connect(server.getsockname())
    second.setblocking(False)
    assert second.connect_ex(server.getsockname()) == errno.EINPROGRESS
    second.settimeout(3)
    already = ("BlockingIOError", errno.EALREADY, "[Errno 114] Operation already in progress")
    result, seconds = took(lambda: second.connect(server.getsockname()))
    assert result == already
    assert seconds < 1
    second.settimeout(None)
    second.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", 0, 60_000))
    assert outcome(lambda: second.connect(server.getsockname())) == already
    third = make()
    third.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", 0, 60_000))
    assert third.connect_ex(server.getsockname()) == errno.EINPROGRESS
    second.close()
    third.close()


@pytest.mark.parametrize("type_", [socket.SOCK_STREAM, socket.SOCK_SEQPACKET])
def test_connect_to_a_full_unix_queue(make: Make, tmp_path: Path, type_: int) -> None:
    path = str(tmp_path / "s")
    server = make(socket.AF_UNIX, type_)
    server.bind(path)
    server.listen(0)
    first, second, third = (make(socket.AF_UNIX, type_) for _ in range(3))
    first.connect(path)
    second.settimeout(3)
    result, seconds = took(lambda: second.connect(path))
    assert result == AGAIN
    assert seconds < 0.3
    connecting = Blocked(lambda: third.connect(path))
    assert not connecting.done()
    server.accept()
    assert connecting.outcome() is None


def test_names_that_connect_cannot_use(make: Make) -> None:
    for family, address in (
        (socket.AF_INET, ("127.0.0.1", 70000)),
        (socket.AF_INET, ("no such host.invalid", 1)),
        (socket.AF_UNIX, "/" + "x" * 200),
        (socket.AF_UNIX, "/no/such/path"),
    ):
        told = []
        for kind in socket.socket, make:
            with kind(family) as sock:
                for call in sock.connect, sock.connect_ex:
                    try:
                        told.append(call(address))
                    except (OSError, OverflowError) as error:
                        told.append((type(error), error.args))
        assert told[:2] == told[2:]


def test_accepted_sockets_do_not_inherit_the_timeout(make: Make) -> None:
    server, one = listener(make), make()
    server.settimeout(3)
    one.connect(server.getsockname())
    accepted = server.accept()[0]
    assert isinstance(accepted, make)
    assert accepted.gettimeout() is None
    socket.setdefaulttimeout(7)
    try:
        assert make().gettimeout() == 7
        make().connect(server.getsockname())
        assert server.accept()[0].gettimeout() == 7
    finally:
        socket.setdefaulttimeout(None)


def test_accept_waits_and_a_shutdown_ends_it(make: Make) -> None:
    server, one = listener(make), make()
    accepting = Blocked(server.accept)
    one.connect(server.getsockname())
    assert accepting.outcome()[1] == one.getsockname()
    accepting = Blocked(server.accept)
    server.shutdown(socket.SHUT_RD)
    assert accepting.outcome() == ("OSError", errno.EINVAL, "[Errno 22] Invalid argument")


# --- "ready" can lie (rule 5), and what ends a recv ------------------------------------------------------------------


RECEIVED_NOTHING = {
    "recv": (lambda one: one.recv(5), b""),
    "recvfrom": (lambda one: one.recvfrom(5), (b"", None)),
    "recv_into": (lambda one: one.recv_into(bytearray(5)), 0),
    "recvfrom_into": (lambda one: one.recvfrom_into(bytearray(5)), (0, None)),
    "recvmsg": (lambda one: one.recvmsg(5), (b"", [], 0, None)),
    "recvmsg_into": (lambda one: one.recvmsg_into([bytearray(5)]), (0, [], 0, None)),
    "recv much": (lambda one: one.recv(1 << 20), b""),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", RECEIVED_NOTHING)
def test_a_blocking_recv_ends_with_shut_rd(kind: str, call: str, make: Make) -> None:
    receive, ended = RECEIVED_NOTHING[call]
    one, _other = pair(kind, make)
    receiving = Blocked(lambda: receive(one))
    one.shutdown(socket.SHUT_RD)
    assert receiving.outcome() == ended
    assert Blocked(lambda: receive(one)).outcome() == ended


def test_a_timed_wait_that_poll_lies_to_lasts_its_time_but_no_processor() -> None:
    one, _other = pair("udp", WaitingSocket)
    one.shutdown(socket.SHUT_RD)
    one.settimeout(0.2)
    used = resource.getrusage(resource.RUSAGE_THREAD).ru_utime
    result, seconds = took(lambda: one.recv(5))
    assert result == TIMED_OUT
    assert 0.2 <= seconds < 1
    assert resource.getrusage(resource.RUSAGE_THREAD).ru_utime - used < 0.1


def test_a_datagram_waits_for_room_in_the_peers_queue(make: Make, tmp_path: Path) -> None:
    path = str(tmp_path / "d")
    other, one = make(socket.AF_UNIX, socket.SOCK_DGRAM), make(socket.AF_UNIX, socket.SOCK_DGRAM)
    other.bind(path)
    one.setblocking(False)
    while outcome(lambda: one.sendto(b"x", path)) != AGAIN:
        pass
    one.settimeout(0.05)
    assert outcome(lambda: one.sendto(b"x", path)) == TIMED_OUT
    one.settimeout(None)
    sending = Blocked(lambda: one.sendto(b"last", path))
    assert not sending.done()
    other.recv(5)
    assert sending.outcome() == 4


def test_a_connected_udp_socket_hears_that_nobody_listens(make: Make) -> None:
    one = make(type=socket.SOCK_DGRAM)
    with socket.socket(type=socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        one.connect(gone.getsockname())
    for timeout in (None, 1):
        one.settimeout(timeout)
        one.send(b"x")
        assert outcome(lambda: one.recv(5)) == REFUSED
        one.send(b"x")
        assert outcome(lambda: one.send(b"x")) == REFUSED


@pytest.mark.parametrize("flag", [socket.MSG_DONTWAIT, socket.MSG_ERRQUEUE, socket.MSG_OOB])
def test_flags_that_make_a_blocking_recv_return_at_once(flag: int, make: Make) -> None:
    one, _other = pair("tcp", make)
    result, seconds = took(lambda: one.recv(5, flag))
    assert result in (AGAIN, ("OSError", errno.EINVAL, "[Errno 22] Invalid argument"))
    assert seconds < 0.3


@pytest.mark.parametrize("call", ["recv", "recvfrom", "recv_into", "recvfrom_into", "recvmsg", "recvmsg_into"])
@pytest.mark.parametrize("kind", STREAMS)
def test_waitall_waits_for_all_of_it(kind: str, call: str, make: Make) -> None:  # rule 6
    one, other = pair(kind, make)
    buffers = [bytearray(3), bytearray(3), bytearray(4)]
    all_of_it = socket.MSG_WAITALL
    receive = {
        "recv": lambda: one.recv(10, all_of_it),
        "recvfrom": lambda: one.recvfrom(10, all_of_it)[0],
        "recv_into": lambda: one.recv_into(memoryview(buffers[0]), 0, all_of_it) + one.recv_into(buffers[1], 3, 0x100),
        "recvfrom_into": lambda: one.recvfrom_into(buffers[2], 4, all_of_it)[0],
        "recvmsg": lambda: one.recvmsg(10, 0, all_of_it)[0],
        "recvmsg_into": lambda: one.recvmsg_into(buffers, 0, all_of_it)[0],
    }[call]
    other.send(b"01")
    receiving = Blocked(receive)
    assert not receiving.done()
    other.send(b"234")
    other.send(b"56789")
    result = receiving.outcome()
    assert result in (b"0123456789", {"recv_into": 6, "recvfrom_into": 4}.get(call, 10))
    if call.endswith("_into"):
        filled = b"".join(buffers)
        assert filled.strip(b"\0") == b"0123456789"[:result]


@pytest.mark.parametrize("kind", STREAMS)
def test_waitall_gets_less_at_the_end_and_leaves_tcps_error_to_the_next_call(kind: str, make: Make) -> None:
    one, other = pair(kind, make)
    other.send(b"01")
    receiving = Blocked(lambda: one.recv(10, socket.MSG_WAITALL))
    other.close()
    assert receiving.outcome() == b"01"
    assert one.recv(5) == b""

    one, other = pair(kind, make)
    one.send(b"unread")
    other.send(b"01")
    receiving = Blocked(lambda: one.recv(10, socket.MSG_WAITALL))
    other.close()  # with unread bytes: an error
    assert receiving.outcome() == b"01"
    assert outcome(lambda: one.recv(5)) == (RESET if kind == "tcp" else b"")


def test_waitall_gets_less_with_a_timeout(make: Make) -> None:
    one, other = pair("tcp", make)
    one.settimeout(1)
    other.send(b"01")
    assert one.recv(10, socket.MSG_WAITALL) == b"01"


def test_a_waitall_peek_waits_on_tcp_but_not_on_unix(make: Make) -> None:
    for kind in STREAMS:
        one, other = pair(kind, make)
        other.send(b"01")
        peeking = Blocked(lambda one=one: one.recv(4, socket.MSG_WAITALL | socket.MSG_PEEK))
        if kind == "unix":
            assert peeking.outcome() == b"01"
        else:
            assert not peeking.done()
            other.send(b"2345")
            assert peeking.outcome() == b"0123"
            assert one.recv(9) == b"012345"


# --- datagrams and messages ------------------------------------------------------------------------------------------

DATAGRAMS = ("udp", "unix-dgram", "unix-seqpacket")


@pytest.mark.parametrize("kind", DATAGRAMS)
@pytest.mark.parametrize("size", [0, 1, 4, 5, 6])
def test_the_real_size_of_what_was_cut_is_known(kind: str, size: int) -> None:
    one, other = pair(kind, WaitingSocket)
    plain, sender = pair(kind)
    data = b"abcde"[:size] + b"f" * (size > 5)

    def into(receive: Any) -> tuple[Any, bytes]:
        buffer = bytearray(4)
        result = receive(buffer)
        return result, bytes(buffer)

    calls = (
        lambda s: s.recv(4),
        lambda s: s.recvfrom(4)[0],
        lambda s: s.recvmsg(4)[:3],
        lambda s: into(s.recv_into),
        lambda s: into(lambda buffer: s.recv_into(buffer, 3)),
        lambda s: into(lambda buffer: s.recvfrom_into(buffer, 3)[0]),
        lambda s: into(lambda buffer: s.recvmsg_into([memoryview(buffer)[:1], memoryview(buffer)[2:]])[:3]),
        lambda s: into(lambda buffer: s.recv_into(buffer, 2, socket.MSG_TRUNC)),
        lambda s: s.recv(4, socket.MSG_PEEK),
        lambda s: len(s.recv(4, socket.MSG_TRUNC)),
        lambda s: s.recvfrom(0)[0],
    )
    for call in calls:
        other.send(data)
        sender.send(data)
        assert call(one) == call(plain)
        assert one.real_size == size
    assert one.recv(9) == plain.recv(9) == data  # what the peek left
    other.send(data)
    assert one.recv(1 << 30) == data
    assert one.real_size == size


def test_streams_have_no_real_size_and_lose_nothing() -> None:
    one, other = pair("tcp", WaitingSocket)
    other.send(b"abcdef")
    assert one.recv(2) == b"ab"
    assert one.real_size is None
    assert one.recv(9) == b"cdef"


def test_padding_of_the_callers_own_trunc_is_zeros_not_memory() -> None:
    one, other = pair("udp", WaitingSocket)
    other.send(b"abcdef")
    assert one.recv(2, socket.MSG_TRUNC) == b"ab\0\0\0\0"


@pytest.mark.parametrize("kind", DATAGRAMS)
def test_a_huge_bufsize_costs_nothing(kind: str, make: Make) -> None:
    one, other = pair(kind, make)
    other.send(b"small")
    result, seconds = took(lambda: one.recv(1 << 30))
    assert result == b"small"
    assert seconds < 0.1
    with pytest.raises(MemoryError):
        one.recv(1 << 60)


def test_senders_addresses(make: Make) -> None:
    one, other = pair("udp", make)
    other.send(b"x")
    assert one.recvfrom(5) == (b"x", other.getsockname())
    other.sendto(b"yz", one.getsockname())
    assert one.recvfrom_into(bytearray(5)) == (2, other.getsockname())


def test_descriptors_arrive_with_the_first_bytes_of_a_long_message(make: Make) -> None:
    one, other = pair("unix", make, small=True)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))]
    sending = Blocked(lambda: one.sendmsg([bytes(30_000), bytes(30_000)], rights))
    data, ancillary, _, _ = other.recvmsg(100_000, socket.CMSG_SPACE(4), socket.MSG_WAITALL)
    (_, _, fds), received = ancillary[0], len(data)
    os.close(array.array("i", fds)[0])
    while received < 60_000:
        received += len(other.recv(9000))
    assert sending.outcome() == 60_000


# --- files and other ways in -----------------------------------------------------------------------------------------


def test_makefile_and_sendfile(make: Make) -> None:
    one, other = pair("tcp", make)
    with one.makefile("rwb") as file:
        other.sendall(b"a line\nand more")
        assert file.readline() == b"a line\n"
        file.write(b"answer")
        file.flush()
        assert other.recv(9) == b"answer"
        assert one.sendfile(io.BytesIO(b"from a file"), offset=5) == 6
        assert other.recv(9) == b"a file"


def test_a_detached_descriptor_blocks_if_that_was_declared() -> None:
    for timeout in (None, 3):
        one, _other = pair("unix", WaitingSocket)
        one.settimeout(timeout)
        fd = one.detach()
        assert os.get_blocking(fd) is (timeout is None)
        os.close(fd)


def test_wrong_arguments_are_refused_as_by_a_plain_socket() -> None:
    told = []
    for make in socket.socket, WaitingSocket:
        for kind in STREAMS + DATAGRAMS:
            one, _other = pair(kind, make)
            for call in (
                lambda s: s.send("text"),
                lambda s: s.sendall("text"),
                lambda s: s.sendto("text", ("127.0.0.1", 1)),
                lambda s: s.sendto(b"x"),
                lambda s: s.recv(-1),
                lambda s: s.recvfrom(-1),
                lambda s: s.recvmsg(-1),
                lambda s: s.recv_into(bytearray(2), 3),
                lambda s: s.recv_into(bytearray(2), -3),
                lambda s: s.recvfrom_into(bytearray(2), 3),
                lambda s: s.recv_into(b"read only"),
                lambda s: s.recvmsg_into([b"read only"]),
                lambda s: s.recv("5"),
                lambda s: s.settimeout(-2),
            ):
                with pytest.raises((TypeError, ValueError)) as caught:
                    call(one)
                told.append((kind, caught.type))
    assert told[: len(told) // 2] == told[len(told) // 2 :]
