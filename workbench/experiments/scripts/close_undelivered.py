# /// experiment
# title = "close() does not wait for delivery"
# topic = "ending"
# order = 54
# question = """
# The client has sent megabytes that the server has not read yet, and calls close(). What becomes of the bytes that are
# still in the client's send buffer?
# """
# choices = ["they are thrown away", "close() waits until they are delivered", "the kernel goes on sending them"]
# answer = 3
# explanation = """
# close() returns at once, and the kernel sends what is left, then FIN, even after the process has ended. That it
# returned says nothing about delivery: if the peer resets or disappears now, nobody is told. Who must know asks for an
# answer: shutdown(SHUT_WR), then recv until b"" or until the peer says that it has all.
# """
# shows = { call = "close", nth = 1 }
# ///
import socket
import time

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

client.setblocking(False)
sent = 0
try:
    while True:  # as much as the two kernels take while nobody reads
        sent += client.send(bytes(65536))
except BlockingIOError:
    pass

began = time.monotonic()
client.close()
took = time.monotonic() - began
print(f"{sent} bytes undelivered, close() took {took * 1000:.1f} ms")

received = 0
while piece := connection.recv(1 << 20):
    received += len(piece)
print(f"{received} bytes were received after it")
assert took < 0.5
assert received == sent > 1 << 20
connection.close()
listener.close()
