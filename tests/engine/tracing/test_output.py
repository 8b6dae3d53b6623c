"""What a program prints, as a terminal would leave it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from workbench.engine.tracing.output import LINES, ProgramOutput, Text


def text_of(*pieces: bytes) -> list[str]:
    text = Text()
    for piece in pieces:
        text.feed(piece)
    return list(text.lines)


@pytest.mark.parametrize(
    ("printed", "left"),
    [
        (b"one\r\ntwo\r\n", ["one", "two", ""]),
        (b"10 %\r20 %\r100 %\r\n", ["100 %", ""]),
        (b"long line\rshort", ["shortline"]),
        (b"long line\rshort\x1b[K", ["short"]),
        (b"abc\b\bX", ["aXc"]),
        (b"a\tb", ["a       b"]),
        (b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07plain\x1b(B", ["red plain"]),
        ("größe €".encode(), ["größe €"]),
        (b"\xff", ["\ufffd"]),
    ],
)
def test_a_terminal_would_leave(printed: bytes, left: list[str]) -> None:
    assert text_of(printed) == left
    assert text_of(*(bytes([byte]) for byte in printed)) == left, "cut into single bytes"


def test_no_more_is_kept_than_the_last_lines() -> None:
    text = Text()
    text.feed(b"".join(b"%d\n" % number for number in range(LINES + 10)))
    text.feed(b"x" * 100_000)
    assert (text.count, len(text.lines)) == (LINES + 11, LINES)
    assert text.lines[-2] == str(LINES + 9)
    assert len(text.lines[-1]) < 10_000


def test_a_program_prints_at_once_as_on_a_terminal(eventually) -> None:
    output = ProgramOutput(columns=50)
    script = "import os, sys; print(sys.stdout.isatty(), os.get_terminal_size().columns); input()"
    reading, writing = os.pipe()
    with subprocess.Popen([sys.executable, "-c", script], stdin=reading, stdout=output.terminal) as program:
        eventually(lambda: output.lines()[1][0] == "True 50")
        assert program.poll() is None
        os.write(writing, b"\n")
    output.close()
    os.close(reading)
    os.close(writing)
