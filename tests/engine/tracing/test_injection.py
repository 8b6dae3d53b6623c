"""Calls that are made to do what they legally may: no byte is lost or made up, and each keeps its origin."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.tracing import TRACE, trace, write
from workbench.engine.tracing.own_process import Recording, record
from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.probe.rules import Injection, parse

WORDS = b"".join(number.to_bytes(4, "big") for number in range(1, 400))
"""Bytes of which any four in a row, but for their start, tell where they stand."""


def under(*rules: str, seed: int = 0) -> Injection:
    return Injection(seed, list(map(parse, rules)))


def traced_bytes(recording: Recording) -> list[tuple[Call, bytes]]:
    """Return each recv with the bytes that its lineage points at."""
    with closing(Journal(recording.path)) as journal:
        journal.pull()
        sent = {call.seq: call.data for call in journal}
        return [
            (call, b"".join(sent[part.seq][part.start : part.stop] for part in journal.lineage.sources(call) or ()))
            for call in journal
            if call.receives and call.error is None
        ]


SENDERS: dict[str, Callable[[socket.socket, bytes], Any]] = {
    "sendall": lambda sock, data: sock.sendall(data),
    "send": lambda sock, data: _all(lambda rest: sock.send(rest), data),
    "sendmsg": lambda sock, data: _all(lambda rest: sock.sendmsg([rest[:7], rest[7:]]), data),
    "makefile": lambda sock, data: _written(sock.makefile("wb"), data),
}
RECEIVERS: dict[str, Callable[[socket.socket], bytes]] = {
    "recv": lambda sock: sock.recv(100),
    "recv_into": lambda sock: _into(lambda room: sock.recv_into(room), 100),
    "recvfrom": lambda sock: sock.recvfrom(64)[0],
    "recvmsg": lambda sock: sock.recvmsg(77)[0],
    "recvmsg_into": lambda sock: _into(lambda room: sock.recvmsg_into([room[:5], room[5:]])[0], 50),
    "peek": lambda sock: (sock.recv(9, socket.MSG_PEEK), sock.recv(30))[1],
}


def _all(send: Callable[[memoryview], int], data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[send(rest) :]


def _written(file: Any, data: bytes) -> None:
    with file:
        file.write(data)


def _into(receive: Callable[[memoryview], int], size: int) -> bytes:
    room = bytearray(size)
    return bytes(room[: receive(memoryview(room))])


ranges = st.tuples(st.integers(1, 9), st.integers(0, 60)).map(lambda pair: f"{pair[0]}-{pair[0] + pair[1]}")


@settings(deadline=None, max_examples=20, phases=[Phase.explicit, Phase.generate])
@given(
    sender=st.sampled_from(sorted(SENDERS)), receivers=st.lists(st.sampled_from(sorted(RECEIVERS)), min_size=1),
    cut=ranges, offered=ranges, pieces=ranges, seed=st.integers(0, 99), chance=st.sampled_from([30, 100]),
)  # fmt: skip
def test_no_byte_is_lost_or_made_up_and_each_keeps_its_origin(
    sender: str, receivers: list[str], cut: str, offered: str, pieces: str, seed: int, chance: int
) -> None:
    rules = (f"recv:max={cut}:chance={chance}%", f"send:max={offered}:chance={chance}%", f"sendall:pieces={pieces}")
    with record(injection=under(*rules, seed=seed)) as recording:
        one, other = socket.socketpair()
        with one, other:
            sending = threading.Thread(target=lambda: (SENDERS[sender](one, WORDS), one.shutdown(socket.SHUT_WR)))
            sending.start()
            got, turn = b"", 0
            while part := RECEIVERS[receivers[turn % len(receivers)]](other):
                got, turn = got + part, turn + 1
            sending.join()
        assert got == WORDS
        seen = traced_bytes(recording)
        assert [call.data for call, _ in seen] == [origin for _, origin in seen]
        assert b"".join(call.data for call, _ in seen if not call.peek) == WORDS
        least, most = map(int, cut.split("-"))
        cuts = [call for call, _ in seen if call.injected]
        assert cuts or chance < 100
        assert all(least <= int(call.injected["max"]) <= most for call in cuts if call.injected)
        assert all(len(call.data) <= int((call.injected or {})["max"]) for call in cuts)
        assert not any(call.peek for call in cuts)


def test_a_recv_is_recorded_with_what_the_program_asked_and_what_was_left(tmp_path: Path) -> None:
    write(tmp_path, "cut.py", "import socket\na, b = socket.socketpair()\na.send(b'hello')\nprint(b.recv(1024))\n")
    traced = trace(tmp_path, "--inject", "recv:max=2", "cut.py")
    (recv,) = traced.named("recv")
    assert traced.out == "b'he'\n"
    assert (recv["args"], recv["requested"], recv["result"], recv["left"]) == ([1024], 1024, 2, 3)
    assert recv["injected"] == {"max": 2, "asked": 1024}
    shown = subprocess.run(
        [sys.executable, "-m", "workbench", "show", str(tmp_path / "session.swb")],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "cut to 2 of 1024 by --inject" in shown


def test_an_injected_error_is_raised_as_the_system_would_and_the_call_is_not_made() -> None:
    with record(injection=under("connect:error=ECONNREFUSED", "recv:error=ECONNRESET", "accept:error=EMFILE")) as kept:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(listener.getsockname())
            with socket.socket() as client:
                assert client.connect_ex(listener.getsockname()) == errno.ECONNREFUSED
            with pytest.raises(OSError, match="Too many open files"):
                listener.accept()
        one, other = socket.socketpair()
        with one, other:
            one.send(b"still there")
            with pytest.raises(ConnectionResetError):
                other.recv(5)
        failed = [(call.call, (call.injected or {}).get("error")) for call in kept.calls() if call.injected]
    names = [("connect", "ECONNREFUSED"), ("connect_ex", None), ("accept", "EMFILE"), ("recv", "ECONNRESET")]
    assert [name for name, _ in failed] == [name for name, _ in names]


def test_flags_that_promise_more_keep_their_promise() -> None:
    with record(injection=under("recv:max=1")):
        one, other = socket.socketpair()
        with one, other:
            one.sendall(b"hello world")
            assert other.recv(5, socket.MSG_PEEK) == b"hello"
            assert other.recv(5, socket.MSG_WAITALL) == b"hello"
            assert other.recv(5) == b" "


def _echoed(context: ssl.SSLContext, trusting: ssl.SSLContext, messages: list[bytes]) -> list[bytes]:
    one, other = socket.socketpair()
    with one, other:

        def echo() -> None:
            with context.wrap_socket(other, server_side=True) as secure:
                while part := secure.recv(1000):
                    secure.sendall(part)

        thread = threading.Thread(target=echo)
        thread.start()
        with trusting.wrap_socket(one) as secure:
            got = []
            for message in messages:
                secure.sendall(message)
                back = b""
                while len(back) < len(message):
                    back += secure.recv(400)
                got.append(back)
        thread.join()
        return got


def test_tls_asks_and_offers_less_and_no_plain_byte_is_lost(certificate: Path) -> None:
    with record(injection=under("recv:max=1-9", "sendall:pieces=3-20", "send:max=2")) as recording:
        serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        serving.load_cert_chain(certificate)
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        assert _echoed(serving, trusting, [WORDS, b"x" * 77]) == [WORDS, b"x" * 77]
        plain = [call for call in recording.calls() if call.tls and call.call in ("recv", "sendall")]
    assert all(call.injected for call in plain if call.data and call.call == "recv")
    assert any(call.injected for call in plain if call.call == "sendall")
    assert b"".join(call.data for call in plain if call.call == "sendall").count(WORDS) >= 1


def test_tls_that_does_not_wait_is_read_whole_as_select_sees_nothing_of_what_is_decrypted(certificate: Path) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with record(injection=under("recv:max=1")):
        one, other = socket.socketpair()
        with one, other:
            accepting = threading.Thread(target=lambda: made.append(serving.wrap_socket(other, server_side=True)))
            made: list[ssl.SSLSocket] = []
            accepting.start()
            with trusting.wrap_socket(one) as secure:
                accepting.join()
                made[0].sendall(b"hello")
                assert secure.recv(1) == b"h"
                secure.setblocking(False)
                assert secure.recv(100) == b"ello"
            made[0].close()


async def test_asyncio_streams_take_their_bytes_in_pieces() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(1000):
            writer.write(part)
            await writer.drain()
        writer.close()

    with record(injection=under("recv:max=1-20", "send:max=7")) as recording:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        writer.write(WORDS)
        writer.write_eof()
        assert await reader.read(-1) == WORDS
        writer.close()
        server.close()
        cut = [call for call in recording.calls() if call.injected and call.data]
    assert {call.call for call in cut} >= {"send"}
    assert len(cut) > len(WORDS) / 20


def test_datagrams_are_dropped_doubled_and_reordered() -> None:
    def received(*rules: str) -> list[bytes]:
        with record(injection=under(*rules)) as recording, socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(0.2)
            for number in range(6):
                sock.sendto(b"%d" % number, sock.getsockname())
            got = []
            try:
                while True:
                    got.append(sock.recvfrom(10)[0])
            except TimeoutError:
                pass
            assert any(call.injected for call in recording.calls())
            return got

    assert received("recvfrom:drop:when=2") == [b"0", b"2", b"3", b"4", b"5"]
    assert received("recv:dup:when=2") == [b"0", b"1", b"1", b"2", b"3", b"4", b"5"]
    assert received("recvfrom:reorder:when=2") == [b"0", b"2", b"1", b"3", b"4", b"5"]


def test_children_are_injected_too_and_no_variable_is_seen(tmp_path: Path) -> None:
    child = "import os, socket; a, b = socket.socketpair(); a.send(b'hello'); "
    child += "print(b.recv(9), sorted(k for k in os.environ if 'WORKBENCH' in k))"
    write(
        tmp_path,
        "parent.py",
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}], check=True)\n",
    )
    assert trace(tmp_path, "--inject", "recv:max=1", "parent.py").out == "b'h' []\n"


def test_a_bad_rule_ends_with_one_sentence_and_code_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [*TRACE, "--inject", "recv:max=no", "-m", "this"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr == (
        "socket-workbench: 'max=no' in 'recv:max=no': takes bytes, or from how many to how many: 1, or 1-9\n"
    )
    assert json.dumps(done.stdout) == '""'
