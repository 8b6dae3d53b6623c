"""Programs that start programs: all of them are traced, and none sees it in its environment."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.tracing import calls_of, interpreters, trace, write

STARTED = """
import os, subprocess, sys
code = "import socket, sys; socket.socketpair()[0].sendall(sys.argv[1].encode()) if 0 else None;" \\
    "a, b = socket.socketpair(); a.sendall(sys.argv[1].encode())"
def words(name): return [sys.executable, "-c", code, name]
def line(name): return f"'{sys.executable}' -c \\"{code}\\" {name}"
subprocess.run(words("run"), check=True)
subprocess.run(words("empty environment"), env={}, check=True)
subprocess.run(words("own environment"), env=os.environ, check=True)
subprocess.run(line("shell"), shell=True, check=True)
subprocess.run(words("without close_fds"), close_fds=False, check=True)
os.system(line("system"))
os.popen(line("popen")).read()
os.spawnv(os.P_WAIT, sys.executable, words("spawnv"))
os.spawnve(os.P_WAIT, sys.executable, words("spawnve"), {})
os.waitpid(os.posix_spawn(sys.executable, words("posix_spawn"), os.environ), 0)
os.environ["PYTHONPATH"] = "/nowhere"
subprocess.run(words("other path"), check=True)
del os.environ["PYTHONPATH"]
subprocess.run(words("no path"), check=True)
os.environ.clear()
subprocess.run(words("nothing"), check=True)
os.execv(sys.executable, words("exec"))
"""
NAMES = [
    *("run", "empty environment", "own environment", "shell", "without close_fds", "system", "popen", "spawnv"),
    *("spawnve", "posix_spawn", "other path", "no path", "nothing", "exec"),
]


@pytest.mark.parametrize("python", interpreters())
def test_every_way_to_start_a_program(tmp_path: Path, python: str) -> None:
    write(tmp_path, "start.py", STARTED)
    traced = trace(tmp_path, python, "start.py")
    assert (traced.code, traced.err) == (0, "")
    assert [base64.b64decode(call["data"]).decode() for call in traced.named("sendall")] == NAMES


POOLS = """
import concurrent.futures, multiprocessing, os, socket, sys
def talk(word):
    a, b = socket.socketpair()
    a.sendall(word)
    return b.recv(100), os.environ.get("PYTHONPATH"), [place for place in sys.path if "inject" in place]
if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(pool.map(talk, [method.encode()]))
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        print(list(pool.map(talk, [b"futures"])))
"""


@pytest.mark.parametrize("python", interpreters()[:: max(1, len(interpreters()) - 1)])
def test_multiprocessing_in_all_its_ways(tmp_path: Path, python: str) -> None:
    write(tmp_path, "pools.py", POOLS)
    traced = trace(tmp_path, python, "pools.py")
    told = [f"[(b'{word}', None, [])]" for word in ("fork", "spawn", "forkserver", "futures")]
    assert (traced.code, traced.out.splitlines()) == (0, told)
    sent = [call for call in traced.named("sendall") if call["source"] == "pools.py:5"]
    assert sorted(base64.b64decode(call["data"]) for call in sent) == [b"fork", b"forkserver", b"futures", b"spawn"]
    assert len({call["pid"] for call in sent}) == 4
    taken = [call for call in traced.named("recv") if call["source"] == "pools.py:6"]
    assert all(call["lineage"] for call in taken), "numbers of sockets and texts begin anew in each process"


def test_a_program_that_closes_all_descriptors_goes_on_being_recorded(tmp_path: Path) -> None:
    write(tmp_path, "daemon.py", """
import os, socket
before = [sock.detach() for sock in socket.socketpair()]
os.closerange(3, 4096)
print(os.open("/dev/null", os.O_RDONLY))
a, b = socket.socketpair()
a.sendall(b"still here")
if not os.fork():
    b.recv(100)
    os._exit(0)
os.wait()
""")  # fmt: skip
    traced = trace(tmp_path, "daemon.py")
    assert (traced.code, traced.out) == (0, "3\n")
    assert [call["call"] for call in traced.calls] == [
        "socketpair",
        "detach",
        "detach",
        "socketpair",
        "sendall",
        "recv",
    ]
    assert traced.calls[5]["lineage"] == [{"seq": 5, "start": 0, "stop": 10}]
    assert traced.calls[5]["pid"] != traced.calls[4]["pid"]


def test_a_child_that_has_no_descriptors_from_its_start_is_recorded(tmp_path: Path) -> None:
    write(tmp_path, "daemon.py", """
import os, socket
one, other = socket.socketpair()
os.closerange(3, 4096)
if not os.fork():
    a, b = socket.socketpair()
    a.sendall(b"still here")
    os._exit(b.recv(100) != b"still here")
print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
os._exit(0)
""")  # fmt: skip
    traced = trace(tmp_path, "daemon.py")
    assert (traced.code, traced.out, traced.err) == (0, "0\n", "")
    assert [call["call"] for call in traced.calls] == ["socketpair", "socketpair", "sendall", "recv"]


def test_a_program_that_traces_another_keeps_it_apart(tmp_path: Path) -> None:
    write(tmp_path, "inner.py", "import socket; socket.socketpair()")
    write(tmp_path, "outer.py", """
import subprocess, sys
words = [sys.executable, "-m", "workbench", "trace", "-o", "inner.swb", "inner.py"]
sys.exit(subprocess.run(words).returncode)
""")  # fmt: skip
    traced = trace(tmp_path, "outer.py")
    assert (traced.code, traced.err, traced.calls) == (0, "", [])
    assert [call["source"] for call in calls_of(tmp_path / "inner.swb")] == ["inner.py:1"]


def test_threads_have_their_names(tmp_path: Path) -> None:
    write(tmp_path, "threads.py", """
import socket, threading
def talk(): socket.socketpair()[0].getsockname()
threads = [threading.Thread(target=talk, name=f"worker {number}") for number in range(3)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
""")  # fmt: skip
    names = [call["thread"] for call in trace(tmp_path, "threads.py").named("getsockname")]
    assert sorted(names) == ["worker 0", "worker 1", "worker 2"]


def test_a_forked_childs_calls_have_their_lines_though_the_parent_made_them_before(tmp_path: Path) -> None:
    write(tmp_path, "forks.py", """
import os, socket
one, other = socket.socketpair()
def say(): one.send(b"x")
say()
if not (pid := os.fork()):
    say(); os._exit(0)
os.waitpid(pid, 0)
""")  # fmt: skip
    sends = trace(tmp_path, "forks.py").named("send")
    assert len({call["pid"] for call in sends}) == 2
    assert [call["source"] for call in sends] == ["forks.py:4"] * 2
