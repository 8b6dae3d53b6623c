"""Rules made of a session answer as the server of that session did."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.cli.commands import Serve, run
from tests.cli.test_serve import LOOPBACK, dial

SERVER = """
def serve(conn):
    conn.send("hello\\n")
    count = 0
    while request := conn.recv():
        count += 1
        if request == b"bin\\n":
            conn.send(b"\\xff\\x00")
        else:
            conn.pieces(f"{count}: costs $1\\n", 3)
"""


def talk(serve: Serve) -> list[bytes]:
    with dial(serve) as peer:
        lines = peer.makefile("rb")
        said = [lines.readline()]
        for request, size in ((b"a\n", 12), (b"a\n", 12), (b"bin\n", 2), (b'say "x"\n', 12)):
            peer.sendall(request)
            said.append(lines.read(size))
        return said


def test_a_server_of_rules_says_what_the_recorded_one_said(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    session, rules = tmp_path / "s.swb", tmp_path / "rules.toml"
    with Serve(LOOPBACK, "--respond", f"{tmp_path}/server.py:serve", "--record", str(session), "--quiet") as serve:
        said = talk(serve)
        serve.end()
    ran = run("export", str(session), "--to", "rules", "-o", str(rules))
    assert (ran.returncode, ran.stderr) == (0, "")
    told = tomllib.loads(rules.read_text())
    assert told["greeting"] == "hello\n"
    assert told["rule"][0] == {"equals": "a\n", "answer": "1: costs $$1\n", "pieces": [3, 3, 3, 3], "times": 1}
    assert told["rule"][2]["answer"] == {"hex": "ff 00"}
    with Serve(LOOPBACK, "--respond", str(rules), "--quiet") as serve:
        assert talk(serve) == said
