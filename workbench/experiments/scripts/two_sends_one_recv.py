# /// experiment
# title = "Two sends, one recv"
# topic = "the stream has no messages"
# order = 10
# view = "ladder"
# question = """
# The client calls send(b"hello ") and send(b"world"), and both arrive. What does the server's recv(1024) return?
# """
# choices = ['b"hello "', 'b"hello world"', 'b"world"']
# answer = 2
# explanation = """
# TCP carries a stream of bytes, not messages: nothing in it tells where one send() ended. recv() returns what has
# arrived, up to bufsize, from as many sends as there were.
# """
# shows = { call = "recv", nth = 2 }
# [parameters]
# SENDS = [1, 2, 5]
# BUFSIZE = [4, 16, 1024]
# ///
import socket

SENDS = 2
BUFSIZE = 1024

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

words = ([b"hello ", b"world"] + [b" again"] * (SENDS - 2))[:SENDS]
for word in words:
    client.send(word)
everything = b"".join(words)

# Look without taking until all of it has arrived, so that timing plays no part.
connection.recv(len(everything), socket.MSG_PEEK | socket.MSG_WAITALL)

received = connection.recv(BUFSIZE)
print(len(words), "sends, one recv:", received)
assert received == everything[:BUFSIZE]

for each in (client, connection, listener):
    each.close()
