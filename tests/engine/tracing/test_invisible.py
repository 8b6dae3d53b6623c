"""Programs made to notice the probe: they print the same under trace as bare, and what they do is recorded."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.probe.test_file_format import records
from tests.tracing import interpreters, trace, write
from workbench.probe.format import EVENT, EVENTS

DEADLINES = """
import signal, socket, time
class Deadline(Exception): pass
def on_alarm(*a): raise Deadline
signal.signal(signal.SIGALRM, on_alarm)
a, b = socket.socketpair(); a.setblocking(False)
met = 0
for attempt in range(20):
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    end = time.monotonic() + 5
    try:
        while time.monotonic() < end:
            try: a.recv(100)
            except BlockingIOError: pass
    except Deadline: met += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
print(met)
"""
DESCRIPTORS = """
import os, socket, tempfile
a, b = socket.socketpair(); a.send(b"0"); b.recv(1)
f = tempfile.TemporaryFile()
for n in range(900, 1024): os.dup2(f.fileno(), n)
a.send(b"1"); b.recv(1)
print(os.fstat(f.fileno()).st_size)
p = socket.socketpair()
for n in range(900, 1024): os.dup2(p[0].fileno(), n)
a.send(b"2"); b.recv(1)
p[1].setblocking(False)
try: print(p[1].recv(100))
except BlockingIOError: print("nothing")
os.closerange(900, 1024)
a.send(b"3"); print(b.recv(1))
"""
COPIES = """
import sys, importlib, socket
def use(m, tag):
    a, b = m.socketpair(); a.send(tag); print(b.recv(10))
use(socket, b"first")
importlib.reload(socket); use(socket, b"reloaded")
del sys.modules["socket"]; import socket as s2; use(s2, b"second")
import _socket; a, b = _socket.socketpair(); a.send(b"raw"); print(b.recv(9))
class Q(socket.socket):
    def __init__(self, *a): _socket.socket.__init__(self, *a); self._closed = False; self._io_refs = 0
z = Q(socket.AF_INET, socket.SOCK_DGRAM); z.settimeout(1); z.bind(("127.0.0.1", 0)); print(z.gettimeout()); z.close()
"""
OVERRIDDEN = """
import socket
calls = []
class P(socket.socket):
    def fileno(self): calls.append("fileno"); return super().fileno()
    def gettimeout(self): calls.append("gettimeout"); return super().gettimeout()
    def getsockname(self): calls.append("getsockname"); return super().getsockname()
    @property
    def family(self): calls.append("family"); return super().family
    @property
    def type(self): calls.append("type"); return super().type
l = socket.create_server(("127.0.0.1", 0))
p = P(); p.connect(l.getsockname()); d, _ = l.accept(); d.sendall(b"abcdef"); print(p.recv(3)); p.sendall(b"x" * 9)
p.recv_into(bytearray(3)); p.settimeout(1); p.sendall(b"q"); p.shutdown(1); p.close()
u = P(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0)); u.sendto(b"hi", l.getsockname())
print(calls)
"""
LOOKS = """
import inspect, os, posix, socket, subprocess
class A: run = os.system; spawn = posix.posix_spawn
print(A().run("true"), os.waitpid(A().spawn("/bin/true", ["true"], {}), 0)[1], os.system is posix.system, os.system)
print(inspect.isbuiltin(os.execve), os.execve.__text_signature__, inspect.signature(os.system), type(A().run) is type)
print(inspect.getsource(socket.socket)[:40], "recv" in vars(socket.socket))
print([n for n in dir(socket.socket) if "wb" in n])
for call in (lambda: socket.socket().recv(), lambda: socket.socket().settimeout(1, 2)):
    try: call()
    except TypeError as error: print(error)
try: inspect.signature(socket.socket.recv)
except ValueError as error: print(error)
print(inspect.signature(socket.socket.makefile))
"""
BUFFERS = """
import socket
a, b = socket.socketpair(); a.setblocking(False)
kept = []
for call in ("recv_into", "recvfrom_into", "sendall", "recvmsg_into"):
    for make in (lambda ba: ba, lambda ba: memoryview(ba)[:5]):
        ba = bytearray(9_000_000 if call == "sendall" else 10)
        try: getattr(a, call)([make(ba)] if call == "recvmsg_into" else make(ba))
        except BlockingIOError as error: kept.append(error)
        ba.extend(b"x")
print(len(kept))
"""
AUDITED = """
import os, socket, sys
l = socket.create_server(("127.0.0.1", 0)); k = socket.create_connection(l.getsockname())
seen = []
def hook(e, args):
    if e in ("fcntl.ioctl", "open", "mmap.__new__", "os.putenv", "sys._getframe", "import"): raise PermissionError(e)
    seen.append(e)
sys.addaudithook(hook)
s, _ = l.accept(); k.sendall(b"hi"); print(s.recv(2)); k.send(b"x"); print(s.recv_into(bytearray(1)))
pid = os.fork()
if not pid: k.send(b"from child"); os._exit(0)
os.waitpid(pid, 0); print(s.recv(100)); k.close(); print(s.recv(1)); s.close(); print(seen)
"""
FORBIDDEN = """
import socket, sys
a, b = socket.socketpair(); a.setblocking(False)
def hook(e, args):
    if e in ("object.__getattr__", "builtins.id", "sys._getframe"): raise PermissionError(e)
sys.addaudithook(hook)
try: a.recv(1)
except BlockingIOError as error: print(error.errno)
b.send(b"x"); print(a.recv(1)); a.close(); b.close()
"""
WARNED = """
import warnings, socket
warnings.simplefilter("error")
a, b = socket.socketpair(); a.send(b"x"); print(b.recv(1)); a.close(); b.close()
"""
PROGRAMS = {
    "deadlines": (DEADLINES, "20\n"), "descriptors": (DESCRIPTORS, "0\nnothing\nb'3'\n"), "copies": (COPIES, ""),
    "overridden": (OVERRIDDEN, ""), "looks": (LOOKS, ""), "buffers": (BUFFERS, "8\n"), "audited": (AUDITED, ""),
    "forbidden": (FORBIDDEN, ""), "warned": (WARNED, "b'x'\n"),
}  # fmt: skip
LEAST = {"deadlines": 20, "copies": 16, "overridden": 20, "audited": 15, "descriptors": 9, "looks": 3, "buffers": 8}


@pytest.mark.parametrize("python", interpreters())
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_made_to_notice_the_probe_does_not(tmp_path: Path, name: str, python: str) -> None:
    source, expected = PROGRAMS[name]
    write(tmp_path, "program.py", source)
    words = [python, "-X", "warn_default_encoding", "program.py"]
    bare = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    traced = trace(tmp_path, "--", *words)
    assert (bare.returncode, bare.stderr) == (0, "")
    assert expected in bare.stdout
    assert (traced.code, traced.out, traced.err) == (0, bare.stdout, "")
    assert len(traced.calls) >= LEAST.get(name, 3)


@pytest.mark.parametrize("python", interpreters())
def test_the_lines_of_a_program_with_an_audit_hook_are_known(tmp_path: Path, python: str) -> None:
    write(tmp_path, "program.py", FORBIDDEN)
    calls = trace(tmp_path, "--", python, "program.py").named("recv", "send")
    assert [call["source"] for call in calls] == ["program.py:7", "program.py:9", "program.py:9"]


@pytest.mark.parametrize("python", interpreters())
def test_a_label_does_not_stay_with_a_descriptor_that_another_socket_got(tmp_path: Path, python: str) -> None:
    write(
        tmp_path,
        "reused.py",
        "import socket, os\n"
        "l = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(l.getsockname())\n"
        "d, _ = l.accept(); n = d.fileno(); os.close(d.detach())\n"
        "r, w = os.pipe(); s = socket.socketpair()[0] if r != n else None\n"
        "os.close(r); os.close(w)\n"
        "u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); assert u.fileno() == n\n"
        "u.sendto(b'x', ('127.0.0.1', 9)); v = socket.socket(fileno=u.detach()); v.sendto(b'y', ('127.0.0.1', 9))\n",
    )
    traced = trace(tmp_path, "--", python, "reused.py")
    assert (traced.code, traced.err) == (0, "")
    assert [call["name"] for call in traced.named("sendto")] == ["client 2", "client 2"]


def test_calls_made_wrongly_are_recorded_as_they_were_made(tmp_path: Path) -> None:
    write(
        tmp_path,
        "wrong.py",
        "import socket\ns = socket.socket()\n"
        "for call in (lambda: s.bind('localhost', 6666), lambda: s.send('x'), lambda: s.recv('5'), lambda: s.recv()):\n"
        "    try: call()\n    except TypeError: pass\n",
    )
    traced = trace(tmp_path, "wrong.py")
    wrong = [call for call in traced.calls if call["error"]]
    assert [(call["call"], call["error"]["type"]) for call in wrong] == [
        ("bind", "TypeError"), ("send", "TypeError"), ("recv", "TypeError"), ("recv", "TypeError"),
    ]  # fmt: skip
    assert wrong[0]["args"] == ["localhost", 6666]


@pytest.mark.parametrize("python", interpreters())
def test_an_exception_that_nothing_caught_is_an_event_of_the_session(tmp_path: Path, python: str) -> None:
    write(
        tmp_path,
        "falls.py",
        "import socket, threading\na, b = socket.socketpair()\n"
        "def work(): raise KeyError('in a thread')\n"
        "t = threading.Thread(target=work, name='worker'); t.start(); t.join()\n"
        "def main(): b.send('text')\n"
        "main()\n",
    )
    bare = subprocess.run([python, "falls.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    traced = trace(tmp_path, "--", python, "falls.py")
    assert (traced.code, traced.err.splitlines()[-1]) == (bare.returncode, bare.stderr.splitlines()[-1])
    events = [each for each in records((tmp_path / "session.swb").read_bytes()) if each["kind"] == EVENT]
    assert [EVENTS[each["call"]] for each in events] == ["exception", "exception"]
    assert [each["tail"]["error"][0] for each in events] == ["KeyError", "TypeError"]
    assert events[1]["tail"]["traceback"][:2] == ["falls.py:6 in <module>", "falls.py:5 in main"]
