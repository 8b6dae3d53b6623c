"""What a server answers, asked alone and over real connections."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from tests.engine.live_bench import LiveBench, dial, port_of
from tests.registered import defined_in
from workbench.engine.endpoints import responders
from workbench.engine.endpoints.responders.command import TEXTS
from workbench.engine.endpoints.responders.registry import BY_NAME, RESPONDERS, responder
from workbench.engine.endpoints.responders.responder import Kind, UnknownResponder
from workbench.engine.endpoints.responders.with_time import with_time


@pytest.mark.parametrize(
    ("name", "received", "answer"),
    [
        ("none", b"anything", None),
        ("echo", b"a\x00\xff", b"a\x00\xff"),
        ("upper", b"hello 9", b"HELLO 9"),
        ("welcome", b"1", b"welcome to server!"),
        ("welcome", b"1\r\n", b"welcome to server!"),
        ("welcome", b"2", b"please go out!"),
        ("command", b"HELP\n", TEXTS[b"help"]),
        ("command", b"rm -rf /", b"no such command; try help"),
        ("fixed:Are you want to talk to Me", b"Hey~~~", b"Are you want to talk to Me"),
        ("fixed:a:b", b"?", b"a:b"),
        ("fixed:", b"?", b""),
    ],
)
def test_what_is_answered(name: str, received: bytes, answer: bytes | None) -> None:
    assert responder(name)().answer(received) == answer


def test_each_that_is_defined_is_registered_by_a_name_of_its_own() -> None:
    defined = defined_in(responders, Kind)
    assert {kind.name for kind in defined} == {kind.name for kind in RESPONDERS}
    assert len(BY_NAME) == len(RESPONDERS) == len(defined)


@pytest.mark.parametrize("kind", RESPONDERS, ids=lambda kind: kind.name)
def test_each_answers_bytes_or_says_what_its_argument_has_to_be(kind: Kind) -> None:
    if kind.argument and not kind.argument.startswith("["):
        with suppress(UnknownResponder):
            responder(kind.name)
    else:
        assert isinstance(responder(kind.name)().answer(b"1"), bytes | None)


@pytest.mark.parametrize(
    ("argument", "suffix", "form"),
    [("", "", "x"), ("TEXT", "", "x:TEXT"), ("[N]", "", "x[:N]"), ("FILE.py:FUNCTION", ".py", "FILE.py:FUNCTION")],
)
def test_how_a_kind_is_written(argument: str, suffix: str, form: str) -> None:
    assert Kind("x", "", lambda argument: BY_NAME["echo"].make(""), argument, suffix).form == form


def test_time_stands_before_the_text() -> None:
    assert with_time(b"x", lambda: "Fri Nov 20 07:23:29 2026") == b"[Fri Nov 20 07:23:29 2026] x"
    told = responder("time")().answer(b"x")
    assert re.fullmatch(rb"\[\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\] x", told or b"")


def test_fixed_takes_the_reply_of_the_settings() -> None:
    assert responder("fixed", "¡hola!")().answer(b"") == "¡hola!".encode()


def test_only_welcome_answers_silence() -> None:
    assert responder("welcome")().silence() == b"time out"
    others = [kind for kind in RESPONDERS if kind.name != "welcome" and (not kind.argument or kind.argument[0] == "[")]
    assert {kind.make("")().silence() for kind in others} == {None}


def test_length_first_sends_the_length_then_waits_then_sends_the_text() -> None:
    one, other = responder("length-first")(), responder("length-first")()
    assert one.answer(b"long") == str(len(TEXTS[b"long"])).encode()
    assert other.answer(b"motd") == str(len(TEXTS[b"motd"])).encode()
    assert one.answer(b"ready") == TEXTS[b"long"]
    assert one.answer(b"motd") == str(len(TEXTS[b"motd"])).encode()


@pytest.mark.parametrize("name", ["", "ecko", "py:f", "echo:"])
def test_an_unknown_name_is_told_with_those_that_there_are(name: str) -> None:
    with pytest.raises(UnknownResponder, match=r"there are none, echo, .*fixed:TEXT, .*FILE\.py:FUNCTION, FILE\.toml"):
        responder(name)


def test_a_file_without_a_function_is_told_how_it_is_written() -> None:
    with pytest.raises(UnknownResponder, match=r"'x\.py': it is written FILE\.py:FUNCTION"):
        responder("x.py")


@pytest.mark.parametrize(
    ("text", "function", "reason"),
    [
        (None, "reply", "there is no file"),
        ("", "reply", "the file has no function reply"),
        ("reply = 7", "reply", "the file has no function reply"),
        ("def reply(data): return data", "", "the file has no function "),
        ("def reply(:", "reply", "SyntaxError: "),
        ("1 / 0", "reply", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(3)", "reply", "SystemExit: 3"),
        ("import no_such_module", "reply", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_a_file_that_gives_no_responder(text: str | None, function: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "answers.py"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UnknownResponder, match=re.escape(reason)):
        responder(f"{file}:{function}")


# --- over connections ------------------------------------------------------------------------------------------------


def test_a_person_s_own_function_answers(live: LiveBench, tmp_path: Path) -> None:
    file = tmp_path / "answers.py"
    file.write_text("def reply(data):\n    return None if data == b'hush' else data[::-1]\n")
    server = live.serve(responder=f"{file}:reply")
    with dial(server) as peer:
        peer.sendall(b"hush")
        live.eventually(lambda: live.state("conn 1").bytes_in == 4)
        peer.sendall(b"abc")
        assert peer.recv(100) == b"cba"


def test_one_that_raises_ends_its_connection_and_is_told(live: LiveBench, tmp_path: Path) -> None:
    file = tmp_path / "answers.py"
    file.write_text("def reply(data):\n    return data[int(data)]\n")
    server = live.serve(responder=f"{file}:reply")
    with dial(server) as one, dial(server) as other:
        live.endpoint("conn 2")
        one.sendall(b"text")
        assert one.recv(100) == b""
        assert list(server.problems) == [
            "conn 1: the responder raised ValueError: invalid literal for int() with base 10: b'text' at answers.py:2"
        ]
        other.sendall(b"me")
        assert other.recv(100) == b""
    assert server.running


@pytest.mark.parametrize(
    ("body", "problem"),
    [("raise SystemExit('bye')", "SystemExit: bye"), ("return reply(data)", "RecursionError: ")],
)
def test_nothing_that_one_raises_stops_the_server(body: str, problem: str, live: LiveBench, tmp_path: Path) -> None:
    file = tmp_path / "answers.py"
    file.write_text(f"def reply(data):\n    {body}\n")
    server = live.serve(responder=f"{file}:reply")
    for _ in range(2):
        with dial(server) as peer:
            peer.sendall(b"?")
            assert peer.recv(100) == b""
    assert [problem in told for told in server.problems] == [True, True]


def test_what_can_not_be_sent_is_said_and_ends_the_connection(live: LiveBench, tmp_path: Path) -> None:
    file = tmp_path / "answers.py"
    file.write_text("def reply(data):\n    return 'text, not bytes'\n")
    server = live.serve(responder=f"{file}:reply")
    with dial(server) as peer:
        peer.sendall(b"?")
        assert peer.recv(100) == b""
    assert live.calls("conn 1", "sendall") == []
    assert list(server.problems) == ["conn 1: the responder returned str, not bytes or None: write .encode() behind it"]


def test_a_datagram_server_goes_on_after_one_that_raised(live: LiveBench, tmp_path: Path) -> None:
    file = tmp_path / "answers.py"
    file.write_text("def reply(data):\n    return str(int(data)).encode()\n")
    server = live.serve(type="SOCK_DGRAM", responder=f"{file}:reply")
    with socket.socket(type=socket.SOCK_DGRAM) as peer:
        peer.settimeout(5)
        peer.connect(("127.0.0.1", port_of(server)))
        peer.send(b"text")
        peer.send(b" 42 ")
        assert peer.recv(100) == b"42"
    assert len(server.problems) == 1


def test_each_sender_of_datagrams_has_a_conversation_of_its_own(live: LiveBench) -> None:
    server = live.serve(type="SOCK_DGRAM", responder="length-first")
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as other:
        for peer, command in ((one, b"motd"), (other, b"help")):
            peer.settimeout(5)
            peer.connect(("127.0.0.1", port_of(server)))
            peer.send(command)
            assert peer.recv(2000) == str(len(TEXTS[command])).encode()
        for peer, command in ((one, b"motd"), (other, b"help")):
            peer.send(b"ready")
            assert peer.recv(2000) == TEXTS[command]


def test_welcome_says_time_out_to_silence_and_leaves(live: LiveBench) -> None:
    server = live.serve(timeout=0.2, responder="welcome")
    with dial(server) as peer:
        peer.sendall(b"1")
        assert peer.recv(100) == b"welcome to server!"
        assert peer.recv(100) == b"time out"
        assert peer.recv(100) == b""
    live.eventually(lambda: live.state("conn 1").closed)
    assert [call.call for call in live.calls("conn 1")] == [
        *("settimeout", "recv", "sendall", "recv", "sendall", "close")
    ]


def test_a_reply_and_a_send_by_hand_do_not_mix_their_bytes(live: LiveBench) -> None:
    reply, by_hand = "r" * (4 << 20), b"h" * (4 << 20)
    server = live.serve(responder="fixed", reply=reply)
    with dial(server) as peer:
        peer.sendall(b"?")
        live.blocked("conn 1", "sendall")
        live.endpoint("conn 1").send(by_hand, "sendall")
        received = b""
        while len(received) < 8 << 20:
            received += peer.recv(1 << 20)
    assert received == reply.encode() + by_hand
