"""The kernel's queues on the bench's screen, with real sockets."""

from __future__ import annotations

import pytest

from tests.ui.bench.test_screen import Desk, bench
from workbench.ui.bench import wishes
from workbench.ui.bench.carry_out import carry_out
from workbench.ui.inspector.inspector import Inspector
from workbench.ui.kernel.gauges import AcceptGauge
from workbench.ui.kernel.queue_view import QueueView


@pytest.fixture(autouse=True)
def state_home(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def queue(desk: Desk) -> str:
    return "\n".join(desk.app.query_one(QueueView).text())


async def connected(desk: Desk, address: str = "127.0.0.1:0", target: str = "{}:{}") -> None:
    await desk.fill("#server #address", address)
    await desk.press("f7")
    await desk.until(lambda: desk.app.bridge.bench.server and desk.app.bridge.bench.server.local is not None)
    await desk.until(lambda: desk.app.bridge.bench.server.started.done())
    local = desk.app.bridge.bench.server.local
    await desk.fill("#client #address", target.format(*local) if isinstance(local, list) else local)
    await desk.press("f8")
    await desk.until(lambda: desk.app.bridge.bench.clients and desk.app.bridge.bench.clients[0].started.done())


async def send(desk: Desk, *texts: str) -> None:
    for text in texts:
        before = desk.app.bridge.bench.clients[0].state().bytes_out
        await desk.type(text)
        await desk.press("ctrl+s")
        await desk.until(lambda before=before: desk.app.bridge.bench.clients[0].state().bytes_out > before)


async def choose_connection(desk: Desk) -> None:
    await desk.press("f2")
    await desk.until(lambda: desk.app.screen.pane.chosen == "conn 1")


@pytest.mark.parametrize("n", [1, 3, 16, 4096])
async def test_three_sends_lie_in_one_queue_and_recv_takes_n_of_them(n: int) -> None:
    async with bench() as desk:
        desk.app.screen.query_one("#server #auto").action_press()
        await connected(desk)
        await send(desk, "first", "second one", "3")
        await choose_connection(desk)
        await desk.fill("#server #bufsize", str(n))
        taken = min(n, 16)
        await desk.until(lambda: f"next recv({n}) takes {taken}, leaves {16 - taken}" in queue(desk))
        sends = [call.seq for call in desk.journal if call.call == "sendall"]
        labels = queue(desk).splitlines()[1]
        assert [str(seq) in labels for seq in sends] == [True] * 3
        await desk.press("ctrl+r")
        await desk.until(lambda: desk.last("recv"))
        recv = desk.last("recv")
        assert (recv.data, recv.left) == (b"firstsecond one3"[:taken], 16 - taken)
        await desk.until(lambda: f"leaves {max(0, 16 - 2 * taken)}" in queue(desk) or "nothing queued" in queue(desk))


async def test_datagrams_are_seen_one_by_one_and_what_recv_would_throw_away() -> None:
    async with bench() as desk:
        desk.app.screen.query_one("#server #auto").action_press()
        await connected(desk, "udp://127.0.0.1:0", "udp://{}:{}")
        await desk.fill("#client #to", "{}:{}".format(*desk.app.bridge.bench.server.local))
        await send(desk, "a datagram", "another")
        await desk.press("f2")
        await desk.fill("#server #bufsize", "3")
        first, second = (call.seq for call in desk.journal if call.call == "sendto")
        await desk.until(lambda: f"#{first} 10 bytes from" in queue(desk))
        assert f"then #{second} 7 bytes from" in queue(desk)
        await desk.until(lambda: "recvfrom(3) takes 3, 7 lost" in queue(desk))
        await desk.press("ctrl+r")
        await desk.until(lambda: desk.last("recvfrom"))
        recv = desk.last("recvfrom")
        assert (recv.data, recv.truncated, recv.size) == (b"a d", True, 10)


async def test_with_accept_by_hand_the_accept_queue_fills_and_the_next_client_waits() -> None:
    async with bench() as desk:
        desk.app.screen.query_one("#auto-accept").action_press()
        await desk.fill("#server #address", "127.0.0.1:0")
        desk.app.screen.query_one("#server").more(True)
        await desk.pilot.pause()
        await desk.fill("#server #backlog", "1")
        await desk.press("f7")
        await desk.until(lambda: "listen" in desk.calls("server"))
        await desk.until(lambda: desk.app.bridge.bench.server.local)
        await desk.fill("#client #address", "{}:{}".format(*desk.app.bridge.bench.server.local))
        await desk.do("open_many")
        await desk.until(lambda: len(desk.app.bridge.bench.clients) == 8)
        await desk.press("f2")
        await desk.until(lambda: "2 of 2" in "\n".join(desk.app.query_one(AcceptGauge).text()))
        await desk.until(lambda: "SYN_SENT" in "\n".join(desk.app.query_one(AcceptGauge).text()))
        assert sum(call == "connect" for call in desk.calls()) == 2
        await desk.press("f9")
        await desk.until(lambda: "accept" in desk.calls("server"))
        await desk.until(lambda: sum(call == "connect" for call in desk.calls()) >= 3, timeout=20)


async def test_plots_take_the_place_of_the_queue_and_give_it_back() -> None:
    async with bench() as desk:
        await connected(desk)
        await desk.do("plots")
        assert desk.app.query_one(Inspector).tab == "Plot"
        await desk.until(lambda: not desk.app.query_one(QueueView).region.area)
        await desk.until(lambda: "over time: client 1" in str(desk.app.query_one(Inspector).border_title))
        await desk.do("plots")
        await desk.until(lambda: desk.app.query_one(QueueView).region.area)
        await desk.until(lambda: "receive queue of client 1" in str(desk.app.query_one(Inspector).border_title))


async def test_recv_at_a_listener_says_where_its_bytes_are() -> None:
    async with bench() as desk:
        await connected(desk)
        told = carry_out(desk.app.bridge.bench, wishes.RecvWanted("server", 4))
        assert told == "server listens: choose one of its connections to receive from a client."
