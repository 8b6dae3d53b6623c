from __future__ import annotations

import dataclasses
import socket
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.model.call.address import Address
from workbench.model.call.settings import (
    FAMILIES,
    TYPES,
    ClientSettings,
    ServerSettings,
    SettingsError,
    parse_backlog,
    parse_buffer,
    parse_bufsize,
    parse_number,
    parse_timeout,
)


def test_the_fields_are_filled_for_a_first_start_on_loopback() -> None:
    server, client = ServerSettings(), ClientSettings()
    assert server.sockaddr() == client.sockaddr() == ("127.0.0.1", 6789)
    assert server.is_loopback
    assert (server.backlog, server.timeout, server.bufsize, server.reuse_address) == (5, None, 1024, True)
    assert (server.responder, server.auto_accept, server.auto_recv) == ("none", True, True)
    assert (client.bind, client.connect, client.auto_recv) == (None, "connect", False)


@pytest.mark.parametrize(("family", "type"), product(FAMILIES, TYPES))
def test_any_family_goes_with_any_type(family: Any, type: Any) -> None:
    server = ServerSettings(family, type, path="/tmp/x.sock")
    assert hasattr(socket, server.family)
    assert hasattr(socket, server.type)


def test_the_path_counts_only_for_unix_and_the_host_only_elsewhere() -> None:
    assert ServerSettings("AF_UNIX", host="", path="@name").sockaddr() == "\0name"
    assert ServerSettings("AF_INET6", host="::1", path="a" * 200).sockaddr() == ("::1", 6789)


@pytest.mark.parametrize(
    ("address", "family", "type"),
    [
        ("tcp://[::1]:80", "AF_INET6", "SOCK_STREAM"),
        ("udp://localhost:80", "AF_INET", "SOCK_DGRAM"),
        ("unix-seqpacket://@name", "AF_UNIX", "SOCK_SEQPACKET"),
    ],
)
def test_settings_for_an_address(address: str, family: str, type: str) -> None:
    client = ClientSettings.at(Address.parse(address), timeout=5.0)
    assert (client.family, client.type, client.timeout) == (family, type, 5.0)
    assert client.sockaddr() == Address.parse(address).sockaddr()


def test_a_name_stands_for_all_its_addresses_unless_the_family_is_said() -> None:
    name = Address.parse("tcp://localhost:80")
    assert ClientSettings.at(name).any_family
    assert not ClientSettings.at(name, family="AF_INET").any_family
    assert not ClientSettings.at(Address.parse("tcp://[::1]:80")).any_family


def test_a_resolved_name_says_its_family() -> None:
    assert ServerSettings.at(Address.parse("tcp://localhost:80"), family="AF_INET6", host="::1").sockaddr() == (
        "::1",
        80,
    )


@pytest.mark.parametrize(
    ("settings", "loopback"),
    [
        (ServerSettings(host="localhost"), True),
        (ServerSettings(host="0.0.0.0"), False),
        (ServerSettings("AF_INET6", host="::"), False),
        (ServerSettings("AF_UNIX", host="0.0.0.0", path="@name"), True),
    ],
)
def test_what_other_machines_can_reach(settings: ServerSettings, loopback: bool) -> None:
    assert settings.is_loopback is loopback


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"family": "AF_X"}, 'family is one of AF_INET, AF_INET6, AF_UNIX, not "AF_X"'),
        (
            {"type": "STREAM"},
            'type is one of SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW, SOCK_RDM, not "STREAM"',
        ),
        ({"protocol": -1}, 'protocol is a number from 0 to 2147483647, not "-1"'),
        ({"port": 70000}, 'port is a number from 0 to 65535, not "70000"'),
        ({"port": "80"}, 'port is a number from 0 to 65535, not "80"'),
        ({"host": ""}, "host is missing: write 127.0.0.1 for this machine alone, 0.0.0.0 for every interface"),
        (
            {"host": "a/b"},
            'host "a/b" is neither an IP address nor a name of letters, digits, "-", "." and "_": '
            "write 127.0.0.1, ::1 or localhost",
        ),
        (
            {"family": "AF_UNIX", "path": "a" * 108},
            "path is 108 bytes long, at most 107 fit: write a short one such as /tmp/x.sock",
        ),
        ({"timeout": -1}, "timeout is at least 0 and at most 2147483 seconds, not -1"),
        ({"timeout": float("nan")}, "timeout is at least 0 and at most 2147483 seconds, not nan"),
        ({"bufsize": -1}, 'bufsize is a number from 0 to 2147483647, not "-1"'),
        ({"rcvbuf": 2**31}, 'rcvbuf is a number from 0 to 2147483647, not "2147483648"'),
        ({"sndbuf": -1}, 'sndbuf is a number from 0 to 2147483647, not "-1"'),
        ({"backlog": -1}, 'backlog is a number from 0 to 2147483647, not "-1"'),
        ({"responder": ""}, 'responder is empty: write "none" to only receive'),
    ],
)
def test_a_wrong_setting_is_refused_when_built(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ServerSettings(**wrong)
    assert str(caught.value) == sentence
    assert caught.value.field == list(wrong)[-1]


def test_a_change_is_checked_like_a_new_one() -> None:
    with pytest.raises(SettingsError) as caught:
        dataclasses.replace(ClientSettings(), connect="connected")  # type: ignore[arg-type]
    assert caught.value.field == "connect"


def test_settings_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ServerSettings().port = 80  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "timeout"), [("none", None), (" None ", None), ("0", 0.0), ("2.5", 2.5), (".5", 0.5), ("5.", 5.0)]
)
def test_the_forms_of_a_timeout(text: str, timeout: float | None) -> None:
    assert parse_timeout(text) == timeout


@pytest.mark.parametrize("text", ["abc", "", "-1", "nan", "inf", "1e3", "2,5", "٢"])
def test_what_is_no_timeout_is_said_in_words(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_timeout(text)
    assert str(caught.value) == f'timeout is "none", 0 or seconds such as 2.5, not "{text}"'


def test_a_timeout_longer_than_poll_can_wait_is_refused() -> None:
    assert parse_timeout("2147483") == 2147483.0
    with pytest.raises(SettingsError, match=r"^timeout is at least 0 and at most 2147483 seconds, not 3000000.0$"):
        parse_timeout("3000000")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1024", 1024),
        ("0x400", 1024),
        ("1k", 1024),
        ("4KiB", 4096),
        ("4 kib", 4096),
        ("1MiB", 2**20),
        ("2m", 2**21),
    ],
)
def test_the_forms_of_a_size(text: str, size: int) -> None:
    assert parse_bufsize(text) == size
    assert parse_buffer("rcvbuf", text) == size


@pytest.mark.parametrize("text", ["", "-1", "k", "1.5k", "1kB", "1g", "1_000", "١", "9" * 5000])
def test_what_is_no_size_is_said_in_words(text: str) -> None:
    with pytest.raises(SettingsError, match=r'^bufsize is a number of bytes such as 1024, 4KiB or 0x400, not ".*"$'):
        parse_bufsize(text)


def test_a_size_beyond_a_c_int_is_refused() -> None:
    assert parse_bufsize("0x7fffffff") == 2**31 - 1
    with pytest.raises(SettingsError, match=r'^bufsize is a number from 0 to 2147483647, not "2147483648"$'):
        parse_bufsize("2048MiB")


def test_no_buffer_size_leaves_the_system_s() -> None:
    assert parse_buffer("sndbuf", "") is None
    assert parse_buffer("sndbuf", "default") is None
    with pytest.raises(SettingsError, match=r"^sndbuf is"):
        parse_buffer("sndbuf", "much")


def test_numbers_of_fields() -> None:
    assert parse_backlog("0x50") == parse_backlog(" 80") == 80
    assert parse_backlog("0") == 0
    for text in [str(1 << 31), "-1", "http", "", "1" * 5000, "8\x1b[2J0"]:
        with pytest.raises(SettingsError, match=r"^backlog is a number from 0 to 2147483647, not ") as caught:
            parse_backlog(text)
        assert caught.value.field == "backlog"
        assert str(caught.value).isprintable()


@given(st.integers(-9, 9), st.integers(-5, 5), st.integers(-5, 5))
def test_a_number_field_takes_its_range_and_nothing_else(number: int, low: int, high: int) -> None:
    if low <= number <= high:
        assert parse_number("count", f" {number} ", low, high) == number
    else:
        with pytest.raises(SettingsError, match=rf'^count is a number from {low} to {high}, not " {number} "$'):
            parse_number("count", f" {number} ", low, high)
