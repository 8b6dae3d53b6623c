"""Who waits in a listener's accept queue, as the kernel tells."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.engine.live_bench import LiveBench, done, port_of


@pytest.mark.parametrize(
    ("family", "host", "to"),
    [("AF_INET", "127.0.0.1", "127.0.0.1"), ("AF_INET", "0.0.0.0", "127.0.0.1"), ("AF_INET6", "::1", "::1")],
)
def test_the_bench_s_clients_wait_in_order_and_others_by_address(
    live: LiveBench, family: str, host: str, to: str
) -> None:
    server = live.serve(family=family, host=host, auto_accept=False, backlog=9)
    for _ in range(4):
        live.client(server, family=family, host=to)
    with socket.create_connection((to, port_of(server))) as outside:
        live.eventually(lambda: len(waiting(live)) == 5)
        assert waiting(live)[:4] == ("client 1", "client 2", "client 3", "client 4")
        assert str(outside.getsockname()[1]) in waiting(live)[4]


def test_unix_clients_wait_in_the_queue_s_order(live: LiveBench, tmp_path: Path) -> None:
    server = live.serve(family="AF_UNIX", path=str(tmp_path / "s"), auto_accept=False, backlog=9)
    for _ in range(3):
        live.client(family="AF_UNIX", path=str(tmp_path / "s"))
    assert server.listens
    live.eventually(lambda: waiting(live) == ("client 1", "client 2", "client 3"))


def waiting(live: LiveBench) -> tuple[str, ...]:
    return live.bench.inside("server").waiting


@pytest.mark.parametrize(("family", "host"), [("AF_INET", "127.0.0.1"), ("AF_INET6", "::1")])
def test_time_wait_is_told_of_the_side_that_closed_first(live: LiveBench, family: str, host: str) -> None:
    server = live.serve(family=family, host=host)
    client = live.client(server, family=family, host=host)
    done(client.close())
    live.eventually(lambda: live.endpoint("conn 1").closed)
    live.eventually(lambda: state(live, "client 1") == "TIME_WAIT")
    assert state(live, "conn 1") is None


def state(live: LiveBench, name: str) -> str | None:
    return next(each.tcp_state for each in live.bench.endpoints() if each.name == name)
