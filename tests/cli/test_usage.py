"""What every command has: help, version, exit codes, one line for wrong use; and what it does without."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import environment, run
from workbench import __version__
from workbench.cli import COMMANDS
from workbench.engine.endpoints.responders.registry import RESPONDERS
from workbench.model.lens.registry import LENS_NAMES
from workbench.report.exports import EXPORTS

VISIBLE = [name for name in COMMANDS if name != "bench"]
NOWHERE = "tcp://127.0.0.1:1"


def test_version() -> None:
    ran = run("--version")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"socket-workbench {__version__}\n", "")


@pytest.mark.parametrize("words", [[], *[[name] for name in VISIBLE]])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_shows_examples(words: list[str], option: str) -> None:
    ran = run(*words, option)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert re.search(r"Examples:\n +socket-workbench ", ran.stdout)
    assert all(name in ran.stdout for name in VISIBLE if not words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["serve"], "Missing argument 'ADDRESS'"),
        (["serve", "127.0.0.1:80"], "has no scheme: write tcp://127.0.0.1:6789"),
        (["serve", "tcp://127.0.0.1"], "port"),
        (["serve", "tcp://127.0.0.1:70000"], "70000"),
        (["serve", "tcp://bad host:80"], "is neither an IP address nor a name"),
        (["serve", "tcp://\x1b[31m:80"], "is neither an IP address nor a name"),
        (["serve", f"unix://{'x' * 200}"], "200 bytes"),
        (["serve", NOWHERE, "--respond", "ecko"], "no responder 'ecko': there are none, echo"),
        (["serve", NOWHERE, "--respond", "none.py:f"], "there is no file none.py"),
        (["serve", NOWHERE, "--timeout", "abc"], 'timeout is "none", 0 or seconds such as 2.5'),
        (["serve", NOWHERE, "--backlog", "-1"], "--backlog"),
        (["serve", NOWHERE, "--backlog", "99999999999"], "backlog is a number from 0 to 2147483647"),
        (["serve", NOWHERE, "--option", "SO_NOTHING=1"], "no socket option"),
        (["serve", NOWHERE, "--option", "SO_RCVBUF=many"], "SO_RCVBUF takes a whole number"),
        (["serve", NOWHERE, "--option", "SO_RCVBUF"], "SO_RCVBUF takes a whole number"),
        (["serve", NOWHERE, "--append"], "--append and --overwrite are about a --record FILE"),
        (["serve", NOWHERE, "--record", "x", "--append", "--overwrite"], "contradict each other"),
        (["serve", NOWHERE, "--record", "/nowhere/x"], "/nowhere/x: No such file or directory"),
        (["send"], "Missing argument 'ADDRESS'"),
        (["send", NOWHERE, "--json", '{"a": }'], "--json: "),
        (["send", NOWHERE, "--hex", "abc"], "--hex: "),
        (["send", NOWHERE, "--hex", "zz"], "--hex: "),
        (["send", NOWHERE, "--file", "/nowhere/x"], "--file /nowhere/x: No such file or directory"),
        (["send", NOWHERE, "--text"], "--text needs a value"),
        (["send", NOWHERE, "--call", "sendmsg"], "'sendmsg' is not one of 'send', 'sendall', 'sendto'"),
        (["send", NOWHERE, "--bind", "x"], "has no scheme"),
        (["send", NOWHERE, "--bind", "unix:///x"], "--bind is a unix address, the target a tcp one"),
        (["send", NOWHERE, "--repeat", "0"], "--repeat"),
        (["send", NOWHERE, "extra"], "unexpected extra argument"),
        (["show"], "Missing argument 'SESSION'"),
        (["show", "x", "--width", "7"], "--width"),
        (["show", "x", "--find", "0xabc"], "--find: "),
        (["show", "x", "--call", "sing"], "--call"),
        (["show", "x", "--format", "xml"], "--format"),
        (["no-such-command"], "no-such-command"),
    ],
)
def test_wrong_use_is_exit_2_and_one_line(words: list[str], told: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "workbench", *words], capture_output=True, text=True, env=environment(), cwd=tmp_path
    )
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.startswith("socket-workbench: ")
    assert ran.stderr.count("\n") == 1
    assert told in ran.stderr
    assert "\x1b" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["serve", "{taken}"], ["send", "{taken}", "--recv-count", "0"], ["show", "none"]])
def test_no_command_but_the_bench_imports_textual(words: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = [word.format(taken=f"tcp://127.0.0.1:{taken.getsockname()[1]}") for word in words]
        hook = "import sys, atexit; atexit.register(lambda: print('textual' in sys.modules, 'rich' in sys.modules))"
        program = f"{hook}; sys.argv[1:] = {words!r}; from workbench.cli import main; main()"
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment())
    assert ran.stdout.splitlines()[-1] == "False False"
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("closed", [0, 1, 2])
@pytest.mark.parametrize("words", [["--version"], ["send", NOWHERE, "-"]])
def test_a_closed_standard_stream_leads_nowhere(words: list[str], closed: int) -> None:
    whole, without = (_without(words, number) for number in (None, closed))
    assert without.returncode == whole.returncode
    assert without.stdout.count("\n") == (0 if closed == 1 else whole.stdout.count("\n"))
    assert without.stderr == ("" if closed == 2 else whole.stderr)


def _without(words: list[str], closed: int | None) -> subprocess.CompletedProcess[str]:
    """Run a command without one of its standard streams, as `>&-` of a shell does."""
    close = f"import os; os.close({closed})" if closed is not None else "import os"
    program = f"{close}; os.execv({sys.executable!r}, {[sys.executable, '-m', 'workbench', *words]!r})"
    return subprocess.run(
        [sys.executable, "-c", program], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment()
    )


def test_the_installed_name_is_the_same_command() -> None:
    script = Path(sys.executable).with_name("socket-workbench")
    if not script.exists():
        pytest.skip("the package is not installed")
    ran = subprocess.run([script, "--version"], capture_output=True, text=True)
    assert ran.stdout == f"socket-workbench {__version__}\n"


@pytest.mark.parametrize("name", [*(kind.form for kind in RESPONDERS), *LENS_NAMES, *EXPORTS])
def test_readme_names_every_responder_lens_and_export(name: str) -> None:
    assert f"`{name}`" in (Path(__file__).parents[2] / "README.md").read_text("utf-8")
