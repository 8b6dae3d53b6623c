# /// experiment
# title = "A timeout for each call"
# topic = "waiting"
# order = 12
# question = """
# The client calls settimeout(0.5) and reads in a loop until it has six bytes. The server sends one byte each 0.3 s, so
# all of it takes longer than a second. What happens?
# """
# choices = ["TimeoutError after 0.5 s", "all six bytes arrive, after more than a second"]
# answer = 2
# explanation = """
# settimeout bounds each call, not the whole. A peer that sends one byte just in time keeps you busy for ever. To bound
# the whole, note when it has to be over (a deadline), and give each recv only the time that is left.
# """
# shows = { call = "recv", nth = 2 }
# ///
import socket
import threading
import time

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

pause = threading.Event()


def drip():
    for byte in b"slowly":
        connection.sendall(bytes([byte]))
        pause.wait(0.3)


threading.Thread(target=drip).start()
client.settimeout(0.5)
began, received = time.monotonic(), b""
while len(received) < 6:
    received += client.recv(6)
took = time.monotonic() - began
print(f"got {received} in {took:.1f} s with a timeout of 0.5 s")
assert received == b"slowly"
assert took > 1
for each in (client, connection, listener):
    each.close()
