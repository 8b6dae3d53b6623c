"""A program sees no difference between a TracedSocket and a socket.socket."""

from __future__ import annotations

import io
import pickle
import re
import select
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.probe.conftest import Tape
from tests.probe.kinds import Make


def outcome(call: Callable[[], Any]) -> Any:
    """Return what came of *call*: its result, or its error's type, errno and message."""
    try:
        result = call()
    except (OSError, TypeError, ValueError, OverflowError, BufferError, MemoryError, AttributeError) as error:
        return type(error), getattr(error, "errno", None), str(error)
    return type(result) if isinstance(result, socket.socket | io.IOBase) else result


ODD: dict[str, Callable[[socket.socket], Any]] = {
    "recv(1.5)": lambda s: s.recv(1.5),  # type: ignore[arg-type]
    "recv(-1)": lambda s: s.recv(-1),
    "recv(None)": lambda s: s.recv(None),  # type: ignore[arg-type]
    "recv(2**70)": lambda s: s.recv(2**70),
    "recv(2**40)": lambda s: s.recv(2**40),
    "recv(1, 1.5)": lambda s: s.recv(1, 1.5),  # type: ignore[arg-type]
    "recv(1, 2**40)": lambda s: s.recv(1, 2**40),
    "recv(True)": lambda s: s.recv(True),
    "recv_into(text)": lambda s: s.recv_into("text"),  # type: ignore[arg-type]
    "recv_into(bytes)": lambda s: s.recv_into(b"read only"),  # type: ignore[arg-type]
    "recv_into(too much)": lambda s: s.recv_into(bytearray(2), 3),
    "recv_into(negative)": lambda s: s.recv_into(bytearray(2), -3),
    "recv_into(empty)": lambda s: s.recv_into(bytearray()),
    "recvfrom(text)": lambda s: s.recvfrom("4"),  # type: ignore[arg-type]
    "recvfrom_into(None)": lambda s: s.recvfrom_into(None),  # type: ignore[arg-type]
    "recvmsg(-1)": lambda s: s.recvmsg(-1),
    "recvmsg(1, -1)": lambda s: s.recvmsg(1, -1),
    "recvmsg_into(7)": lambda s: s.recvmsg_into(7),  # type: ignore[arg-type]
    "recvmsg_into([text])": lambda s: s.recvmsg_into(["text"]),  # type: ignore[list-item]
    "send(text)": lambda s: s.send("text"),  # type: ignore[arg-type]
    "send(None)": lambda s: s.send(None),  # type: ignore[arg-type]
    "send(b'', None)": lambda s: s.send(b"", None),  # type: ignore[arg-type]
    "send(every second byte)": lambda s: s.send(memoryview(b"abcd")[::2]),
    "sendall(text)": lambda s: s.sendall("text"),  # type: ignore[arg-type]
    "sendall(7)": lambda s: s.sendall(7),  # type: ignore[arg-type]
    "sendall(every second byte)": lambda s: s.sendall(memoryview(b"abcd")[::2]),
    "sendall(b'x', 1.5)": lambda s: s.sendall(b"x", 1.5),  # type: ignore[arg-type]
    "sendto(data)": lambda s: s.sendto(b"x"),  # type: ignore[call-overload]
    "sendto(data, 7)": lambda s: s.sendto(b"x", 7),  # type: ignore[call-overload]
    "sendto(text, address)": lambda s: s.sendto("x", ("127.0.0.1", 9)),  # type: ignore[call-overload]
    "sendmsg(7)": lambda s: s.sendmsg(7),  # type: ignore[arg-type]
    "sendmsg([text])": lambda s: s.sendmsg(["text"]),  # type: ignore[list-item]
    "sendmsg([], 7)": lambda s: s.sendmsg([], 7),  # type: ignore[arg-type]
    "bind(float port)": lambda s: s.bind(("127.0.0.1", 6789.0)),
    "bind(port 70000)": lambda s: s.bind(("127.0.0.1", 70000)),
    "bind(list)": lambda s: s.bind(["127.0.0.1", 0]),
    "bind(number)": lambda s: s.bind(7),
    "connect(float port)": lambda s: s.connect(("127.0.0.1", 6789.5)),
    "connect(huge port)": lambda s: s.connect(("127.0.0.1", 1 << 20000)),
    "connect(text port)": lambda s: s.connect(("127.0.0.1", "http")),
    "connect(None)": lambda s: s.connect(None),
    "connect_ex(None)": lambda s: s.connect_ex(None),
    "connect_ex(surrogate)": lambda s: s.connect_ex(("\ud800", 1)),
    "listen(text)": lambda s: s.listen("5"),  # type: ignore[arg-type]
    "listen(huge)": lambda s: s.listen(1 << 20000),
    "listen(1.5)": lambda s: s.listen(1.5),  # type: ignore[arg-type]
    "shutdown(text)": lambda s: s.shutdown("WR"),  # type: ignore[arg-type]
    "shutdown(9)": lambda s: s.shutdown(9),
    "settimeout(text)": lambda s: s.settimeout("1"),  # type: ignore[arg-type]
    "settimeout(-1)": lambda s: s.settimeout(-1),
    "settimeout(nan)": lambda s: s.settimeout(float("nan")),
    "settimeout(inf)": lambda s: s.settimeout(float("inf")),
    "setblocking(text)": lambda s: s.setblocking("no"),  # type: ignore[arg-type]
    "setsockopt(text)": lambda s: s.setsockopt("a", "b", "c"),  # type: ignore[call-overload]
    "setsockopt(one)": lambda s: s.setsockopt(1),  # type: ignore[call-overload]
    "getsockopt(99)": lambda s: s.getsockopt(99, 99),
    "getsockopt(bytes)": lambda s: s.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8),
    "makefile(x)": lambda s: s.makefile("x"),  # type: ignore[call-overload]
    "sendfile(text)": lambda s: s.sendfile("text"),  # type: ignore[arg-type]
    "sendfile(text file)": lambda s: s.sendfile(io.StringIO("text")),  # type: ignore[arg-type]
    "pickle": pickle.dumps,
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("state", ["connected", "fresh", "closed"])
def test_odd_arguments_end_as_with_a_plain_socket(tape: Tape, tmp_path: Path, name: str, state: str) -> None:
    outcomes = []
    for make in (socket.socket, tape.socket):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            with make() as sock:
                if state == "connected":
                    sock.connect(listener.getsockname())
                    accepted, _ = listener.accept()
                    accepted.sendall(b"some data")
                    accepted.close()
                    select.select([sock], [], [], 5)
                elif state == "closed":
                    sock.close()
                outcomes.append(outcome(lambda: ODD[name](sock)))
    plain, traced = outcomes
    if name == "pickle":
        assert plain[0] is traced[0] is TypeError
    else:
        assert traced == plain
    assert tape.recorder.lost == 0


@pytest.mark.parametrize("fileno", ["text", -5, 99999, 1.5])
def test_a_socket_that_cannot_be_made(tape: Tape, fileno: Any) -> None:
    plain, traced = (outcome(lambda: make(fileno=fileno)) for make in (socket.socket, tape.socket))  # noqa: B023
    assert traced == plain
    [call] = tape.new()
    assert call.error is not None
    assert (call.call, call.error.type) == ("socket", plain[0].__name__)


def test_a_socket_of_a_kind_that_is_not_there(tape: Tape) -> None:
    for given in ((socket.AF_INET, 77), ("x",), (socket.AF_UNIX, socket.SOCK_STREAM, 999)):
        plain, traced = (outcome(lambda: make(*given)) for make in (socket.socket, tape.socket))  # noqa: B023
        assert traced == plain
        assert plain[0] in (OSError, TypeError)
    assert [call.args for call in tape.new()] == [["AF_INET", 77], ["x"], ["AF_UNIX", "SOCK_STREAM", 999]]


def test_it_is_written_as_a_socket_is_without_leaving_calls(tape: Tape) -> None:
    def written(make: Make) -> list[str]:
        with make() as sock:
            texts = [repr(sock)]
            sock.bind(("127.0.0.1", 0))
            texts.append(repr(sock))
        return [re.sub(r"<[\w.<>]*|fd=\d+|, \d+\)", "", text) for text in (*texts, repr(sock))]

    assert written(tape.socket) == written(socket.socket)
    assert [call.call for call in tape.new()] == ["socket", "bind", "close"]
