from __future__ import annotations

import json

from tests.model.findings.acted import connected, findings, grave, told

WORDS = "Grüße aus Köln, schöne Straße".encode()


def test_a_last_recv_that_ends_inside_a_character(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(WORDS)
        connection.recv(3)

    [found] = findings(tmp_path, program)
    assert (found.rule, found.severity) == ("cut-character", "error")
    assert "ended inside a character, and it was the last" in found.message


def test_a_cut_that_is_joined_later_is_only_noted(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(WORDS)
        connection.recv(3)
        connection.recv(100)

    assert told(findings(tmp_path, program)) == ["note cut-character"]


def test_binary_is_no_text(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(b"\0\0\0\x05" + bytes(range(128, 256)) + WORDS)
        connection.recv(4)
        connection.recv(30)

    assert not findings(tmp_path, program)


def texts(count: int) -> list[bytes]:
    return [json.dumps({"number": number}).encode() for number in range(count)]


def test_several_json_texts_in_one_recv_after_single_ones(tmp_path):
    def program():
        client, connection = connected()
        one, two, three = texts(3)
        for batch in ([one], [two, three]):
            for text in batch:
                client.sendall(text)
            json.loads(b"{}" + connection.recv(1000)[:0])

    found = findings(tmp_path, program)
    assert told(found) == ["error glued-messages"] or told(found) == ["note glued-messages"]
    assert "recv brought 2 JSON texts as one" in found[0].message


def test_more_was_sent_and_nothing_received(tmp_path):
    def program():
        client, connection = connected()
        one, two, three = texts(3)
        client.sendall(one)
        client.sendall(two)
        connection.recv(1000)
        client.sendall(three)

    assert told(findings(tmp_path, program)) == ["error glued-messages"]


def test_texts_that_end_with_a_line_end_are_right(tmp_path):
    def program():
        client, connection = connected()
        for text in texts(3):
            client.sendall(text + b"\n")
        connection.recv(1000)

    assert not findings(tmp_path, program)


def test_a_program_that_goes_on_is_only_noted(tmp_path):
    def program():
        client, connection = connected()
        for text in texts(3):
            client.sendall(text)
        connection.recv(1000)
        client.sendall(texts(1)[0])
        connection.recv(1000)
        client.close()
        connection.recv(1000)

    assert not grave(findings(tmp_path, program))
