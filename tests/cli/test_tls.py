"""TLS with the peers that people have: openssl and curl, and through a tap."""

from __future__ import annotations

import base64
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import WAIT, Serve, calls, run
from tests.cli.test_send import one_line
from tests.cli.test_tap import Tap, free_port, until_listening
from workbench.journal.reader import Journal

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def authority(process: Serve) -> str:
    """Return the file that a server's throw-away certificate is trusted with."""
    line = process.error_line()
    assert "throw-away certificate" in line
    return line.rpartition(" ")[2]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("certificate")
    files = str(folder / "cert.pem"), str(folder / "key.pem")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-out", files[0], "-keyout", files[1]]
    subprocess.run([*made, *names], check=True, capture_output=True)
    return files


@pytest.fixture
def s_server(certificate: tuple[str, str]) -> Iterator[int]:
    port = free_port()
    words = ["-quiet", "-rev", "-accept", str(port), "-cert", certificate[0], "-key", certificate[1]]
    server = subprocess.Popen(["openssl", "s_server", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_listening(port)
        yield port
    finally:
        server.kill()
        server.wait(WAIT)


def test_send_talks_to_openssl_and_says_what_was_agreed_on(s_server: int, certificate: tuple[str, str]) -> None:
    words = ["--ca", certificate[0], "--text", "hello", "--line-end", "lf", "--recv-count", "1", "--format", "json"]
    ran = run("send", f"tls://localhost:{s_server}", *words)
    assert ran.returncode == 0
    assert "client 1: TLSv1.3, TLS_AES_256_GCM_SHA384, certificate of localhost until " in ran.stderr
    moved = [(call["call"], base64.b64decode(call["data"]), call["left"]) for call in calls(ran.stdout) if call["data"]]
    assert moved == [("sendall", b"hello\n", None), ("recv", b"olleh\n", None)]


def test_a_certificate_is_checked_unless_told_otherwise_which_is_said(
    s_server: int, certificate: tuple[str, str]
) -> None:
    where = f"tls://localhost:{s_server}"
    told = one_line(run("send", where, "--quiet"), 1)
    assert told == "could not connect: TLS: self-signed certificate: --ca FILE trusts it"
    told = one_line(run("send", where, "--ca", certificate[0], "--server-name", "other", "--quiet"), 1)
    assert "Hostname mismatch" in told
    ran = run("send", where, "--insecure", "--text", "x\n", "--recv-count", "1", "--data")
    assert (ran.returncode, ran.stdout) == (0, "x\n")
    assert "warning: --insecure: the certificate of localhost is not checked" in ran.stderr


def test_openssl_and_curl_talk_to_serve(tmp_path: Path) -> None:
    (tmp_path / "web.py").write_text(
        "def serve(conn):\n"
        "    conn.until(b'\\r\\n\\r\\n')\n"
        "    conn.send('HTTP/1.1 200 OK\\r\\nContent-Length: 200000\\r\\n\\r\\n' + 'x' * 200000)\n"
    )
    with Serve("tls://127.0.0.1:0", "--respond", f"{tmp_path}/web.py:serve", "--quiet") as serve:
        curl = ["curl", "-sS", "--cacert", authority(serve), f"https://localhost:{serve.port}/"]
        ran = subprocess.run(curl, capture_output=True, timeout=WAIT)
        assert (ran.stderr, ran.stdout) == (b"", b"x" * 200000)
    with Serve("tls://127.0.0.1:0", "--respond", "upper", "--quiet", "--alpn", "chat") as serve:
        words = ["-quiet", "-alpn", "chat", "-CAfile", authority(serve), "-connect", f"localhost:{serve.port}"]
        client = subprocess.Popen(
            ["openssl", "s_client", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write(b"hi\n")
        client.stdin.flush()
        assert client.stdout.readline() == b"HI\n"
        assert serve.error_line().endswith("TLSv1.3, TLS_AES_256_GCM_SHA384, ALPN chat")
        client.kill()
        client.communicate()


def test_own_certificate_no_tls_at_the_other_end_and_options_out_of_place(certificate: tuple[str, str]) -> None:
    words = ["--cert", certificate[0], "--key", certificate[1], "--respond", "echo", "--quiet"]
    with Serve("tls://127.0.0.1:0", *words) as serve:
        plain = serve.address.replace("tls://", "tcp://")
        assert run("send", plain, "--text", "no TLS\r\n", "--quiet", "--recv-count", "1").returncode == 1
        assert "conn 1: no TLS handshake: " in serve.error_line()
        ran = run("send", serve.address, "--ca", certificate[0], "--server-name", "localhost", "--text", "x", "--data",
                  "--recv-count", "1")  # fmt: skip
        assert ran.stdout == "x"
    assert one_line(run("serve", "tcp://127.0.0.1:0", "--cert", certificate[0]), 2).startswith("--cert is for tls://")
    assert one_line(run("send", "tcp://127.0.0.1:1", "--insecure"), 2).startswith("--insecure is for tls://")


def test_the_keys_are_written_where_sslkeylogfile_says(s_server: int, tmp_path: Path) -> None:
    keys = str(tmp_path / "keys")
    words = ["--insecure", "--text", "x\n", "--recv-count", "1", "--quiet"]
    run("send", f"tls://localhost:{s_server}", *words, SSLKEYLOGFILE=keys)
    assert "CLIENT_TRAFFIC_SECRET_0 " in Path(keys).read_text()


def test_a_tap_speaks_tls_on_either_side_and_records_plain_bytes(s_server: int, tmp_path: Path) -> None:
    session = tmp_path / "s.swb"
    target = f"tls://localhost:{s_server}"
    words = ["--insecure", "--up", "--slice", "4", "--record", str(session)]
    with Tap(target, *words, "--quiet", listen="tls://127.0.0.1:0") as tap:
        trusted = tap.error_line()
        ran = run("send", tap.address.replace("127.0.0.1", "localhost"), "--ca", trusted.rpartition(" ")[2],
                  "--text", "hello you\n", "--expect", "uoy olleh", "--data")  # fmt: skip
        assert (ran.returncode, ran.stdout) == (0, "uoy olleh\n")
        time.sleep(0.1)
        tap.end()
    journal = Journal(session)
    journal.read_all()
    moved = {(call.name, call.call, call.data, call.tls) for call in journal if call.data}
    assert ("conn 1", "recv", b"hello you\n", True) in moved
    assert ("target 1", "send", b"hell", True) in moved
    assert ("conn 1", "send", b"uoy olleh\n", True) in moved
