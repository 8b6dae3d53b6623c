# /// experiment
# title = "A full queue of a UNIX server"
# topic = "UNIX"
# order = 40
# question = """
# The queue of a UNIX stream server is full (listen(1), nobody accepts). A client with settimeout(5) calls connect().
# What happens on Linux?
# """
# choices = ["it waits 5 seconds", "it is refused: ECONNREFUSED", "it fails at once: BlockingIOError"]
# answer = 3
# explanation = """
# There is no network in between and nothing to try again: the kernel could only put the client to sleep. A socket
# with a timeout is non-blocking to the kernel, so connect() fails with EAGAIN at once, whatever the timeout. A client
# without one sleeps until the server accepts.
# """
# shows = { call = "connect", nth = 1, error = "BlockingIOError" }
# [parameters]
# BACKLOG = [0, 1, 4]
# ///
import os
import socket
import sys
import threading

BACKLOG = 1

if not sys.platform.startswith("linux"):
    sys.exit("not available: this was only checked on Linux")

name = f"\0experiment-{os.getpid()}"
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(name)
server.listen(BACKLOG)
clients = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(BACKLOG + 1)]
for client in clients:
    client.connect(name)
print(len(clients), "clients wait in the queue")

with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as hurried:
    hurried.settimeout(5)
    try:
        hurried.connect(name)
        raise AssertionError("there was room in the queue")
    except BlockingIOError as error:
        print("with a timeout:", error)

patient = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
waiting = threading.Thread(target=patient.connect, args=(name,), daemon=True)
waiting.start()
for _ in range(BACKLOG + 2):  # the last of them is the patient one
    server.accept()[0].close()
waiting.join()
assert patient.getpeername() == name.encode()
print("without one it waits, and is connected after an accept()")
for each in (*clients, patient, server):
    each.close()
