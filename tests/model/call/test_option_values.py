"""NAME=VALUE as typed, to what setsockopt takes; and the kernel takes it."""

from __future__ import annotations

import socket
import struct

import pytest

from workbench.model.call.options import OptionError, parse_option


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SO_RCVBUF=4096", 4096),
        ("SO_RCVBUF=0x1000", 4096),
        ("SO_LINGER=1,0", struct.pack("ii", 1, 0)),
        ("SO_RCVTIMEO=0.5", struct.pack("@ll", 0, 500000)),
        ("TCP_CONGESTION=reno", b"reno"),
        ("TCP_NODELAY=1", 1),
        ("IP_TTL=3", 3),
        ("SO_MARK=hex:01000000", b"\1\0\0\0"),
    ],
)
def test_the_kernel_takes_what_it_stands_for(text: str, value: int | bytes) -> None:
    level, option, given = parse_option(text)
    assert given == value
    if "MARK" not in text:  # which needs a privilege
        with socket.socket() as sock:
            sock.setsockopt(level, option, given)


def test_groups_and_interfaces() -> None:
    assert parse_option("IP_ADD_MEMBERSHIP=239.1.2.3,127.0.0.1")[2] == bytes([239, 1, 2, 3, 127, 0, 0, 1])
    assert parse_option("IP_ADD_MEMBERSHIP=239.1.2.3")[2] == bytes([239, 1, 2, 3, 0, 0, 0, 0])
    assert parse_option("IP_MULTICAST_IF=127.0.0.1")[2] == bytes([127, 0, 0, 1])
    index = socket.if_nametoindex("lo")
    assert parse_option("IPV6_JOIN_GROUP=ff02::1,lo")[2] == socket.inet_pton(socket.AF_INET6, "ff02::1") + struct.pack(
        "@I", index
    )


def test_every_option_that_python_names_can_be_written() -> None:
    names = [name for name in dir(socket) if name.split("_")[0] in ("SO", "TCP", "UDP", "IP", "IPV6")]
    wrong = []
    for name in names:
        for value in ("1", "1,0", "239.1.2.3,127.0.0.1", "232.1.2.3,127.0.0.1,127.0.0.1"):
            try:
                parse_option(f"{name}={value}")
                break
            except OptionError:
                continue
        else:
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SO_RCVBUF", 'SO_RCVBUF takes a whole number, not "": write SO_RCVBUF=4096'),
        ("SO_LINGER=x", 'SO_LINGER takes on and seconds, not "x": write SO_LINGER=1,0'),
        ("IP_ADD_MEMBERSHIP=here", "write IP_ADD_MEMBERSHIP=239.1.2.3,127.0.0.1"),
        ("SO_RUBBISH=1", 'no socket option "SO_RUBBISH"'),
    ],
)
def test_what_can_not_be_is_told_with_one_that_can(text: str, told: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_option(text)
    assert told in str(caught.value)
