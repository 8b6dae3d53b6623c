# /// experiment
# title = "Sending too fast, and why sleep() is no cure"
# topic = "the stream has no messages"
# order = 70
# question = """
# Messages stick together, so the client sleeps between its sends. The server is busy for a while and then calls
# recv(). Do the messages come one by one now?
# """
# choices = ["yes, the sleep has separated them", "no, they come together all the same"]
# answer = 2
# explanation = """
# What recv() returns depends on when the server calls it, too, and no client knows how long a server is busy. A sleep
# makes the fault rarer and the program slower. A line feed at the end of each message ends the trouble: the server
# cuts there, however the bytes come.
# """
# shows = { call = "recv", nth = 2 }
# [parameters]
# PAUSE = [0.0, 0.01, 0.05]
# ///
import socket
import time

PAUSE = 0.01  # seconds that the client sleeps between two sends
MESSAGES = [b"one\n", b"two\n", b"three\n", b"four\n"]

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

for message in MESSAGES:
    client.sendall(message)
    time.sleep(PAUSE)

# The server was busy until now. It looks without taking until all has arrived, so that timing plays no part here.
everything = b"".join(MESSAGES)
connection.recv(len(everything), socket.MSG_PEEK | socket.MSG_WAITALL)
received = connection.recv(1024)
print("one recv after", len(MESSAGES), "sends:", received)
assert received == everything

lines = received.splitlines(keepends=True)
print("cut at line feeds:", lines)
assert lines == MESSAGES

for each in (client, connection, listener):
    each.close()
