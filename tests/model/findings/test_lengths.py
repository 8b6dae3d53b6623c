from __future__ import annotations

import struct
from contextlib import suppress

import pytest

from tests.model.findings.acted import connected, exactly, findings, grave, told


def in_two(client, head: bytes, body: bytes, connection, receive) -> None:
    """Send a message whose body comes in two pieces, with one recv in between."""
    client.sendall(head + body[:10])
    receive(connection)
    client.sendall(body[10:])


@pytest.mark.parametrize("form", [">I", "<I", ">H", "<Q", "text"])
def test_a_recv_taken_for_all_of_the_body(tmp_path, form):
    size = 8 if form == "text" else struct.calcsize(form)

    def number(n: int) -> bytes:
        return b"%08d" % n if form == "text" else struct.pack(form, n)

    def program():
        client, connection = connected()
        client.sendall(number(50) + b"x" * 10)
        assert connection.recv(size)
        assert len(connection.recv(50)) == 10
        client.sendall(b"x" * 40)
        connection.recv(size)

    found = findings(tmp_path, program)
    assert told(found)[0] == "error short-recv"
    assert "asked for the 50 bytes" in found[0].message
    assert "got 10" in found[0].message


def test_a_recv_taken_for_all_and_nothing_received_after_it(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(struct.pack(">I", 50) + b"x" * 10)
        connection.recv(4)
        connection.recv(50)
        client.sendall(b"x" * 40)

    assert told(findings(tmp_path, program)) == ["error short-recv"]


def test_a_loop_that_asks_for_the_rest_is_right(tmp_path):
    def program():
        client, connection = connected()
        for n in (50, 8, 4):
            client.sendall(struct.pack(">I", n) + b"x" * (n // 2))
            exactly(connection, 4)
            got = connection.recv(n)
            client.sendall(b"x" * (n - n // 2))
            exactly(connection, n - len(got))

    assert not findings(tmp_path, program)


@pytest.mark.parametrize(("written", "read"), [(">I", "<I"), ("<I", ">I"), (">H", "<H")])
def test_a_length_read_in_the_other_order(tmp_path, written, read):
    def program():
        client, connection = connected()
        client.sendall(struct.pack(written, 5) + b"hello")
        (n,) = struct.unpack(read, connection.recv(struct.calcsize(read)))
        connection.settimeout(0.1)
        with suppress(TimeoutError):
            got = b""
            while len(got) < n:
                got += connection.recv(min(n - len(got), 1 << 20))

    found = findings(tmp_path, program)
    assert told(found)[0] == "error byte-order", found
    assert "length 5" in found[0].message


def test_a_length_read_in_the_right_order_is_not_blamed(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(struct.pack(">I", 5) + b"hello")
        exactly(connection, 4)
        exactly(connection, 5)
        connection.settimeout(0.1)
        with suppress(TimeoutError):
            connection.recv(4)

    assert not grave(findings(tmp_path, program))


TEXT = "Grüße aus Köln"


@pytest.mark.parametrize(
    "pieces",
    [
        [struct.pack(">I", len(TEXT)), TEXT.encode()],
        [struct.pack("<H", len(TEXT)) + TEXT.encode()],
        [b"%d\n" % len(TEXT), TEXT.encode()],
        [b"%d:" % len(TEXT) + TEXT.encode()],
        [b"%d:" % len(TEXT) + TEXT.encode() + b","],
        [b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(TEXT) + TEXT.encode()],
        [b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(TEXT), TEXT.encode()],
        [b"%-64d" % len(TEXT), TEXT.encode()],
        [b"%-10d" % len(TEXT) + TEXT.encode()],
    ],
)
def test_a_length_in_characters(tmp_path, pieces):
    def program():
        client, connection = connected()
        for piece in pieces:
            client.sendall(piece)
        exactly(connection, sum(map(len, pieces)))

    found = findings(tmp_path, program)
    assert told(found)[:1] == ["error length-in-characters"]
    assert "length 14 for a text of 14 characters that has 17 bytes" in found[0].message


@pytest.mark.parametrize("text", [TEXT, "plain ASCII", "日本語"])
def test_a_length_in_bytes_is_right(tmp_path, text):
    def program():
        client, connection = connected()
        data = text.encode()
        client.sendall(struct.pack(">I", len(data)))
        client.sendall(data)
        exactly(connection, 4 + len(data))

    assert not findings(tmp_path, program)


def test_a_chunk_of_http_whose_size_happens_to_be_the_number_of_characters_with_its_line_end(tmp_path):
    def program():
        client, connection = connected()
        chunk = "Grüße 0".encode()
        assert len(chunk) == len(b"Gr__e 0" + b"\r\n") == 9
        client.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        exactly(connection, 14)

    assert not findings(tmp_path, program)


def test_a_stream_that_ends_inside_a_message(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(struct.pack(">I", 50) + b"x" * 10)
        client.close()
        exactly(connection, 4)
        with suppress(EOFError):
            exactly(connection, 50)
        connection.close()

    [found] = findings(tmp_path, program)
    assert found.rule == "cut-message"
    assert found.message == "the stream ended after 10 of the 50 bytes that #12 had told"


def test_a_stream_that_ends_between_messages_is_right(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(struct.pack(">I", 3) + b"xyz")
        client.close()
        exactly(connection, 4)
        exactly(connection, 3)
        assert connection.recv(4) == b""
        connection.close()

    assert not findings(tmp_path, program)


HTTP = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


def answered(answer: bytes, question: bytes = b"GET / HTTP/1.1\r\n\r\n"):
    def program():
        client, connection = connected()
        client.sendall(question)
        connection.recv(1000)
        connection.sendall(answer)
        connection.close()
        while client.recv(1000):
            pass
        client.close()

    return program


def test_an_http_answer_that_ends_too_early(tmp_path):
    found = findings(tmp_path, answered(HTTP + b"x" * 10))
    assert told(found) == ["error cut-message"]
    assert f"ended after {len(HTTP) + 10} of the {len(HTTP) + 100} bytes" in found[0].message


@pytest.mark.parametrize("answer", [HTTP + b"x" * 100, b"HTTP/1.0 200 OK\r\n\r\nall there is"])
def test_an_http_answer_that_is_whole_is_right(tmp_path, answer):
    assert not findings(tmp_path, answered(answer))


def test_an_answer_to_head_has_no_body(tmp_path):
    assert not findings(tmp_path, answered(HTTP, b"HEAD / HTTP/1.1\r\n\r\n"))
