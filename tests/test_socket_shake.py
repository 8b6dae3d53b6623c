"""pytest --socket-shake: what a test's author sees."""

from __future__ import annotations

import re
import shlex

import pytest

pytest_plugins = ["pytester"]

SUITE = """
import asyncio, socket, unittest
import pytest

def test_nothing():
    pass

def test_takes_one_recv_for_all():
    one, other = socket.socketpair()
    one.sendall(b"hello")
    assert other.recv(9) == b"hello"

def test_reads_lines():
    one, other = socket.socketpair()
    one.sendall(b"hello\\n")
    assert other.makefile("rb").readline() == b"hello\\n"

@pytest.mark.socket_shake(runs=0)
def test_is_left_alone():
    test_takes_one_recv_for_all()

class TestUnit(unittest.TestCase):
    def setUp(self):
        self.one, self.other = socket.socketpair()

    def test_unit(self):
        self.one.sendall(b"hello")
        self.assertEqual(self.other.recv(9), b"hello")

async def test_streams():
    async def echo(reader, writer):
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"hello\\n")
    assert await reader.readline() == b"hello\\n"
    writer.close()
    server.close()
"""
ASYNC = ("-o", "asyncio_mode=auto", "-p", "no:cacheprovider", "-p", "no:randomly")


def run(pytester: pytest.Pytester, *words: str, suite: str = SUITE) -> pytest.RunResult:
    pytester.makepyfile(test_suite=suite)
    return pytester.runpytest_subprocess(*ASYNC, *words)


def test_a_failing_test_says_first_which_call_makes_it_fail_and_a_token_shows_it_again(
    pytester: pytest.Pytester,
) -> None:
    done = run(pytester, "--socket-shake=2")
    done.assert_outcomes(passed=4, failed=2)
    done.stdout.fnmatch_lines(
        [
            "*_ test_takes_one_recv_for_all _*",
            "fails when recv #1 on socket 2 at test_suite.py:10 returns 4 of 5 bytes",
            "*cut to 4 of 9 by --inject*",
            "replay: pytest 'test_suite.py::test_takes_one_recv_for_all' --socket-shake-replay *",
            "session: *.swb",
            "*assert other.recv(9) == b?hello?",
        ]
    )
    line = re.search(r"^replay: pytest (.*takes_one.*)$", done.stdout.str(), re.MULTILINE)
    assert line is not None
    again = run(pytester, *shlex.split(line[1]))
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["fails when recv #1 on socket 2 at test_suite.py:10 returns 4 of 5 bytes"])


def test_nothing_is_shaken_unless_asked(pytester: pytest.Pytester) -> None:
    run(pytester).assert_outcomes(passed=6)


def test_a_mark_names_the_injection(pytester: pytest.Pytester) -> None:
    suite = """
import pytest, socket

@pytest.mark.socket_shake(runs=1, inject="recv:max=2")
def test_marked():
    one, other = socket.socketpair()
    one.sendall(b"hello")
    assert other.recv(9) == b"hello"
"""
    run(pytester, suite=suite).assert_outcomes(failed=1)


@pytest.mark.slow
def test_workers_of_xdist_shake_too(pytester: pytest.Pytester) -> None:
    run(pytester, "--socket-shake=1", "-n", "2").assert_outcomes(passed=4, failed=2)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--socket-shake", "test_suite.py"), "takes a number, as in --socket-shake=25"),
        (("--socket-shake-replay", "recv:max=x"), "'max=x' in 'recv:max=x': takes bytes"),
        (("-o", "socket_shake=many"), "socket_shake is a number, not 'many'"),
    ],
)
def test_what_is_wrong_is_said_where_it_was_written(
    pytester: pytest.Pytester, words: tuple[str, ...], says: str
) -> None:
    done = run(pytester, *words)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert says in done.stderr.str() + done.stdout.str()
