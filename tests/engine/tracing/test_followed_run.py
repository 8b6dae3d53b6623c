"""A run of traced programs that a screen follows, without the screen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.tracing import write
from workbench.engine.tracing import followed_run
from workbench.engine.tracing.followed_run import TracedRun
from workbench.engine.tracing.programs import program
from workbench.journal.reader import Journal
from workbench.probe.recorder import Recorder

SERVER = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server: server.accept()
"""


def test_the_next_program_waits_for_one_whose_calls_are_held_before_it_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., None]
) -> None:
    programs = [
        program([str(tmp_path / write(tmp_path, name, text))]) for name, text in (("a.py", SERVER), ("b.py", ""))
    ]
    recorder = Recorder(str(tmp_path / "session.swb"))
    now = 0.0
    with closing(recorder), closing(Journal(recorder.path)) as journal:
        run = TracedRun(programs, recorder, journal, step=True)
        with closing(run), monkeypatch.context() as patched:
            patched.setattr(followed_run, "time", SimpleNamespace(monotonic=lambda: now))

            def waits(call: str) -> bool:
                journal.pull()
                run.look()
                return [held.message.call for held in run.stepping.held()] == [call]

            for call in ("socket", "setsockopt", "bind", "listen"):
                eventually(lambda call=call: waits(call))
                now += 0.9  # a person takes more than a second in all
                assert waits(call)
                assert len(run.running) == 1
                run.stepping.release(run.stepping.held())
            eventually(lambda: waits("accept") and len(run.running) == 2)
