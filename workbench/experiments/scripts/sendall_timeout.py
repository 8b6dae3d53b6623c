# /// experiment
# title = "What a failed sendall() has sent"
# topic = "queues"
# order = 40
# question = "sendall() of 1 MB raises TimeoutError, since the peer does not read. How much has gone out?"
# choices = ["nothing: all or nothing", "all of it, a little later", "a part, and Python does not tell how much"]
# answer = 3
# explanation = """
# sendall() is a loop of send(), and its first rounds went well. The exception tells nobody how many bytes the peer
# will get, so the stream is good for nothing more: sending the rest, or all again, puts bytes in the wrong place.
# Close the connection, or loop around send() yourself and count.
# """
# shows = { call = "sendall", nth = 1, error = "TimeoutError" }
# [parameters]
# TIMEOUT = [0.05, 0.2]
# ///
import socket

TIMEOUT = 0.1
SIZE = 1000000

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
listener.bind(("127.0.0.1", 0))
listener.listen()
client = socket.socket()
client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
client.connect(listener.getsockname())
connection, _ = listener.accept()

client.settimeout(TIMEOUT)
try:
    client.sendall(b"x" * SIZE)
    raise AssertionError("all was sent")
except TimeoutError as error:
    print("sendall:", error)
client.close()

received = 0
while piece := connection.recv(65536):
    received += len(piece)
print("the peer received", received, "of", SIZE, "bytes")
assert 0 < received < SIZE
connection.close()
listener.close()
