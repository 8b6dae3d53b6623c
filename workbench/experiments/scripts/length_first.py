# /// experiment
# title = "The length first, then the data"
# topic = "framing"
# order = 10
# question = """
# The server sends the length of its answer as text, "300", and right after it the data. When both have arrived the
# client does int(recv(1024)) to read the length. What happens?
# """
# choices = ["it gets 300", "ValueError: the data came with the length", "it gets 3"]
# answer = 2
# explanation = """
# Length and data are two sends and one stream, so one recv may return both and int() fails. Tutorials have the client
# send an acknowledgement in between: that works, at the price of a round trip. Cheaper is a length whose own end is
# known: four bytes (struct.pack(">I", n)), or digits up to a line feed.
# """
# shows = { call = "recv", nth = 2 }
# [parameters]
# SIZE = [1, 300, 100000]
# ///
import socket

SIZE = 300

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()
data = b"x" * SIZE
length = str(SIZE).encode()


def recv_all(count):
    received = b""
    while len(received) < count:
        received += client.recv(count - len(received))
    return received


# 1. Without an acknowledgement.
connection.sendall(length)
connection.sendall(data)
# Look without taking until some of the data has arrived too, so that timing plays no part.
client.recv(len(length + data[:1]), socket.MSG_PEEK | socket.MSG_WAITALL)
first = client.recv(1024)
try:
    int(first)
    raise AssertionError("the length came by itself")
except ValueError as error:
    print("without acknowledgement:", str(error)[:60])
recv_all(len(length) + SIZE - len(first))

# 2. With an acknowledgement: the data is not sent before the client has read the length.
connection.sendall(length)
count = int(client.recv(1024))
client.sendall(b"ok")
assert connection.recv(1024) == b"ok"
connection.sendall(data)
assert recv_all(count) == data
print("with acknowledgement: got all", count, "bytes")

# 3. A line feed ends the length: no acknowledgement is needed.
connection.sendall(length + b"\n" + data)
digits = b""
while not digits.endswith(b"\n"):
    digits += client.recv(1)
assert recv_all(int(digits)) == data
print("with a line feed: got all", int(digits), "bytes")
for each in (client, connection, listener):
    each.close()
