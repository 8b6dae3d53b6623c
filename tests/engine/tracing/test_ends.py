"""How traced programs end, and what is said of programs that cannot be traced."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.tracing import TRACE, calls_of, trace, write
from workbench.journal.pages import LivePages, recover
from workbench.journal.reader import Journal
from workbench.probe.recorder import Recorder

BLOCKED = """
import socket, threading
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
accepted, _ = listener.accept()
threading.Thread(target=listener.accept, name="second accept", daemon=True).start()
print("ready", flush=True)
accepted.recv(1024)
"""


def test_a_call_is_seen_while_it_blocks_and_is_unfinished_when_the_program_is_killed(
    tmp_path: Path, eventually: Callable[..., None]
) -> None:
    session = tmp_path / "session.swb"
    write(tmp_path, "blocked.py", BLOCKED)
    words = [*TRACE, "-o", str(session), "blocked.py"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as tracer:
        assert tracer.stdout is not None
        assert tracer.stdout.readline() == "ready\n"
        live = LivePages(session)
        with closing(live), closing(Journal(session)) as journal:

            def doing() -> dict[str, tuple[str, str, int | None, str]]:
                journal.pull()
                return {
                    each.call: (each.name, each.thread, each.requested, each.source) for each in live.doing(journal)
                }

            expected = {
                "recv": ("conn 1", "MainThread", 1024, "blocked.py:8"),
                "accept": ("server", "second accept", None, "threading.py"),
            }
            eventually(lambda: doing().keys() == expected.keys())
            assert doing()["recv"] == expected["recv"]
            assert doing()["accept"][:3] == expected["accept"][:3]
            eventually(lambda: all(each.seconds() > 0.01 for each in live.doing(journal)))
            pid = live.doing(journal)[0].pid
        os.kill(pid, signal.SIGKILL)
        assert tracer.wait(10) == 128 + signal.SIGKILL
    unfinished = [call for call in calls_of(session) if call.get("unfinished")]
    assert sorted((call["call"], call["name"]) for call in unfinished) == [("accept", "server"), ("recv", "conn 1")]
    assert all(call["result"] is None and call["duration"] is None and call["pid"] == pid for call in unfinished)
    assert not Path(f"{session}.live").exists()


def test_calls_that_never_returned_are_told_where_the_tracer_was_killed_too(
    tmp_path: Path, eventually: Callable[..., None]
) -> None:
    session = tmp_path / "session.swb"
    live = Path(f"{session}.live")
    write(
        tmp_path, "blocked.py", BLOCKED.replace("ready", "ready {os.getpid()}").replace("print(", "import os; print(f")
    )
    words = [*TRACE, "-o", str(session), "blocked.py"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as tracer:
        assert tracer.stdout is not None
        pid = int(tracer.stdout.readline().split()[1])
        with closing(LivePages(session)) as pages, closing(Journal(session)) as journal:
            eventually(lambda: journal.pull() or len(pages.doing(journal)) == 2)
        tracer.kill()
    assert [call for call in calls_of(session) if call.get("unfinished")] == []  # the program still waits
    assert live.exists()
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: any(call.get("unfinished") for call in calls_of(session)))
    unfinished = [call for call in calls_of(session) if call.get("unfinished")]
    assert sorted((call["call"], call["name"]) for call in unfinished) == [("accept", "server"), ("recv", "conn 1")]
    assert all(call["pid"] == pid for call in unfinished)
    assert not live.exists()


def test_a_file_that_only_has_the_name_of_a_live_file_is_left_alone(tmp_path: Path) -> None:
    session, other = tmp_path / "session.swb", tmp_path / "session.swb.live"
    Recorder(str(session)).close()
    other.write_text("mine")
    recover(session)
    assert other.read_text() == "mine"


def test_the_last_call_before_a_kill_is_in_the_session(tmp_path: Path) -> None:
    write(tmp_path, "killed.py", """
import os, signal, socket
a, b = socket.socketpair()
for number in range(1000): a.send(b"%d" % number); b.recv(10)
os.kill(os.getpid(), signal.SIGKILL)
""")  # fmt: skip
    traced = trace(tmp_path, "killed.py")
    assert (traced.code, len(traced.calls)) == (137, 2001)


def test_the_program_decides_what_a_signal_does(tmp_path: Path) -> None:
    write(tmp_path, "stubborn.py", """
import signal, socket
a, b = socket.socketpair()
def ignore(number, frame): print("got", signal.Signals(number).name, flush=True)
signal.signal(signal.SIGINT, ignore); signal.signal(signal.SIGTERM, ignore)
print("ready", flush=True)
a.recv(1)
""")  # fmt: skip
    words = [*TRACE, "stubborn.py"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tracer:
        assert tracer.stdout is not None
        assert tracer.stdout.readline() == "ready\n"
        tracer.send_signal(signal.SIGINT)
        assert tracer.stdout.readline() == "got SIGINT\n"
        tracer.send_signal(signal.SIGTERM)
        assert tracer.stdout.readline() == "got SIGTERM\n"
        assert tracer.poll() is None
        tracer.send_signal(signal.SIGHUP)
        assert tracer.wait(10) == 128 + signal.SIGHUP


def test_a_signal_that_the_tracer_ignores_is_still_the_programs(tmp_path: Path) -> None:
    write(tmp_path, "handles.py", """
import signal, socket
def handle(number, frame): print("got", signal.Signals(number).name, flush=True); raise SystemExit(5)
print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, flush=True)
signal.signal(signal.SIGINT, handle)
print("ready", flush=True)
one, other = socket.socketpair()
one.recv(1)
""")  # fmt: skip
    words = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *TRACE, "handles.py"]  # as sh does for a job started with &
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tracer:
        assert tracer.stdout is not None
        assert [tracer.stdout.readline() for _ in range(2)] == ["True\n", "ready\n"]
        tracer.send_signal(signal.SIGINT)
        assert tracer.stdout.readline() == "got SIGINT\n"
        assert tracer.wait(10) == 5


def test_a_disk_without_any_room_is_told_as_the_reason(tmp_path: Path) -> None:
    write(tmp_path, "pair.py", "import socket\nprint(len(socket.socketpair()))\n")
    words = [*TRACE, "-o", "session.swb", "pair.py"]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))  # noqa: E731
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, preexec_fn=limit, timeout=90)
    assert (done.returncode, done.stdout) == (0, "2\n")
    assert done.stderr == "socket-workbench: pair.py ran untraced: the disk that the session is on is full\n"


def test_a_library_with_sockets_of_its_own_is_named(tmp_path: Path) -> None:
    (tmp_path / "zmq").mkdir()
    write(tmp_path, "zmq/__init__.py", "import zmq.backend\n")
    write(tmp_path, "zmq/backend.py", "")
    write(tmp_path, "messages.py", "import zmq\nprint(__import__('sys').meta_path[1:] != [])\n")
    traced = trace(tmp_path, "messages.py")
    assert (traced.code, traced.out, traced.calls) == (0, "True\n", [])
    assert traced.err.count("\n") == 1
    assert "calls of zmq's own sockets are not seen" in traced.err


def test_a_full_disk_costs_records_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, "much.py", """
import socket
a, b = socket.socketpair()
for _ in range(200): a.send(b"x" * 100); b.recv(1000)
print("unharmed")
""")  # fmt: skip
    traced = trace(tmp_path, "much.py", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9216, 9216)))
    assert (traced.code, traced.out) == (0, "unharmed\n")
    assert 10 < len(traced.calls) < 60
    assert f"{401 - len(traced.calls)} calls were not kept" in traced.err


def test_a_limit_holds_for_all_that_is_traced_and_the_loss_is_told(tmp_path: Path) -> None:
    write(tmp_path, "child.py", """
import socket
a, b = socket.socketpair()
for _ in range(200): a.send(b"x" * 100); b.recv(1000)
""")  # fmt: skip
    write(tmp_path, "parent.py", """
import os, subprocess, sys
print([name for name in os.environ if name.startswith("SOCKET_WORKBENCH")])
subprocess.run([sys.executable, "child.py"])
subprocess.run([sys.executable, "child.py"], env={})
""")  # fmt: skip
    traced = trace(tmp_path, "--limit", "20000", "parent.py")
    assert (traced.code, traced.out) == (0, "[]\n")
    assert 10 < len(traced.calls) < 200
    said = f"{802 - len(traced.calls)} calls were not kept (full disk, size limit, or interrupted)\n"
    assert said in traced.err
    shown = subprocess.run([*TRACE[:-1], "show", "session.swb"], cwd=tmp_path, capture_output=True, text=True)
    assert shown.stderr == f"socket-workbench: session.swb: {said}"
    assert (tmp_path / "session.swb").stat().st_size < 30000


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["missing.py"], 2, "missing.py does not exist"),
        (["ls"], 2, "ls is no Python program"),
        (["text"], 2, "text is no Python program"),
        (["."], 2, ". is a folder without __main__.py"),
        (["-m"], 2, "-m needs a module's name"),
        ([], 2, "name a PROGRAM"),
        (["--with", ""], 2, "--with '' names no program"),
        (["-o", "one", "--record", "two", "fine.py"], 2, "-o and --record"),
        (["-o", "missing/session.swb", "fine.py"], 2, "cannot be recorded"),
        ([sys.executable, "-I", "fine.py"], 0, "fine.py runs untraced: -I"),
        ([sys.executable, "-uE", "fine.py"], 0, "fine.py runs untraced: -E"),
        ([sys.executable, "-X", "utf8", "-S", "-m", "fine"], 0, "fine runs untraced: -S"),
        (["dies.py"], 1, "dies.py ended with exit code 1 before its first socket call"),
    ],
)
def test_one_line_says_what_is_wrong(tmp_path: Path, words: list[str], code: int, said: str) -> None:
    write(tmp_path, "fine.py", "import socket; socket.socketpair()\n")
    write(tmp_path, "dies.py", "raise SystemExit(1)\n")
    write(tmp_path, "text", "no program\n")
    done = subprocess.run([*TRACE, *words], cwd=tmp_path, capture_output=True, text=True, timeout=90)
    assert (done.returncode, done.stdout) == (code, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("socket-workbench: ")
    assert said in done.stderr
