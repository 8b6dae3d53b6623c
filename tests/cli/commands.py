"""The real socket-workbench as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

WORKBENCH = [sys.executable, "-m", "workbench"]
REPOSITORY = Path(__file__).parents[2]
WAIT = 20.0


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without what would change the output, and with *more*."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return {**kept, "PYTHONPATH": str(REPOSITORY), **more}


def run(*words: str, given: bytes = b"", **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; *given* is its stdin."""
    ran = subprocess.run([*WORKBENCH, *words], input=given, capture_output=True, timeout=WAIT, env=environment(**more))
    return subprocess.CompletedProcess(ran.args, ran.returncode, ran.stdout.decode(), ran.stderr.decode())


class Serve:
    """`serve` as it runs: `address` is what it printed, `line()` gives its stdout line by line while it runs."""

    def __init__(self, *words: str, command: str = "serve", **more: str) -> None:
        self.process = subprocess.Popen(
            [*WORKBENCH, command, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(**more),
        )
        self._deadline = threading.Timer(3 * WAIT, self.process.kill)  # a test that waits for a line fails in the end
        self._deadline.start()
        assert self.process.stderr is not None
        self.first = self.process.stderr.readline().rstrip("\n")
        self.address = self.first.removeprefix("listening on ")

    @property
    def port(self) -> int:
        """The port that it got."""
        return int(self.address.rpartition(":")[2])

    def line(self) -> str:
        """Return the next line of stdout, waiting for it."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def calls_until(self, call: str) -> list[dict[str, Any]]:
        """Return the JSON objects up to the next one about *call*."""
        found: list[dict[str, Any]] = []
        while not found or found[-1]["call"] != call:
            line = self.line()
            assert line, f"ended before {call}: {found}"
            found.append(json.loads(line))
        return found

    def error_line(self) -> str:
        """Return the next line of stderr, waiting for it."""
        assert self.process.stderr is not None
        return self.process.stderr.readline().rstrip("\n")

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal and return exit code, and what is left of stdout and stderr."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> tuple[int, str, str]:
        """Wait for the end; exit code, and what is left of stdout and stderr."""
        out, err = self.process.communicate(timeout=WAIT)
        return self.process.returncode, out, err

    def __enter__(self) -> Serve:
        return self

    def __exit__(self, *error: object) -> None:
        self._deadline.cancel()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def calls(output: str) -> list[dict[str, Any]]:
    """Return the objects of JSON lines."""
    return [json.loads(line) for line in output.splitlines()]
