"""What is wrong with a program, beside its log: the count, the marks, the list, the next one, the experiment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from tests.model.findings.acted import connected
from workbench.engine.tracing.own_process import record
from workbench.ui.app import WorkbenchApp
from workbench.ui.experiments.screen import ExperimentScreen
from workbench.ui.inspector.findings_tab import FindingsTab
from workbench.ui.inspector.inspector import Inspector
from workbench.ui.log.view import LogView
from workbench.ui.session.bridge import Bridge
from workbench.ui.session.findings import FindingsScreen


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    path = tmp_path / "s.swb"
    with record(path):
        client, connection = connected()
        client.sendall(b"\0\0\0\x32" + b"x" * 10)
        connection.recv(4), connection.recv(50)
        client.sendall(b"x" * 40)
        connection.recv(4)
        client.close(), connection.close()
    return Bridge.reopened(path)


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    for _ in range(100):
        if condition():
            return
        await pilot.pause(0.05)
    raise AssertionError(title(pilot))


def title(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("#log-frame").border_title or "")


async def test_the_log_counts_and_marks_and_a_key_goes_from_one_to_the_next(bridge: Bridge) -> None:
    async with WorkbenchApp(bridge).run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: "1 error (!)" in title(pilot))
        log = pilot.app.screen.query_one(LogView)
        [seq] = log.marked
        head = log.lines.plain(seq - 1, 0)
        assert f"#{seq}" in head
        assert head.partition(f"#{seq}")[2].lstrip("0123456789 ").startswith("!")
        log.focus()
        await pilot.press("i")
        assert log.selected == seq - 1
    bridge.close()


async def test_the_inspector_has_them_in_a_tab_and_the_one_about_the_call_in_full(bridge: Bridge) -> None:
    async with WorkbenchApp(bridge).run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "1 error" in title(pilot))
        inspector = pilot.app.screen.query_one(Inspector)
        assert FindingsTab in inspector.tabs
        pilot.app.screen.query_one(LogView).focus()
        await pilot.press("i")
        inspector.tab = "Findings"
        await until(pilot, lambda: "Receive in a loop" in drawn(pilot))
        assert "asked for the 50 bytes" in drawn(pilot)
    bridge.close()


async def test_without_findings_there_is_no_tab(tmp_path: Path) -> None:
    with record(tmp_path / "s.swb"):
        for each in connected():
            each.close()
    bridge = Bridge.reopened(tmp_path / "s.swb")
    async with WorkbenchApp(bridge).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert FindingsTab not in pilot.app.screen.query_one(Inspector).tabs
    bridge.close()


def drawn(pilot: Pilot[None]) -> str:
    lines = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)


async def test_the_list_shows_each_with_its_proof_and_remedy(bridge: Bridge) -> None:
    async with WorkbenchApp(bridge).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "1 error" in title(pilot))
        pilot.app.screen.query_one(LogView).focus()
        await pilot.press("!")
        await until_screen(pilot, FindingsScreen)
        screen = pilot.app.screen
        await pilot.pause()
        assert "asked for the 50 bytes" in str(screen.query_one("#message", Static).render())
        assert "recv(50)" in str(screen.query_one("#calls", Static).render())
        assert "Receive in a loop" in str(screen.query_one("#remedy", Static).render())
        assert screen.query_one(OptionList).option_count >= 1
        await pilot.press("enter")
        await pilot.pause()
        log = pilot.app.screen.query_one(LogView)
        assert log.selected is not None
        assert log.selected + 1 in log.marked
    bridge.close()


async def test_the_experiment_of_a_finding_is_a_key_away(bridge: Bridge) -> None:
    async with WorkbenchApp(bridge).run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "1 error" in title(pilot))
        pilot.app.screen.query_one(LogView).focus()
        await pilot.press("!")
        await until_screen(pilot, FindingsScreen)
        await pilot.press("r")
        await until_screen(pilot, ExperimentScreen)
        screen = pilot.app.screen
        assert isinstance(screen, ExperimentScreen)
        assert screen.experiment.name == "recv-size"
    bridge.close()


async def until_screen(pilot: Pilot[None], kind: type) -> None:
    for _ in range(100):
        if isinstance(pilot.app.screen, kind):
            return
        await pilot.pause(0.05)
    raise AssertionError(type(pilot.app.screen))
