"""Calls that wait until they are let go, one by one, without a screen."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tracing import interpreters, write
from workbench.engine.tracing.launch import traced_environment
from workbench.engine.tracing.stepping import Held, Rule, Stepping
from workbench.journal.pages import LivePages
from workbench.journal.reader import Journal
from workbench.probe.recorder import Recorder
from workbench.probe.step import LOOK_AGAIN

Eventually = Callable[..., None]

THREE = """
import socket
one, other = socket.socketpair()
one.sendall(b"hello world")
print(other.recv(5), flush=True)
other.close()
other.close()  # closed already: no call
"""


@dataclass
class Stepped:
    """A session whose calls wait, and a program that writes it."""

    folder: Path
    session: Path
    stepping: Stepping
    eventually: Eventually

    @contextmanager
    def run(
        self, source: str, interpreter: str = sys.executable, stdin: int | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        words = [interpreter, write(self.folder, "program.py", source)]
        environment, pipe = traced_environment(self.session), subprocess.PIPE
        with subprocess.Popen(
            words, cwd=self.folder, env=environment, stdout=pipe, stderr=pipe, stdin=stdin, text=True
        ) as program:  # fmt: skip
            try:
                yield program
            finally:
                program.kill()

    def waits(self, call: str) -> Held:
        """Return the one call that waits, as soon as one does."""
        self.eventually(lambda: [held.message.call for held in self.stepping.held()] == [call], 10)
        return self.stepping.held()[0]

    def go(self) -> None:
        self.stepping.release(self.stepping.held())

    def calls(self) -> list[str]:
        with closing(Journal(self.session)) as journal:
            journal.pull()
            return [call.call for call in journal]


@pytest.fixture
def stepped(tmp_path: Path, eventually: Eventually) -> Iterator[Stepped]:
    session = tmp_path / "session.swb"
    with closing(Recorder(str(session))), LivePages.made(session):
        stepping = Stepping(session, every=True)
        yield Stepped(tmp_path, session, stepping, eventually)
        stepping.close()


@pytest.mark.parametrize("interpreter", interpreters())
def test_each_call_waits_and_shows_its_queue_before_and_after(stepped: Stepped, interpreter: str) -> None:
    with stepped.run(THREE, interpreter) as program:
        told = stepped.waits("sendall").message
        assert (told.data, told.size, told.queue.total) == (b"hello world".hex(), 11, 0)
        assert stepped.calls() == ["socketpair"], "the call was not made yet"
        stepped.go()
        told = stepped.waits("recv").message
        assert (told.args, told.queue.total, bytes.fromhex(told.queue.head)) == ([5], 11, b"hello world")
        stepped.go()
        stepped.waits("close")
        before, after = stepped.stepping.last()
        assert (before.queue.total, after.queue.total, bytes.fromhex(after.queue.head)) == (11, 6, b" world")
        stepped.go()
        assert program.communicate(timeout=10) == ("b'hello'\n", "")
    assert stepped.calls() == ["socketpair", "sendall", "recv", "close"]


@pytest.mark.parametrize("answered", [True, False], ids=["told again", "telling"])
def test_a_call_is_let_go_while_its_queue_is_told_again(stepped: Stepped, answered: bool) -> None:
    """A UNIX socket closed with bytes unread resets its peer, which must not take that for the end of the tracer."""
    with stepped.run(THREE) as program:
        held = stepped.waits("sendall")
        held.waits.send(LOOK_AGAIN)
        if answered:
            stepped.eventually(lambda: select.select([held.waits], [], [], 0)[0])
        stepped.stepping.release([held])
        held = stepped.waits("recv")
        assert program.poll() is None
        stepped.stepping.release([held])
        stepped.waits("close")


def test_a_look_into_the_queue_of_a_call_that_waits_sees_what_came_meanwhile(stepped: Stepped) -> None:
    source = """
import os, socket, sys
one, other = socket.socketpair()
if os.fork():
    other.recv(4)
else:
    sys.stdin.readline()
    os.write(one.fileno(), b"came later")
"""
    reading, writing = os.pipe()
    with stepped.run(source, stdin=reading) as program:
        told = stepped.waits("recv").message
        assert told.queue.total == 0
        os.write(writing, b"\n")

        def seen() -> bytes:
            stepped.stepping.look_again()
            stepped.stepping.held()
            return bytes.fromhex(stepped.stepping.peeked(told.socket)[0].head)

        stepped.eventually(lambda: seen() == b"came later")
        stepped.go()
        assert program.wait(10) == 0
        stepped.eventually(lambda: all(stepped.stepping.last()))
        before, after = stepped.stepping.last()
        assert (before.queue.total, after.queue.total) == (10, 6)
    os.close(reading)
    os.close(writing)


def test_run_on_lets_everything_go(stepped: Stepped) -> None:
    with stepped.run(THREE) as program:
        stepped.waits("sendall")
        stepped.stepping.rule = Rule()
        stepped.go()
        assert program.communicate(timeout=10)[0] == "b'hello'\n"


def test_every_call_goes_on_when_nobody_is_there_any_more(stepped: Stepped) -> None:
    """The one who decides is killed: its side of the connections closes, and nobody answers the next call."""
    with stepped.run(THREE) as program:
        held = stepped.waits("sendall")
        os.close(stepped.stepping._listener.detach())
        held.waits.close()
        assert program.communicate(timeout=10) == ("b'hello'\n", "")


@pytest.mark.parametrize(("stop", "call"), [("recv", "recv"), ("conn 1", "recv"), ("server", "listen")])
def test_the_program_stops_where_a_stop_says(stepped: Stepped, stop: str, call: str) -> None:
    source = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
conn, _ = listener.accept()
client.sendall(b"hello")
conn.recv(10)
"""
    stepped.stepping.rule = Rule(stops=frozenset({stop}))
    with stepped.run(source) as program:
        told = stepped.waits(call).message
        assert stop in (told.call, told.label)
        stepped.stepping.rule = Rule()
        stepped.go()
        assert program.wait(10) == 0


def test_the_program_stops_after_a_call_that_fails(stepped: Stepped) -> None:
    source = """
import socket
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    sock.recv(1)
except OSError as error:
    print(type(error).__name__, error.__traceback__.tb_next, flush=True)
"""
    stepped.stepping.rule = Rule(stops=frozenset({"error"}))
    with stepped.run(source) as program:
        told = stepped.waits("recv").message
        assert (told.after, told.error) == (True, "OSError")
        assert stepped.calls() == ["socket", "setsockopt", "recv"], "it was made"
        stepped.go()
        assert program.communicate(timeout=10) == ("OSError None\n", "")


def test_a_peek_leaves_the_error_that_waits_to_the_program(stepped: Stepped) -> None:
    source = """
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
probe.bind(("127.0.0.1", 0))
sock.connect(probe.getsockname())
probe.sendto(b"first", sock.getsockname())
probe.close()
sock.send(b"nobody")
try:
    print(sock.recv(10))
except ConnectionRefusedError as error:
    print("refused, then", sock.recv(10), flush=True)
"""
    stepped.stepping.rule = Rule(stops=frozenset({"recv"}))
    with stepped.run(source) as program:
        told = stepped.waits("recv").message
        assert (told.queue.error, told.queue.head) == (True, "")
        stepped.stepping.rule = Rule()
        stepped.go()
        assert program.communicate(timeout=10) == ("refused, then b'first'\n", "")


def test_a_peek_leaves_a_programs_own_peeks_alone(stepped: Stepped) -> None:
    source = """
import socket
one, other = socket.socketpair()
one.send(b"0123456789")
other.setsockopt(socket.SOL_SOCKET, 42, 0)  # SO_PEEK_OFF: each peek goes on where the last one ended
print(other.recv(4, socket.MSG_PEEK), other.recv(4, socket.MSG_PEEK), flush=True)
"""
    stepped.stepping.rule = Rule(stops=frozenset({"recv"}))
    with stepped.run(source) as program:
        told = stepped.waits("recv").message
        assert (told.queue.total, told.queue.head) == (10, "")
        stepped.stepping.rule = Rule()
        stepped.go()
        assert program.communicate(timeout=10) == ("b'0123' b'4567'\n", "")


def test_threads_wait_each_for_itself(stepped: Stepped) -> None:
    source = """
import socket, threading
pairs = [socket.socketpair() for _ in range(3)]
threads = [threading.Thread(target=one.send, args=(b"x",)) for one, _ in pairs]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("joined", flush=True)
"""
    with stepped.run(source) as program:
        for left in (3, 2, 1):
            stepped.eventually(lambda left=left: len(stepped.stepping.held()) == left, 10)
            stepped.eventually(lambda left=left: stepped.calls().count("send") == 3 - left, 10)
            stepped.stepping.release(stepped.stepping.held()[:1])
        assert program.communicate(timeout=10)[0] == "joined\n"


@pytest.mark.parametrize("start", ["os.fork() or child()", "subprocess.run([sys.executable, __file__, 'child'])"])
def test_children_wait_too(stepped: Stepped, start: str) -> None:
    source = f"""
import os, socket, subprocess, sys
def child():
    socket.socketpair()[0].send(b"from the child")
    os._exit(0)
if sys.argv[1:]:
    child()
{start}
"""
    with stepped.run(source) as program:
        held = stepped.waits("send")
        assert held.message.pid != program.pid
        assert bytes.fromhex(held.message.data) == b"from the child"
        stepped.go()
        assert program.wait(10) == 0


def test_a_program_that_dies_waits_no_more(stepped: Stepped) -> None:
    with stepped.run(THREE) as program:
        stepped.waits("sendall")
        program.send_signal(signal.SIGKILL)
        stepped.eventually(lambda: not stepped.stepping.held(), 10)
    assert stepped.calls() == ["socketpair"]


def test_ctrl_c_reaches_a_program_whose_call_waits(stepped: Stepped) -> None:
    with stepped.run(THREE) as program:
        stepped.waits("sendall")
        program.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in program.communicate(timeout=10)[1]
    assert stepped.calls() == ["socketpair"]


def test_the_programs_default_timeout_and_descriptors_are_its_own(stepped: Stepped) -> None:
    source = """
import socket
socket.setdefaulttimeout(0.002)
one, other = socket.socketpair()
one.send(b"x")
print(one.fileno(), socket.socket().fileno(), other.recv(1), flush=True)
"""
    with stepped.run(source) as program:
        stepped.waits("send")
        assert stepped.calls() == ["socketpair"]  # takes longer than that timeout
        assert stepped.stepping.held()
        for call in ("socket", "recv"):
            stepped.go()
            stepped.waits(call)
        stepped.go()
        assert program.communicate(timeout=10) == ("3 5 b'x'\n", "")


def test_nothing_is_left_behind(stepped: Stepped) -> None:
    folder, file = stepped.stepping._folder, stepped.stepping._file
    assert folder.stat().st_mode & 0o077 == file.stat().st_mode & 0o077 == 0
    stepped.stepping.close()
    assert not folder.exists()
    assert not file.exists()
