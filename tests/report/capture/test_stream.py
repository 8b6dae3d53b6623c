"""One connection as segments: which flags they carry, and in which order, whatever the order of the calls."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sessions import connected, read, recorded
from workbench.report.capture.frames import FIN, PUSH, RST, SYN, Host
from workbench.report.capture.stream import Stream
from workbench.report.capture.wire import Wire

HOSTS = (Host(b"\x7f\0\0\1", 5000), Host(b"\x7f\0\0\1", 6789))
_PORT, _FLAGS, _DATA = 34, 47, 54
"""Where a frame has its source port, its flags and, without options, its data: behind Ethernet (14) and IPv4 (20)."""
_NAMES = {SYN: "SYN", FIN: "FIN", RST: "RST", PUSH: "PUSH"}
OPEN = ["> SYN", "< SYN", "> ACK"]


def segments(frames: Iterator[bytes]) -> list[str]:
    """Return each segment as its direction, its flags (ACK only where it is alone) and its data."""
    found = []
    for frame in frames:
        client = int.from_bytes(frame[_PORT : _PORT + 2], "big") == HOSTS[0].port
        flags = " ".join(name for flag, name in _NAMES.items() if frame[_FLAGS] & flag) or "ACK"
        data = "" if "SYN" in flags else frame[_DATA:].decode()
        found.append(" ".join(filter(None, ("<>"[client], flags, data))))
    return found


def stream(*pending: int) -> Stream:
    return Stream(1, HOSTS, (pending[0], pending[1]))


def test_a_fin_waits_for_the_data_that_its_side_has_still_to_send() -> None:
    one = stream(2, 0)
    assert segments(one.data(0, b"a")) == [*OPEN, "> PUSH a", "< ACK"]
    assert segments(one.finish(0)) == []
    assert segments(one.data(0, b"b")) == ["> PUSH b", "< ACK", "> FIN", "< ACK"]
    assert segments(one.finish(0)) == []


def test_each_side_ends_for_itself_and_once() -> None:
    one = stream(0, 0)
    assert segments(one.finish(1)) == [*OPEN, "< FIN", "> ACK"]
    assert segments(one.finish(1)) == []
    assert segments(one.finish(0)) == ["> FIN", "< ACK"]


@pytest.mark.parametrize("side", [0, 1])
def test_after_a_reset_nothing_ends(side: int) -> None:
    one = stream(0, 0)
    assert segments(one.reset(side)) == [*OPEN, f"{'><'[side]} RST"]
    assert segments(one.finish(side)) == segments(one.finish(1 - side)) == segments(one.reset(side)) == []


def test_after_both_sides_ended_there_is_no_reset() -> None:
    one = stream(0, 0)
    assert len(segments(one.finish(0)) + segments(one.finish(1))) == len(OPEN) + 4
    assert segments(one.reset(0)) == []


def test_a_side_that_ended_can_still_be_reset() -> None:
    one = stream(0, 0)
    segments(one.finish(0))
    assert segments(one.reset(1)) == ["< RST"]


def ends(session: Path) -> list[tuple[str, list[str]]]:
    """Return each call that ended something, with the FINs and RSTs that it put on the wire."""
    journal = read(session)
    wire = Wire(journal)
    found = []
    for call in journal:
        frames = [packet.data for packet in wire.frames(call)]
        if flags := [_NAMES[flag] for frame in frames for flag in (FIN, RST) if frame[_FLAGS] & flag]:
            found.append((f"{call.name} {call.call}", flags))
    return found


def test_a_shutdown_of_receiving_ends_nothing(tmp_path: Path) -> None:
    with recorded(tmp_path / "a.swb") as traced:
        listener, conn, client = connected(traced, traced, ("127.0.0.1", 0))
        conn.label, client.label = "conn", "client"  # type: ignore[attr-defined]
        client.shutdown(socket.SHUT_RD)
        client.sendall(b"x")
        assert [conn.recv(9), client.shutdown(socket.SHUT_WR), conn.recv(9)] == [b"x", None, b""]
        for sock in (client, conn, listener):
            sock.close()
    assert ends(tmp_path / "a.swb") == [("client shutdown", ["FIN"]), ("conn close", ["FIN"])]


def test_a_connection_ends_with_its_last_duplicate(tmp_path: Path) -> None:
    with recorded(tmp_path / "a.swb") as traced:
        listener, conn, client = connected(traced, traced, ("127.0.0.1", 0))
        conn.label, client.label = "conn", "client"  # type: ignore[attr-defined]
        duplicate = client.dup()
        duplicate.label = "duplicate"  # type: ignore[attr-defined]
        for sock in (client, duplicate, conn, listener):
            sock.close()
    assert ends(tmp_path / "a.swb") == [("duplicate close", ["FIN"]), ("conn close", ["FIN"])]
