# /// experiment
# title = "The next answer begins with the rest of the last"
# topic = "the stream has no messages"
# order = 50
# view = "ladder"
# question = """
# The client asks `long` and calls recv(100), but the answer has 300 bytes. Then it asks `short` and calls recv(100)
# again. What does it get?
# """
# choices = ["the answer to `short`", "more of the answer to `long`", "both answers, 100 bytes each"]
# answer = 2
# explanation = """
# What recv(100) did not take stays in the queue, before everything that comes later. Each answer the client reads
# from then on is an old one. It must know how long an answer is and read until it has all of it.
# """
# shows = { call = "recv", nth = 6 }
# [parameters]
# BUFSIZE = [100, 200, 1024]
# ///
import socket

BUFSIZE = 100
LONG, SHORT = b"L" * 300, b"S" * 20

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

client.sendall(b"long")
connection.recv(1024)
connection.sendall(LONG)
# Look without taking until all of it has arrived, so that timing plays no part. So below.
client.recv(len(LONG), socket.MSG_PEEK | socket.MSG_WAITALL)
first = client.recv(BUFSIZE)
print("long  ->", len(first), "bytes:", first[:10], "...")

client.sendall(b"short")
connection.recv(1024)
connection.sendall(SHORT)
client.recv(len(LONG) - len(first) + len(SHORT), socket.MSG_PEEK | socket.MSG_WAITALL)
second = client.recv(BUFSIZE)
print("short ->", len(second), "bytes:", second[:10], "...")

assert first == LONG[:BUFSIZE]
assert second == (LONG[len(first) :] + SHORT)[:BUFSIZE]
assert second.startswith(b"L") == (len(LONG) > BUFSIZE)
for each in (client, connection, listener):
    each.close()
