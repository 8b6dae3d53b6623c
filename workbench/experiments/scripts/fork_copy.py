# /// experiment
# title = "Closed, but not for everybody"
# topic = "ending"
# order = 50
# question = """
# The server forks. The parent closes the connection at once, the child still runs. What does the client's recv() do?
# """
# choices = ['it returns b""', "it waits until the child has closed too", "it raises ConnectionResetError"]
# answer = 2
# explanation = """
# fork() copies the descriptors, not the socket: parent and child hold the same connection. close() gives back one
# descriptor, and FIN is sent with the last one. So a parent that closes tells the client nothing, and neither does a
# server that forgets to close in one of the two. shutdown() ends the connection for all who hold it.
# """
# shows = { call = "recv", nth = 1, error = "TimeoutError" }
# ///
import os
import socket
import sys

if not hasattr(os, "fork"):
    sys.exit("not available: this system has no fork()")

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

wake_up, waker = os.pipe()
child = os.fork()
if child == 0:
    os.close(waker)
    os.read(wake_up, 1)  # until the parent lets it end; it never touches the connection
    os._exit(0)

connection.close()
client.settimeout(0.2)
try:
    while_child_runs = client.recv(1024)
except TimeoutError as error:
    while_child_runs = type(error).__name__
print("the parent has closed, the child runs:  ", while_child_runs)

os.close(waker)
os.waitpid(child, 0)
client.settimeout(5)
after_child = client.recv(1024)
print("the child has ended:                    ", after_child)
assert (while_child_runs, after_child) == ("TimeoutError", b"")
client.close()
listener.close()
