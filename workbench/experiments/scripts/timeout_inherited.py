# /// experiment
# title = "Does an accepted socket inherit the timeout?"
# topic = "waiting"
# order = 20
# question = """
# The listening socket has settimeout(TIMEOUT) and accepts a client, which says nothing for longer than that. What does
# the server's recv(1024) on the connection do?
# """
# choices = ["it raises TimeoutError", "it waits, for ever if need be", "it raises BlockingIOError at once"]
# answer = 2
# explanation = """
# The timeout lives in Python's socket object, and accept() makes a new one, with the default of
# socket.getdefaulttimeout(): None, so it waits as long as it takes. A server that guards its accept() with a timeout
# still hangs in the first recv() from a silent client, unless it sets a timeout on the connection too.
# """
# shows = { call = "recv" }
# [parameters]
# TIMEOUT = [0.05, 0.2, 1.0]
# ///
import socket
import threading
import time

TIMEOUT = 0.2  # seconds

listener = socket.create_server(("127.0.0.1", 0))
listener.settimeout(TIMEOUT)
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

print("the listener's timeout is", listener.gettimeout(), "and the connection's", connection.gettimeout())
assert listener.gettimeout() == TIMEOUT
assert connection.gettimeout() is None

threading.Timer(TIMEOUT + 0.2, client.sendall, [b"at last"]).start()  # the client speaks when the time is over
started = time.monotonic()
data = connection.recv(1024)
print(f"recv(1024) has waited {time.monotonic() - started:.2f} seconds for", data)
assert data == b"at last"

for each in (client, connection, listener):
    each.close()
