"""Jobs beyond one message: groups, broadcasts, sums, checksums, sockets from a supervisor."""

from __future__ import annotations

import re
import socket
import subprocess
import sys

from tests.cli.commands import WAIT, Serve, environment, run
from tests.cli.test_send import read_all

GROUP = "239.77.1.2"


def test_a_multicast_group_is_joined_and_heard() -> None:
    join = ["--option", f"IP_ADD_MEMBERSHIP={GROUP},127.0.0.1"]
    with Serve(f"udp://{GROUP}:0", *join, "--format", "json") as serve:
        words = ["--option", "IP_MULTICAST_IF=127.0.0.1", "--option", "IP_MULTICAST_TTL=1", "--text", "all of you"]
        ran = run("send", serve.address, "--call", "sendto", *words, "--recv-count", "0")
        assert (ran.returncode, ran.stderr) == (0, "")
        made = serve.calls_until("recvfrom")
    assert ("IPPROTO_IP", "IP_ADD_MEMBERSHIP") in [
        tuple(call["args"][:2]) for call in made if call["call"] == "setsockopt"
    ]
    assert made[-1]["result"] == len("all of you")


def test_a_group_is_joined_by_itself_or_it_is_said_why_not() -> None:
    with Serve(f"udp://{GROUP}:0", "--format", "json") as serve:
        made = serve.calls_until("bind")
    joins = [call for call in made if call["call"] == "setsockopt" and call["args"][1] == "IP_ADD_MEMBERSHIP"]
    assert len(joins) == 1


def test_stats_tell_bytes_calls_and_round_trips() -> None:
    with Serve("tcp://127.0.0.1:0", "--respond", "echo", "--quiet", "--stats") as serve:
        words = ["--text", "ping", "--repeat", "20", "--every", "0", "--recv-count", "1", "--quiet", "--stats"]
        ran = run("send", serve.address, *words)
        told = serve.end()[2]
    pattern = (
        r"4\d calls in .*, [\d.e+]+ calls/s; out .* MB/s, in .* MB/s\n20 round trips: least .*, median .*, most .*\n"
    )
    assert re.fullmatch(pattern, ran.stderr)
    assert re.search(r"\d+ calls in .* calls/s; out .* MB/s, in .* MB/s", told)


def test_progress_counts_connections_that_are_gone() -> None:
    with Serve("tcp://127.0.0.1:0", "--quiet", "--progress") as serve:
        for _ in range(3):
            run("send", serve.address, "--text", "12345", "--recv-count", "0", "--quiet")
        told = serve.end()[2]
    assert "15 B in" in told


def test_a_checksum_is_appended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        where = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        ran = run("send", where, "--hex", "01 03 00 00 00 01", "--checksum", "modbus", "--recv-count", "0", "--quiet")
        assert read_all(listener.accept()[0]).hex() == "010300000001840a"
    assert ran.returncode == 0


def test_a_listening_socket_from_a_supervisor_is_taken_over() -> None:
    """As systemd.socket does it: descriptor 3, LISTEN_FDS and LISTEN_PID (sd_listen_fds(3))."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        code = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); os.set_inheritable(3, True)\n"
            "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n"
            "os.execv(sys.executable, [sys.executable, '-m', 'workbench', *sys.argv[2:]])"
        )
        serve = ["serve", "tcp://127.0.0.1:1", "--respond", "upper", "--once"]
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(listener.fileno()), *serve],
            pass_fds=[listener.fileno()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
        )  # fmt: skip
        with socket.create_connection(("127.0.0.1", port), WAIT) as client:
            client.sendall(b"hey")
            assert client.recv(10) == b"HEY"
        out, err = process.communicate(timeout=WAIT)
    assert process.returncode == 0
    assert f"listening on tcp://127.0.0.1:{port}".encode() in err
    assert b"bind(" not in out
