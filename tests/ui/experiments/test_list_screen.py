"""The experiments on screen, with real scripts under trace: from the list to the answer and on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.ui.log.test_related import screen_text
from tests.ui.panes import settled
from workbench.engine.tracing.stepping import StepMessage
from workbench.experiments.catalog import Experiment, find, load
from workbench.experiments.progress import Progress
from workbench.ui.app import WorkbenchApp
from workbench.ui.experiments.answer import Answer, sizes_text
from workbench.ui.experiments.list_screen import ExperimentsScreen
from workbench.ui.experiments.screen import ExperimentScreen
from workbench.ui.experiments.source_view import SourceView
from workbench.ui.experiments.step_view import StepView
from workbench.ui.kernel.queue_view import QueueView
from workbench.ui.ladder.view import LadderView
from workbench.ui.log.frame import LogFrame
from workbench.ui.log.view import LogView
from workbench.ui.parts.controls import ErrorLine, Field
from workbench.ui.session.bridge import Bridge
from workbench.ui.trace.held_call import HeldCall, Waiting

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
TWO_SENDS = find("two-sends-one-recv")


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkbenchApp]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    bridge = Bridge.live()
    app = WorkbenchApp(bridge)
    app.animation_level = "none"
    yield app
    bridge.close()


async def until(pilot: Pilot[None], condition) -> None:
    deadline = time.monotonic() + 30  # a script's process starts slowly on a busy machine
    while time.monotonic() < deadline:
        await pilot.pause(0.02)
        if condition():
            return await settled(pilot)
    raise AssertionError(screen_text(pilot.app))


def asked(pilot: Pilot[None]) -> ExperimentScreen:
    screen = pilot.app.screen
    assert isinstance(screen, ExperimentScreen)
    return screen


async def answered(pilot: Pilot[None], runs: int = 1) -> ExperimentScreen:
    screen = asked(pilot)
    await until(
        pilot, lambda: f"\n{runs} " in text_of(screen, "#runs") and screen.query_one(LogView).selected is not None
    )
    return screen


def text_of(screen: ExperimentScreen, of: str) -> str:
    return str(screen.query_one(of).render())


async def ask(pilot: Pilot[None], experiment: Experiment = TWO_SENDS) -> ExperimentScreen:
    await pilot.pause()
    pilot.app.push_screen(ExperimentScreen(experiment, Progress()))
    await settled(pilot)
    return asked(pilot)


@pytest.mark.parametrize("key", ["pageup", "pagedown", "home", "end"])
@pytest.mark.parametrize("opened", ["f12", "ctrl+p"])
async def test_a_list_can_be_paged_where_there_is_no_room_for_it(app: WorkbenchApp, opened: str, key: str) -> None:
    async with app.run_test(size=(30, 8)) as pilot:
        await pilot.press(opened)
        await settled(pilot)
        for listed in app.screen.query(OptionList):
            listed.focus()
            await pilot.press(key)
        await settled(pilot)
        assert app.screen.query(OptionList)


@SIZES
async def test_from_the_list_to_the_answer_and_back(app: WorkbenchApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.press("f12")
        await settled(pilot)
        listed = pilot.app.screen.query_one(OptionList)
        assert "A greeting and its answer" in screen_text(app)
        listed.highlighted = listed.get_option_index("e-two-sends-one-recv")
        await settled(pilot)
        assert 'send(b"world")' in screen_text(app)
        await pilot.press("enter")
        await settled(pilot)
        assert "predict: key 1, 2 or 3" in screen_text(app)
        assert "SENDS = 2" in screen_text(app)
        assert "answer = 2" not in screen_text(app)
        assert asked(pilot).run is None
        await pilot.press("1")
        screen = await answered(pilot)
        seen = screen_text(app)
        assert '✗ You said: b"hello "' in seen
        assert 'It is: b"hello world"' in seen
        assert "#12 in the log shows it." in text_of(screen, "#outcome")
        ladder = screen.query_one(LadderView)  # as the lesson is about order
        await until(pilot, lambda: ladder.selected == 11)
        assert ladder.has_focus
        await pilot.press("d")
        await settled(pilot)
        log, seen = screen.query_one(LogView), screen_text(app)
        assert log.selected == 11
        assert log.has_focus
        assert "recv(1024) = 11 bytes" in seen
        assert "✎ this call shows the answer" in seen
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, ExperimentsScreen)
        assert " ✗ Two sends, one recv" in screen_text(app)
        assert "experiments · 1 of 67 done, 0 predicted right" in screen_text(app)
        await pilot.press("escape")
        await settled(pilot)
        assert app.bridge.is_live
        assert len(app.screen_stack) == 1


async def test_a_right_prediction_by_click_is_kept(app: WorkbenchApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ask(pilot)
        await pilot.click("#choices", offset=(5, 1))
        await answered(pilot)
        assert text_of(screen, "#outcome").startswith('✓ Right: b"hello world"')
        kept = json.loads(Progress().path.read_text())
        assert kept == {"two-sends-one-recv": {"predicted": 2, "right": True, "verdict": "holds"}}
        await pilot.press("1")
        assert Progress().of(TWO_SENDS).right  # type: ignore[union-attr]


@SIZES
async def test_changed_and_run_again_the_runs_stand_side_by_side(app: WorkbenchApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await ask(pilot)
        await pilot.press("2")
        await answered(pilot)
        screen.query_one("#p-SENDS", Field).value = "5"
        screen.query_one("#p-BUFSIZE", Field).value = "7"
        screen.query_one("#p-BUFSIZE", Field).focus()
        await pilot.press("ctrl+r")
        await answered(pilot, 2)
        assert text_of(screen, "#runs").splitlines() == [
            "run  SENDS  BUFSIZE  bytes of each recv",
            "1    2      1024     11",
            "2    5      7        7",
        ]
        screen.query_one(LogFrame).ladder_shown = False
        await settled(pilot)
        assert "recv(7) = 7 bytes" in screen_text(app)
        assert "log of run 2" in screen_text(app)
        assert screen.query_one("#p-BUFSIZE", Field).has_focus
        assert screen.experiment.source.split("\n")[36] == "received = connection.recv(BUFSIZE)"
        assert screen.query_one(SourceView).running == {37}
        screen.query_one(LogView).show_index(6)
        await settled(pilot)
        assert screen.query_one(SourceView).running == {26}


async def test_a_wrong_value_is_said_beside_the_field(app: WorkbenchApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ask(pilot)
        await pilot.press("2")
        await answered(pilot)
        screen.query_one("#p-SENDS", Field).value = "many"
        screen.query_one("#p-SENDS").focus()
        await pilot.press("enter")
        await settled(pilot)
        assert screen.query_one(ErrorLine).sentence == "SENDS must be a whole number, not 'many'"
        assert len(text_of(screen, "#runs").splitlines()) == 2


def written(folder: Path, old: str, new: str, source: str = TWO_SENDS.source) -> Experiment:
    assert old in source
    path = folder / "mine.py"
    path.write_text(source.replace(old, new))
    return load(path)


async def test_a_script_that_hangs_shows_where_and_escape_stops_it(app: WorkbenchApp, tmp_path: Path) -> None:
    mine = written(tmp_path, "received = connection.recv(BUFSIZE)", "connection.recv(99); connection.recv(99)")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ask(pilot, mine)
        await pilot.press("2")
        await until(pilot, lambda: screen.query_one(SourceView).running == {37})
        assert "escape stops it" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: text_of(screen, "#outcome"))
        assert text_of(screen, "#outcome").startswith("You stopped the script before it could show the answer: ")
        assert Progress().of(mine) is None
        assert asked(pilot) is screen
        await pilot.press("escape")
        await settled(pilot)
        assert not isinstance(app.screen, ExperimentScreen)


async def test_leaving_the_app_stops_the_script(app: WorkbenchApp, tmp_path: Path) -> None:
    mine = written(tmp_path, "received = connection.recv(BUFSIZE)", "connection.recv(99); connection.recv(99)")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ask(pilot, mine)
        await pilot.press("2")
        await until(pilot, lambda: screen.run)
    assert screen.run is not None
    assert screen.run.result is not None
    assert screen.run.result.reason == "it was cancelled"


async def test_a_claim_that_fails_here_is_told(app: WorkbenchApp, tmp_path: Path) -> None:
    mine = written(tmp_path, "== everything[:BUFSIZE]", '== b"hello ", "\\x1b[2J[/nope]"')
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ask(pilot, mine)
        await pilot.press("2")
        await answered(pilot)
        assert text_of(screen, "#outcome").startswith("The claim does not hold here: AssertionError: ")
        assert "\x1b" not in screen_text(app)
        assert Progress().of(mine).verdict == "does not hold here"  # type: ignore[union-attr]


async def test_an_experiment_of_ones_own_is_opened_by_its_path(app: WorkbenchApp, tmp_path: Path) -> None:
    written(tmp_path, 'title = "Two sends, one recv"', 'title = "Of my own"')
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f12")
        await settled(pilot)
        await pilot.press("o", *"/nowhere.py", "enter")
        await settled(pilot)
        assert "nowhere.py: No such file or directory" in screen_text(app)
        app.screen.query_one("#line", Field).value = str(tmp_path / "mine.py")
        await pilot.press("enter")
        await settled(pilot)
        assert asked(pilot).experiment.title == "Of my own"
        await pilot.press("escape")
        await settled(pilot)
        assert "experiments · 0 of 68 done" in screen_text(app)


async def test_the_palette_offers_the_experiments(app: WorkbenchApp) -> None:
    async with app.run_test(size=(80, 24)):
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        assert "f12" in commands["experiments"].help.lower()


def test_equal_sizes_stand_together() -> None:
    assert sizes_text([]) == "none"
    assert sizes_text([4, 100, 100, 5]) == "4 100 100 5"
    assert sizes_text([499] * 1000 + [3]) == "499 ×1000 3"
    assert sizes_text(list(range(100))) == "0 1 2 3 4 5 6 7 8 9 10 11 … 100 recvs"


async def test_an_experiment_is_made_from_the_session(app: WorkbenchApp, tmp_path: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        app.screen.query_one("#server #address", Field).value = "127.0.0.1:0"
        await pilot.press("f5")
        await until(pilot, lambda: any(call.call == "sendall" and call.name == "conn 1" for call in app.bridge.journal))
        await pilot.press("ctrl+g", "e")
        await settled(pilot)
        line = app.screen.query_one("#line", Field)
        line.value = str(tmp_path / "mine")
        await pilot.press("enter")
        await settled(pilot)
        assert "The name of a script ends with .py." in screen_text(app)
        line.value = str(tmp_path / "mine.py")
        await pilot.press("enter")
        await until(pilot, (tmp_path / "mine.py").exists)
        await settled(pilot)
        assert "conn_1, _ = server.accept()" in load(tmp_path / "mine.py").source


async def test_where_the_screen_is_narrow_s_shows_the_script_or_the_answer(app: WorkbenchApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ask(pilot)
        await pilot.press("2")
        await answered(pilot)
        assert "answer · s: the script · esc: the list" in screen_text(app)
        await pilot.press("s")
        await settled(pilot)
        assert "▶ 37 received = connection.recv(BUFSIZE)" in screen_text(app)
        assert "✓ Right" not in screen_text(app)
        await pilot.press("s")
        await settled(pilot)
        assert "✓ Right" in screen_text(app)
        assert screen.check_action("source", ())


async def test_f1_explains_the_keys_of_the_list_too(app: WorkbenchApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f12", "f1", "end")
        await settled(pilot)
        assert "Go to the next one that was not done yet" in screen_text(app)


async def test_the_log_can_be_drawn_until_the_screen_has_gone(app: WorkbenchApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ask(pilot)
        await pilot.press("1")
        await answered(pilot)
        screen.action_leave()
        screen.tick()  # as one that was due just then
        assert screen.query_one(LogView).journal[0].call == "socket"
        await settled(pilot)
        assert not isinstance(app.screen, ExperimentScreen)


def text(screen: ExperimentScreen, kind: type[HeldCall | QueueView]) -> str:
    return "\n".join(screen.query_one(kind).text())


def shown(screen: ExperimentScreen) -> StepMessage | None:
    waiting = screen.query_one(HeldCall)._value
    return waiting.message if isinstance(waiting, Waiting) else None


async def step_to(pilot: Pilot[None], call: str) -> None:
    """Let call after call go, until this one waits."""
    screen = asked(pilot)
    assert screen.run is not None
    before: list[StepMessage | None] = [None]
    for _ in range(30):
        await until(pilot, lambda: screen.run.held and shown(screen) is screen.run.held[0].message is not before[-1])
        before.append(shown(screen))
        if f"waits: {call}" in text(screen, HeldCall):
            return
        waited = screen.run.held[0]
        await pilot.press("space")
        await until(pilot, lambda gone=waited: gone not in screen.run.held)  # a busy machine is slow to take the key
    raise AssertionError(screen_text(pilot.app))


@SIZES
async def test_step_by_step_each_call_waits_and_the_queue_is_seen(app: WorkbenchApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await ask(pilot)
        assert "[ ] step by step f8" in screen_text(app)
        await pilot.press("f8")
        await settled(pilot)
        assert "[x] step by step f8" in screen_text(app)
        await pilot.press("2")
        await step_to(pilot, "socket(AF_INET, ")
        assert len(screen.run.journal) == 0
        assert "space: this call, f5: run on, esc: stop" in screen_text(app)
        await step_to(pilot, "send(b'hello ')")
        assert screen.query_one(SourceView).running == {31}
        assert [call.call for call in screen.run.journal][-1] == "accept"
        await step_to(pilot, "recv(1024)")
        assert screen.query_one(SourceView).running == {37}
        assert "receive queue of conn 1 · before recv" in screen_text(app)
        await until(pilot, lambda: "next recv(1024) takes 11, leaves 0" in text(screen, QueueView))
        assert "68 65 6c 6c 6f" in screen_text(app)
        await pilot.press("space")
        await until(pilot, lambda: "recv returned · queue: 11 bytes before, 0 bytes after" in text(screen, HeldCall))
        assert "· after recv" in screen_text(app)
        await pilot.press("f5")
        await answered(pilot)
        assert not screen.query_one(StepView).display
        assert text_of(screen, "#outcome").startswith("✓ Right")
        assert Progress().of(TWO_SENDS).right  # type: ignore[union-attr]


async def test_a_later_run_goes_step_by_step_with_other_values(app: WorkbenchApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ask(pilot)
        await pilot.press("2")
        await answered(pilot)
        assert not screen.query_one(StepView).display
        screen.query_one("#p-BUFSIZE", Field).value = "7"
        screen.query_one("#p-BUFSIZE", Field).focus()
        await pilot.press("f8")
        await step_to(pilot, "recv(7)")
        assert "next recv(7) takes 7, leaves 4" in text(screen, QueueView)
        await pilot.press("f5")
        await answered(pilot, 2)
        assert text_of(screen, "#runs").splitlines()[2] == "2    2      7        7"


async def test_escape_ends_a_script_whose_call_waits(app: WorkbenchApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ask(pilot)
        await pilot.click("#step")
        await pilot.press("2")
        await step_to(pilot, "listen(")
        await pilot.press("escape")
        await until(pilot, lambda: text_of(screen, "#outcome"))
        assert text_of(screen, "#outcome").startswith("You stopped the script before")
        assert Progress().of(TWO_SENDS) is None
        assert asked(pilot) is screen
        await pilot.press("ctrl+r")
        await answered(pilot, 2)
        assert text_of(screen, "#outcome").startswith("✓ Right")
        assert Progress().of(TWO_SENDS).right  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["file-with-header", "udp-lost", "backlog"])
async def test_the_fields_leave_room_for_the_button(app: WorkbenchApp, name: str) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ask(pilot, find(name))
        await pilot.press("1")
        screen = await answered(pilot)
        button = screen.query_one("#run")
        assert button.region.right <= screen.query_one(Answer).content_region.right


async def test_what_the_script_prints_is_seen(app: WorkbenchApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot, find("waiting-reader"))
        await pilot.press("3")
        await answered(pilot)
        assert "Run 1 printed:" in screen_text(app)
        assert "the first recv returned b'AB' " in screen_text(app)
        assert "the first recv returned b'ABCD' " in screen_text(app)


async def test_of_many_lines_that_a_script_prints_the_last_are_seen(app: WorkbenchApp, tmp_path: Path) -> None:
    mine = written(tmp_path, "import socket\n", 'import socket\nprint(*range(9), "[/nope]\\x1b[2J", sep="\\n")\n')
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ask(pilot, mine)
        await pilot.press("2")
        await answered(pilot)
        lines = text_of(screen, "#printed").splitlines()
        assert lines[0] == "Run 1 printed 11 lines, of which the last 8:"
        assert lines[1] == "  3"
        assert lines[-2:] == ["  [/nope]·[2J", "  2 sends, one recv: b'hello world'"]


async def test_brackets_in_a_script_are_no_markup(app: WorkbenchApp, tmp_path: Path) -> None:
    source = TWO_SENDS.source.replace('"the stream has no messages"', '"of [/mine]"')
    source = source.replace("SENDS = 2\n", 'SENDS = 2\nWORD = "[/nope]"\n').replace("[4, 16, 1024]", "[4]\n# WORD = []")
    mine = written(tmp_path, 'title = "Two sends, one recv"', 'title = "A [/nope] [b]title"', source)
    async with app.run_test(size=(120, 40), tooltips=True) as pilot:
        screen = await ask(pilot, mine)
        assert "A [/nope] [b]title · predict: key 1, 2 or 3" in screen_text(app)
        assert "of [/mine]" in screen_text(app)
        await pilot.press("2")
        await answered(pilot)
        assert "A [/nope] [b]title" in screen_text(app)
        await pilot.hover("#p-WORD")
        await until(pilot, lambda: "Try [/nope]" in screen_text(app))
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(screen, ExperimentScreen)


async def test_a_choice_of_wide_text_keeps_its_mark_and_its_control_characters_away(
    app: WorkbenchApp, tmp_path: Path
) -> None:
    source = TWO_SENDS.source.replace("SENDS = 2\n", 'SENDS = 2\nWORD = "你好 café"\n')
    mine = written(tmp_path, "# BUFSIZE = [4, 16, 1024]", '# WORD = ["你好 café", "\\u001b[2J"]', source)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ask(pilot, mine)
        await pilot.press("2")
        await answered(pilot)
        assert "WORD 你好 café ▾" in screen_text(app)
        screen.query_one("#p-WORD").focus()
        await pilot.press("right")
        await settled(pilot)
        assert "WORD ·[2J      ▾" in screen_text(app)
        await pilot.press("enter")
        await settled(pilot)
        assert "\x1b" not in screen_text(app)


@pytest.mark.parametrize("predicted", [1, 2])
async def test_the_verdict_stands_at_the_top_of_the_answer(app: WorkbenchApp, predicted: int) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ask(pilot, find("file-with-header"))
        await pilot.press(str(predicted))
        await answered(pilot)
        assert screen.query_one(Answer).scroll_offset.y == 0
        assert "✗ You said" in screen_text(app)


async def test_the_message_that_a_recvfrom_will_take_is_seen(app: WorkbenchApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ask(pilot, find("udp-upper"))
        await pilot.press("f8", "1")
        await step_to(pilot, "recvfrom(")
        await until(pilot, lambda: "before recvfrom" in screen_text(app))
        assert "19 bytes · recvfrom(1024) takes it whole" in text(screen, QueueView)
        assert "h  e  l  l  o     f  r  o  m" in text(screen, QueueView)
