# /// experiment
# title = "A file behind a header"
# topic = "framing"
# order = 40
# question = """
# Before a file, the sender sends a JSON header with its name and size. What tells the receiver for sure where the
# header ends?
# """
# choices = [
#     "its first closing brace",
#     "the end of the first recv",
#     "its length, which comes before it in four bytes",
# ]
# answer = 3
# explanation = """
# struct.pack(">I", n) is always four bytes, so the receiver knows how many to read first; they say how long the
# header is, and the header says how long the file is. Each step reads an exact number of bytes, in a loop. The order
# of the bytes must be agreed on: with ">" here and "<" there 116 becomes 1946157056.
# """
# shows = { call = "recv" }
# [parameters]
# SIZE = [0, 70000, 1000000]
# BUFSIZE = [1000, 65536]
# ///
import hashlib
import json
import socket
import struct
import threading

SIZE = 70000
BUFSIZE = 65536
CONTENT = bytes(number % 253 for number in range(SIZE))

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()


def send_file():
    header = json.dumps({"name": "picture.png", "size": SIZE, "sha256": hashlib.sha256(CONTENT).hexdigest()}).encode()
    client.sendall(struct.pack(">I", len(header)) + header)
    client.sendall(CONTENT)


def recv_exactly(count):
    pieces = []
    while count:
        piece = connection.recv(min(count, BUFSIZE))
        if not piece:
            raise EOFError("the sender has closed too early")
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


# A file may be larger than the buffers, so somebody must read while the client sends.
sender = threading.Thread(target=send_file, daemon=True)
sender.start()
(length,) = struct.unpack(">I", recv_exactly(4))
header = json.loads(recv_exactly(length))
content = recv_exactly(header["size"])
sender.join()

print(header)
print("received", len(content), "bytes; read as little endian, the length", length, "would have been", end=" ")
print(*struct.unpack("<I", struct.pack(">I", length)))
assert content == CONTENT
assert hashlib.sha256(content).hexdigest() == header["sha256"]
for each in (client, connection, listener):
    each.close()
