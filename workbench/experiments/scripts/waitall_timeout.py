# /// experiment
# title = "MSG_WAITALL and a timeout"
# topic = "waiting"
# order = 14
# question = """
# Four bytes have arrived, more will not come soon. The socket has settimeout(0.5). What does recv(10, MSG_WAITALL)
# do?
# """
# choices = ["it raises TimeoutError after 0.5 s", "it returns the four bytes at once", "it waits for ten bytes"]
# answer = 2
# explanation = """
# A Python socket with a timeout is non-blocking for the kernel: Python itself waits with poll() until there is
# something, then makes the call. And on a non-blocking socket MSG_WAITALL does not wait. So with a timeout it is as
# good as not there; loop until you have all.
# """
# shows = { call = "recv", nth = 1 }
# ///
import socket
import time

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

connection.sendall(b"four")
client.settimeout(0.5)
began = time.monotonic()
received = client.recv(10, socket.MSG_WAITALL)
took = time.monotonic() - began
print(f"recv(10, MSG_WAITALL) with a timeout: {received} after {took * 1000:.0f} ms")
assert received == b"four"
assert took < 0.5
for each in (client, connection, listener):
    each.close()
