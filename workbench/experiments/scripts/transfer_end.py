# /// experiment
# title = "Has the whole file come?"
# topic = "framing"
# order = 50
# question = """
# A receiver reads a file with recv(1024) and stops when a recv returns less than 1024 bytes. Does it get the whole
# file?
# """
# choices = ["yes: less than bufsize means the end", "not always: less only means that no more was there yet"]
# answer = 2
# explanation = """
# A short recv tells what was in the queue, not what is still to come. And where the last piece is as long as bufsize,
# such a receiver waits for ever. There are two signs of the end: the sender closes (or shuts down its side) and recv
# returns b"", or both know the size. Only with the size does the receiver notice that a sender died half way.
# """
# shows = { call = "recv" }
# [parameters]
# BUFSIZE = [700, 1024, 4096]
# ///
import socket

BUFSIZE = 1024
FIRST, SECOND = b"a" * 700, b"b" * 500  # the file, as the sender reads it from its disk in two pieces

listener = socket.create_server(("127.0.0.1", 0))


def connect():
    client = socket.create_connection(listener.getsockname())
    return client, listener.accept()[0]


# 1. "Less than bufsize is the end": the second half is sent after the first was read.
client, connection = connect()
connection.settimeout(0.5)
client.sendall(FIRST)
received = b""
try:
    while True:
        piece = connection.recv(BUFSIZE)
        received += piece
        if not piece or len(piece) < BUFSIZE:
            break
except TimeoutError:
    print("no recv was short: without a timeout this receiver would wait for ever")
client.sendall(SECOND)
print("stopped at a short recv:", len(received), "of", len(FIRST + SECOND), "bytes")
assert received == FIRST
client.close()
connection.close()

# 2. b"" is the end: the sender closes after the file.
client, connection = connect()
client.sendall(FIRST)
received = connection.recv(BUFSIZE)
client.sendall(SECOND)
client.close()
while piece := connection.recv(BUFSIZE):
    received += piece
print('read until b"":', len(received), "bytes")
assert received == FIRST + SECOND
connection.close()

# 3. A sender that dies half way closes as well: only the size tells the difference.
client, connection = connect()
size = len(FIRST + SECOND)
client.sendall(FIRST)
client.close()
received = b""
while len(received) < size and (piece := connection.recv(BUFSIZE)):
    received += piece
print("the size was", size, "and", len(received), "bytes came: the file is not whole")
assert len(received) < size
connection.close()
listener.close()
