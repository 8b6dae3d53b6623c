# /// experiment
# title = "Two JSON messages in one recv"
# topic = "the stream has no messages"
# order = 60
# question = """
# The client sends {"id": 1} and {"id": 2}. When both have arrived the server calls json.loads(recv(1024)). What does it
# get?
# """
# choices = ['{"id": 1}', "a list of both", "JSONDecodeError: Extra data"]
# answer = 3
# explanation = """
# Both texts come out of one recv, and json.loads() takes exactly one: "Extra data". A small bufsize gives half a
# text: "Unterminated string" or "Expecting value", and a character of several bytes may be cut as well. JSON does not
# frame itself on a stream: end each text with a line feed, or send its length first.
# """
# shows = { call = "recv", nth = 2 }
# [parameters]
# BUFSIZE = [5, 9, 1024]
# ///
import json
import socket

BUFSIZE = 1024

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()


def loads_of_one_recv(*messages, bufsize):
    data = b"".join(json.dumps(message, ensure_ascii=False).encode() for message in messages)
    for message in messages:
        client.sendall(json.dumps(message, ensure_ascii=False).encode())
    # Look without taking until all of it has arrived, so that timing plays no part.
    connection.recv(len(data), socket.MSG_PEEK | socket.MSG_WAITALL)
    piece = connection.recv(bufsize)
    connection.recv(len(data) - len(piece))  # the rest, so that the next try begins afresh
    try:
        outcome = json.loads(piece.decode())
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        outcome = f"{type(error).__name__}: {error}"
    print(piece, "->", ascii(outcome))
    return outcome


two = loads_of_one_recv({"id": 1}, {"id": 2}, bufsize=BUFSIZE)
half = loads_of_one_recv({"name": "héllo"}, bufsize=13)
cut = loads_of_one_recv({"name": "héllo"}, bufsize=12)
whole = loads_of_one_recv({"name": "héllo"}, bufsize=1024)

if BUFSIZE > 9:
    assert two.startswith("JSONDecodeError: Extra data")
assert half.startswith("JSONDecodeError: Unterminated string")
assert cut.startswith("UnicodeDecodeError")
assert whole == {"name": "héllo"}
for each in (client, connection, listener):
    each.close()
