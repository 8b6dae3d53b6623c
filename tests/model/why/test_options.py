"""Every socket option that the socket module names has a sentence of its own, which its value decides."""

from __future__ import annotations

import re
import socket
import struct

import pytest

from tests.calls import made
from workbench.model.call.constants import OPTIONS, name_option
from workbench.model.why.options import LEVELS, sentence_of
from workbench.model.why.options.sentence import Sentence
from workbench.model.why.why import why

_NO_OPTIONS = re.compile("SO_(J1939|VM_SOCKETS)_|IP_DEFAULT_|IP_MAX_|IPV6_RTHDR_TYPE_0")
"""Of other protocols' levels, and limits and defaults: no option of the levels here."""
LEVEL = {prefix: level for level, prefix in OPTIONS.items()}
NAMED = sorted(
    name
    for name, value in vars(socket).items()
    if name.partition("_")[0] + "_" in LEVEL and isinstance(value, int) and not _NO_OPTIONS.match(name)
)
NEWER = [
    "IP_ADD_SOURCE_MEMBERSHIP", "IP_BLOCK_SOURCE", "IP_DROP_SOURCE_MEMBERSHIP", "IP_PKTINFO", "IP_UNBLOCK_SOURCE",
    "SO_BINDTOIFINDEX", "TCP_CC_INFO", "TCP_FASTOPEN_CONNECT", "TCP_FASTOPEN_KEY", "TCP_FASTOPEN_NO_COOKIE",
    "TCP_INQ", "TCP_MD5SIG", "TCP_MD5SIG_EXT", "TCP_QUEUE_SEQ", "TCP_REPAIR", "TCP_REPAIR_OPTIONS",
    "TCP_REPAIR_QUEUE", "TCP_REPAIR_WINDOW", "TCP_SAVED_SYN", "TCP_SAVE_SYN", "TCP_THIN_DUPACK",
    "TCP_THIN_LINEAR_TIMEOUTS", "TCP_TIMESTAMP", "TCP_TX_DELAY", "TCP_ULP", "TCP_ZEROCOPY_RECEIVE",
]  # fmt: skip
"""What 3.12 and 3.13 name beyond 3.11: a traced program may run under them."""
ALL = [(level, name, each) for level, table in LEVELS.items() for name, each in table.items()]


@pytest.mark.parametrize("name", NAMED)
def test_each_option_of_the_socket_module_has_a_sentence(name: str) -> None:
    level = LEVEL[name.partition("_")[0] + "_"]
    assert sentence_of(level, name) is not None
    named = name_option(getattr(socket, level, 17), getattr(socket, name))[1]
    assert sentence_of(level, named) is not None  # the name by which a call's arguments show it


@pytest.mark.parametrize("name", NEWER)
def test_so_have_those_of_newer_pythons(name: str) -> None:
    assert sentence_of(LEVEL[name.partition("_")[0] + "_"], name) is not None


@pytest.mark.parametrize(("level", "name", "entry"), ALL)
def test_each_sentence_is_whole_for_any_value(level: str, name: str, entry: Sentence) -> None:
    values = (0, 1, 7, -1, None, b"", b"\0" * 8, struct.pack("ii", 1, 5), struct.pack("ll", 1, 500000), b"lo\0")
    for value in values:
        text = entry.say(value)
        assert text.endswith(".")
        assert "{" not in text
        assert text.isprintable()
    assert re.search(r"\(\d\)|Linux|RFC", entry.source)


@pytest.mark.parametrize(
    ("args", "now", "says"),
    [
        (("IPPROTO_TCP", "TCP_NODELAY", 1), None, "Nagle's algorithm is off"),
        (("IPPROTO_TCP", "TCP_NODELAY", 0), None, "Nagle's algorithm is on: a small send waits"),
        (("IPPROTO_TCP", "TCP_NODELAY", 5), 1, "was set to 5, of which the kernel made 1"),
        (("IPPROTO_TCP", "TCP_CORK", 0), None, "what it held goes out now"),
        (("SOL_SOCKET", "SO_SNDBUF", 99999999), 8388608, "no more than net.core.wmem_max, and doubles that: 8388608"),
        (("SOL_SOCKET", "SO_RCVBUF", 4096), 8192, "4096 bytes were asked for, which makes 8192"),
        (("SOL_SOCKET", "SO_RCVBUF", 1), 2304, "less than 2304 is too small: the kernel made it 2304"),
        (("SOL_SOCKET", "SO_REUSEADDR", 0), None, "bind fails while a connection"),
        (("SOL_SOCKET", "SO_LINGER", struct.pack("ii", 1, 0).decode("latin-1")), None, "sends RST instead of FIN"),
        (("SOL_SOCKET", "SO_LINGER", struct.pack("ii", 0, 9).decode("latin-1")), None, "close returns at once"),
        (("SOL_SOCKET", "SO_LINGER", struct.pack("ii", 1, 9).decode("latin-1")), None, "close waits 9 seconds at most"),
        (("SOL_SOCKET", "SO_RCVTIMEO", struct.pack("ll", 0, 50000).decode("latin-1")), None, "waits 50 ms at most"),
        (("SOL_SOCKET", "SO_RCVLOWAT", 10), None, "until 10 bytes are in the queue"),
        (("IPPROTO_TCP", "TCP_KEEPCNT", 1), None, "after 1 probe without"),
        (("IPPROTO_TCP", "TCP_CONGESTION", "bbr\0\0"), None, "the algorithm bbr"),
        (("IPPROTO_IP", "IP_TOS", 0x10), None, "type of service (TOS) 0x10 (DSCP 4)"),
        (("IPPROTO_IP", "IP_ADD_MEMBERSHIP", "\xef\1\2\3\x7f\0\0\1"), None, "joins the multicast group 239.1.2.3:"),
        (("IPPROTO_IPV6", "IPV6_V6ONLY", 0), None, "takes IPv4 too"),
        (("SOL_SOCKET", 9999, 1), None, "is not known here"),
    ],
)  # fmt: skip
def test_the_value_decides(args: tuple[object, ...], now: int | None, says: str) -> None:
    found = why(made("setsockopt", *args, result=None, now=now))
    assert says in " ".join(found.sentences)


def test_what_an_option_is_found_to_be() -> None:
    found = why(made("getsockopt", "IPPROTO_TCP", "TCP_INFO", result=8))
    assert found.sentences[1].endswith("It is in state CLOSE_WAIT.")
    found = why(made("getsockopt", "SOL_SOCKET", "SO_TYPE", result=1))
    assert found.sentences == ("SO_TYPE is 1.", "It is the socket's type: SOCK_STREAM.")
