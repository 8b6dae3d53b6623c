# /// experiment
# title = "What recv(n) waits for, and what it leaves"
# topic = "the stream has no messages"
# order = 15
# question = "10 bytes have arrived. The server calls recv(4), then recv(1024). What do they return?"
# choices = [
#     "4 bytes, then the other 6",
#     "4 bytes, the other 6 are lost",
#     "4 bytes, then recv(1024) waits until 1024 bytes are there",
# ]
# answer = 1
# explanation = """
# n is the most that recv(n) may return. It waits only while nothing at all is there, and what it does not take stays
# in the receive queue for the next recv. To get exactly n bytes of a stream, loop until you have them.
# """
# shows = { call = "recv", nth = 3 }
# [parameters]
# BUFSIZE = [1, 4, 10, 1024]
# ///
import socket

BUFSIZE = 4

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

client.sendall(b"0123456789")
# Look without taking until all of it has arrived, so that timing plays no part.
connection.recv(10, socket.MSG_PEEK | socket.MSG_WAITALL)

first = connection.recv(BUFSIZE)
print(f"recv({BUFSIZE}) = {first}")
assert first == b"0123456789"[:BUFSIZE]

if BUFSIZE < 10:
    second = connection.recv(1024)
    print(f"recv(1024) = {second}")
    assert first + second == b"0123456789"

for each in (client, connection, listener):
    each.close()
