"""A record becomes a Call, and a Call the JSON that the contract fixes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from workbench.model.call.call import Call, decode, to_json
from workbench.probe import format as record_format
from workbench.probe.format import CODE, FIELDS, Head
from workbench.probe.tail import dumps


def call(
    name: str, *, tail: Any = None, data: bytes = b"", text: tuple[str, str, str] = ("", "", ""), **fixed: int
) -> Call:
    """Return the call that a record holds: the fixed part's fields as given, else as of a plain success."""
    facts = dict.fromkeys(FIELDS, 0) | {
        "kind": record_format.CALL, "code": CODE[name], "pid": 4711, "socket_pid": 4711, "socket_number": 3,
        "result": len(data), "started": 4_213_000, "ended": 4_234_000, "requested": -1, "left": -1, "size": -1,
    }  # fmt: skip
    raw = b"" if tail is None else dumps(tail).encode()
    return decode(Head({**facts, **fixed}.values()), raw, data, seq=17, time=0.004213, text=text)


def shown(call: Call, lineage: Any = ()) -> dict[str, Any]:
    """Return the JSON of *call*, as a script reads it."""
    return json.loads(msgspec.json.encode(to_json(call, lineage)))


def test_the_example_of_the_contract_field_by_field() -> None:
    recv = call("recv", data=b"hello", requested=4, left=7, result=4, text=("conn 1", "conn 1", "server.py:12"))
    assert shown(recv, [(12, 0, 4)]) == {
        "seq": 17, "time": 0.004213, "duration": 0.000021, "pid": 4711, "thread": "conn 1", "socket": "4711.3",
        "name": "conn 1", "call": "recv", "args": [4], "result": 4, "error": None, "data": "aGVsbG8=", "requested": 4,
        "left": 7, "truncated": False, "source": "server.py:12", "lineage": [{"seq": 12, "start": 0, "stop": 4}],
    }  # fmt: skip
    assert list(shown(recv)) == [
        *("seq", "time", "duration", "pid", "thread", "socket", "name", "call", "args", "result", "error", "data"),
        *("requested", "left", "truncated", "source", "lineage"),
    ]


def test_lineage_that_is_not_known_yet_is_null() -> None:
    assert shown(call("recv"), None)["lineage"] is None
    assert shown(call("recv"), [])["lineage"] == []


HOST, PEER = ["127.0.0.1", 8080], ["127.0.0.1", 50312]
NONE = record_format.NO_RESULT


@pytest.mark.parametrize(
    ("made", "args", "result"),
    [
        (call("listen", tail={"args": [5]}, flags=NONE), [5], None),
        (call("connect", tail={"args": [HOST], "local": PEER, "peer": HOST}, flags=NONE), [HOST], None),
        (call("connect", tail={"args": ["\0name"]}, flags=NONE), ["@name"], None),
        (call("connect", tail={"args": ["@name"]}, flags=NONE), ["./@name"], None),
        (call("connect_ex", tail={"args": [HOST]}, result=111), [HOST], 111),
        (call("bind", tail={"args": [["::1", 0]], "local": ["::1", 40, 0, 0]}, flags=NONE), [["::1", 0]], None),
        (call("send", data=b"abc", requested=3), [], 3),
        (call("send", data=b"abc", requested=3, message_flags=0x8000), ["MSG_MORE"], 3),
        (call("sendall", data=b"abc", requested=3, flags=NONE), [], None),
        (call("sendto", data=b"abc", tail={"args": [HOST]}), [HOST], 3),
        (call("sendto", data=b"abc", tail={"args": [HOST]}, message_flags=0x40), ["MSG_DONTWAIT", HOST], 3),
        (call("sendto", data=b"abc", tail={"args": ["/tmp/x"]}), ["/tmp/x"], 3),
        (call("recv", requested=16, message_flags=2), [16, "MSG_PEEK"], 0),
        (
            call("recvmsg", requested=16, tail={"args": [16, 64], "peer": None}, message_flags=0x40),
            [16, 64, "MSG_DONTWAIT"],
            0,
        ),
        (call("recv_into", requested=8), [8], 0),
        (call("settimeout", tail={"args": [5.0]}, flags=NONE), [5.0], None),
        (call("settimeout", tail={"args": [None]}, flags=NONE), [None], None),
        (call("setblocking", tail={"args": [False]}, flags=NONE), [False], None),
        (call("shutdown", tail={"args": [1]}, flags=NONE), ["SHUT_WR"], None),
        (call("setsockopt", tail={"args": [1, 2, 1]}, flags=NONE), ["SOL_SOCKET", "SO_REUSEADDR", 1], None),
        (call("setsockopt", tail={"args": [6, 1, 1]}, flags=NONE), ["IPPROTO_TCP", "TCP_NODELAY", 1], None),
        (call("setsockopt", tail={"args": [1, 13, "\0x"]}, flags=NONE), ["SOL_SOCKET", "SO_LINGER", "\0x"], None),
        (call("setsockopt", tail={"args": [[1], [2], 3]}, flags=NONE), [[1], [2], 3], None),
        (call("getsockopt", tail={"args": [1, 8]}, result=131072), ["SOL_SOCKET", "SO_RCVBUF"], 131072),
        (call("socket", tail={"args": [2, 1, 0]}, result=4), ["AF_INET", "SOCK_STREAM", 0], 4),
        (call("socket", tail={"args": [2, 2049, 6, 9]}, result=4), ["AF_INET", "SOCK_STREAM | SOCK_NONBLOCK", 6, 9], 4),
        (call("socket", tail={"args": [99, 77, 0]}, result=4), [99, 77, 0], 4),
        (call("fromfd", tail={"args": [5, 1, 1, 0]}, result=9), [5, "AF_UNIX", "SOCK_STREAM", 0], 9),
        (call("makefile", tail={"args": ["@rb"]}, flags=NONE), ["@rb"], None),
        (call("detach", result=7), [], 7),
        (call("close", flags=NONE), [], None),
    ],
    ids=lambda value: f"{value.call}" if isinstance(value, Call) else "",
)
def test_arguments_and_results(made: Call, args: list[Any], result: Any) -> None:
    assert (shown(made)["args"], shown(made)["result"]) == (args, result)


@pytest.mark.parametrize(
    ("result", "json"),
    [(["127.0.0.1", 9], ["127.0.0.1", 9]), ("/tmp/x", "/tmp/x"), ("\0name", "@name"), ("", ""), (None, "")],
)
def test_addresses_as_results_are_never_null(result: Any, json: Any) -> None:
    accept = call("accept", tail={"made": [[4711, 4]], "peer": result}, flags=record_format.OTHER_RESULT)
    assert shown(accept)["result"] == ["4711.4", json]
    tail = {"made": [[4711, 4]], "label": "conn 1", "peer": result}
    named = call("accept", tail=tail, flags=record_format.OTHER_RESULT)
    assert (named.label, shown(named)) == ("conn 1", shown(accept))
    assert shown(call("getpeername", tail={"result": result}, flags=record_format.OTHER_RESULT))["result"] == json
    assert shown(call("getsockname", flags=NONE))["result"] == ""
    assert call("getpeername", tail={"error": ["OSError", "x"]}, flags=record_format.FAILED).result is None


def test_the_sockets_that_a_call_made() -> None:
    pair = shown(call("socketpair", tail={"args": [1, 1, 0], "made": [[4711, 3], [4711, 4]]}))
    assert (pair["result"], pair["made"]) == (["4711.3", "4711.4"], ["4711.3", "4711.4"])
    dup = shown(call("dup", tail={"made": [[4711, 5]], "fd": 9}, result=9))
    assert (dup["result"], dup["made"]) == (9, ["4711.5"])


@pytest.mark.parametrize(
    ("tail", "number", "json"),
    [
        (
            ["ConnectionRefusedError", "Connection refused"],
            111,
            ["ConnectionRefusedError", "ECONNREFUSED", "Connection refused"],
        ),
        (["TimeoutError", "timed out"], 0, ["TimeoutError", None, "timed out"]),
        (["OSError", "odd"], 99999, ["OSError", "99999", "odd"]),
    ],
)
def test_errors(tail: list[str], number: int, json: list[Any]) -> None:
    failed = shown(
        call("send", tail={"error": tail}, errno=number, flags=record_format.FAILED, data=b"ab", requested=9)
    )
    assert failed["error"] == dict(zip(("type", "errno", "message"), json, strict=True))
    assert (failed["result"], failed["data"], failed["requested"]) == (None, "YWI=", 9)


D, W, T = record_format.DATAGRAM, record_format.WHOLE, record_format.TRUNCATED


@pytest.mark.parametrize(
    ("name", "flags", "truncated"),
    [
        ("recv", 0, False),
        ("recvfrom", D, None),
        ("recvfrom", D | W, False),
        ("recvmsg", D | W | T, True),
        ("recvfrom", D | record_format.FAILED, False),
        ("sendto", D, False),
        ("close", D | NONE, False),
    ],
)
def test_whether_a_datagram_was_cut(name: str, flags: int, truncated: bool | None) -> None:
    assert shown(call(name, flags=flags, requested=4))["truncated"] is truncated


def test_what_is_told_only_where_it_is_known() -> None:
    plain = shown(call("recv"))
    assert {"size", "peek", "unfinished", "made"}.isdisjoint(plain)
    assert (plain["left"], plain["requested"]) == (None, None)
    cut = shown(call("recvfrom", flags=D | W | T | record_format.PEEK, size=40))
    assert (cut["size"], cut["peek"]) == (40, True)


def test_a_call_that_never_returned() -> None:
    recv = shown(call("recv", requested=4, flags=record_format.UNFINISHED))
    assert (recv["result"], recv["duration"], recv["unfinished"], recv["args"]) == (None, None, True, [4])
    assert shown(call("getsockname", flags=record_format.UNFINISHED))["result"] is None


def test_a_code_of_a_newer_version_and_a_socket_from_before_the_recorder() -> None:
    newer = call("recv", code=200, socket_number=0)
    assert (newer.call, newer.socket, newer.sends, newer.receives) == ("call 200", "", False, False)
    assert call("recv", code=0).call == "call 0"
