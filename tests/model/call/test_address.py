from __future__ import annotations

import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.model.call.address import Address, AddressError, plain, show

NAMES = st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True)
HOSTS = st.one_of(st.ip_addresses().map(str), NAMES)
PATHS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=26)
ADDRESSES = st.one_of(
    st.builds(Address, st.sampled_from(["tcp", "udp"]), host=HOSTS, port=st.integers(0, 65535)),
    st.builds(
        Address, st.sampled_from(["unix", "unix-dgram", "unix-seqpacket"]), path=PATHS.filter(lambda path: path != "@")
    ),
)


@pytest.mark.parametrize(
    ("text", "kind", "sockaddr"),
    [
        ("tcp://127.0.0.1:6789", ("AF_INET", "SOCK_STREAM"), ("127.0.0.1", 6789)),
        ("tcp://[::1]:6789", ("AF_INET6", "SOCK_STREAM"), ("::1", 6789)),
        ("tcp://[fe80::1%eth0]:6789", ("AF_INET6", "SOCK_STREAM"), ("fe80::1%eth0", 6789)),
        ("tcp://localhost:0", (None, "SOCK_STREAM"), ("localhost", 0)),
        ("udp://my_host-1.example:65535", (None, "SOCK_DGRAM"), ("my_host-1.example", 65535)),
        ("unix:///tmp/x.sock", ("AF_UNIX", "SOCK_STREAM"), "/tmp/x.sock"),
        ("unix-dgram:///tmp/x:1.sock", ("AF_UNIX", "SOCK_DGRAM"), "/tmp/x:1.sock"),
        ("unix-seqpacket://here.sock", ("AF_UNIX", "SOCK_SEQPACKET"), "here.sock"),
        ("unix://@name", ("AF_UNIX", "SOCK_STREAM"), "\0name"),
    ],
)
def test_the_forms_of_an_address(text: str, kind: tuple[str | None, str], sockaddr: object) -> None:
    address = Address.parse(text)
    assert address.kind == kind
    assert address.sockaddr() == sockaddr
    assert str(address) == text


@given(ADDRESSES)
def test_the_text_of_an_address_gives_it_back(address: Address) -> None:
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", 'address "" has no scheme: write tcp://127.0.0.1:6789 or unix:///tmp/x.sock'),
        ("localhost:80", 'address "localhost:80" has no scheme: write tcp://127.0.0.1:6789 or unix:///tmp/x.sock'),
        (
            "http://127.0.0.1:80",
            'scheme "http" is none of tcp, tls, udp, unix, unix-dgram, unix-seqpacket: write tcp://127.0.0.1:6789',
        ),
        (
            "tcp://:80",
            "host is missing: write 127.0.0.1 for this machine alone, 0.0.0.0 for every interface",
        ),
        (
            "tcp://a b\x1b[2J:80",
            'host "a b·[2J" is neither an IP address nor a name of letters, digits, "-", "." and "_": '
            "write 127.0.0.1, ::1 or localhost",
        ),
        ("tcp://::1:80", 'host "::1:80" needs brackets if it is IPv6: write tcp://[::1]:6789'),
        ("tcp://::1", 'host "::1" needs brackets if it is IPv6: write tcp://[::1]:6789'),
        ("udp://[127.0.0.1]:80", 'host "127.0.0.1" in brackets is not an IPv6 address: write udp://[::1]:6789'),
        ("tcp://[fe80::1%a b]:80", 'host "fe80::1%a b" in brackets is not an IPv6 address: write tcp://[::1]:6789'),
        ("tcp://[::1]", 'port is missing after "[::1]": write tcp://127.0.0.1:6789'),
        ("udp://", "address is empty: write udp://127.0.0.1:6789"),
        ("tcp://8080", 'host is missing before "8080": write tcp://127.0.0.1:8080'),
        ("tcp://127.0.0.1", 'port is missing after "127.0.0.1": write tcp://127.0.0.1:6789'),
        ("udp://localhost:", 'port "" is not a number from 0 to 65535: write udp://127.0.0.1:6789'),
        ("tcp://localhost:http", 'port "http" is not a number from 0 to 65535: write tcp://127.0.0.1:6789'),
        ("tcp://localhost:٨٠", 'port "٨٠" is not a number from 0 to 65535: write tcp://127.0.0.1:6789'),
        ("tcp://localhost:80\n", 'port "80␊" is not a number from 0 to 65535: write tcp://127.0.0.1:6789'),
        ("tcp://localhost:65536", "port 65536 is not from 0 to 65535: write 6789, or 0 to let the kernel choose"),
        ("unix://", "path is empty: write /tmp/x.sock, or @name for an abstract one"),
        ("unix://@", "path is empty: write /tmp/x.sock, or @name for an abstract one"),
        ("unix://a\0b", 'path "a·b" has a NUL in it: write /tmp/x.sock, or @name for an abstract one'),
        ("unix://\ud800", 'path "·" is not text that utf-8 can encode: write /tmp/x.sock'),
        (
            "unix:///" + "é" * 54,
            "path is 109 bytes long, at most 107 fit: write a short one such as /tmp/x.sock",
        ),
    ],
)
def test_a_wrong_address_is_explained_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(AddressError) as caught:
        Address.parse(text)
    assert str(caught.value) == sentence


def test_a_long_wrong_text_is_cut_in_the_sentence() -> None:
    with pytest.raises(AddressError) as caught:
        Address.parse("x" * 5000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("path", ["/" + "a" * 106, "@" + "a" * 107])
def test_the_longest_path_is_one_the_system_takes(path: str) -> None:
    address = Address("unix", path=path)
    with socket.socket(socket.AF_UNIX) as unbound, pytest.raises((FileNotFoundError, ConnectionRefusedError)):
        unbound.connect(address.sockaddr())
    with pytest.raises(AddressError):
        Address("unix", path=path + "a")


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("tcp://127.0.0.1:1", True),
        ("tcp://127.255.0.9:1", True),
        ("tcp://[::1]:1", True),
        ("tcp://[::ffff:127.0.0.1]:1", True),
        ("tcp://LocalHost:1", True),
        ("unix://@name", True),
        ("tcp://0.0.0.0:1", False),
        ("tcp://[::]:1", False),
        ("tcp://128.0.0.1:1", False),
        ("tcp://127.1:1", False),
        ("tcp://localhost.example:1", False),
    ],
)
def test_loopback_is_what_no_other_machine_reaches(text: str, loopback: bool) -> None:
    assert Address.parse(text).is_loopback is loopback


@pytest.mark.parametrize(
    ("sockaddr", "family", "written", "shown"),
    [
        (("127.0.0.1", 6789), socket.AF_INET, ["127.0.0.1", 6789], "127.0.0.1:6789"),
        (("::1", 80, 0, 0), socket.AF_INET6, ["::1", 80, 0, 0], "[::1]:80"),
        (("fe80::1", 80, 0, 2), socket.AF_INET6, ["fe80::1", 80, 0, 2], "[fe80::1%2]:80"),
        ("/tmp/x", socket.AF_UNIX, "/tmp/x", "/tmp/x"),
        (b"/tmp/\xff", socket.AF_UNIX, "/tmp/\udcff", "/tmp/·"),
        ("/tmp/a\nb", socket.AF_UNIX, "/tmp/a\nb", "/tmp/a␊b"),
        (b"\0name", socket.AF_UNIX, "@name", "@name"),
        ("\0name", socket.AF_UNIX, "@name", "@name"),
        ("@file", socket.AF_UNIX, "./@file", "./@file"),
        ("", socket.AF_UNIX, "", "unnamed"),
        (b"", socket.AF_UNIX, "", "unnamed"),
        (None, socket.AF_UNIX, "", "unnamed"),
        (("lo", 8, 0, 1, b"\x00\x01"), None, ["lo", 8, 0, 1, "00:01"], "lo, 8, 0, 1, 00:01"),
        ((4711, 3), None, [4711, 3], "4711, 3"),
    ],
)
def test_an_address_from_python_as_json_and_on_screen(
    sockaddr: object, family: int | None, written: object, shown: str
) -> None:
    assert plain(sockaddr, family) == written
    assert show(plain(sockaddr, family)) == shown


def test_the_name_of_a_bound_abstract_socket_gives_its_address_back() -> None:
    name = f"unix://@workbench-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(Address.parse(name).sockaddr())
        assert str(Address.from_plain("unix", plain(listener.getsockname(), listener.family))) == name


def test_port_0_is_known_after_bind() -> None:
    with socket.socket() as listener:
        listener.bind(Address.parse("tcp://127.0.0.1:0").sockaddr())
        address = Address.from_plain("tcp", plain(listener.getsockname(), listener.family))
        assert address.sockaddr() == listener.getsockname()
        assert address.port > 0
