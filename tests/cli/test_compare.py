from __future__ import annotations

from pathlib import Path

from tests.cli.commands import run
from tests.ui.recording import Session


def test_the_same_differing_and_unreadable(tmp_path: Path) -> None:
    for name, data in (("a", b"hello"), ("b", b"hello"), ("c", b"help!")):
        Session(tmp_path / name).connect().send(data).recorder.close()
    a, b, c = (str(tmp_path / name) for name in "abc")
    same = run("compare", a, b)
    assert (same.returncode, same.stdout, same.stderr) == (0, "the same: 3 calls on 2 sockets\n", "")
    differs = run("compare", a, c)
    assert differs.returncode == 1
    assert differs.stderr == "socket-workbench: the sessions differ in 1 place, first at client 1\n"
    assert differs.stdout.splitlines() == [
        "first difference, at client 1:",
        "  A #3     send(b'hello') = 5",
        "  B #3     send(b'help!') = 5",
        "    their bytes (5 and 5) differ from 0003 on",
    ]
    assert run("compare", a, str(tmp_path / "nowhere")).returncode == 2
