# /// experiment
# title = "What happens when the backlog is full"
# topic = "queues"
# order = 10
# view = "ladder"
# question = """
# The server calls listen(BACKLOG) and never accept(). Clients connect one after another. What happens to the first
# that finds the queue full?
# """
# choices = ["it is refused: ECONNREFUSED", "the oldest in the queue is thrown out", "it waits, and may time out"]
# answer = 3
# explanation = """
# Linux lets backlog + 1 connections wait for accept(). The next client is not refused: its SYN is dropped as if lost,
# and its kernel tries again after a second, and again, for about two minutes, unless the program gives up earlier.
# Refused means that nobody listens at all.
# """
# shows = { call = "connect", nth = 1, error = "TimeoutError" }
# [parameters]
# BACKLOG = [0, 1, 2, 5]
# TIMEOUT = [0.1, 0.5]
# ///
import socket
import sys

BACKLOG = 2
TIMEOUT = 0.2

if not sys.platform.startswith("linux"):
    sys.exit("not available: how many more than the backlog may wait differs, and was only checked on Linux")

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(("127.0.0.1", 0))
listener.listen(BACKLOG)

clients = []
while True:
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.settimeout(TIMEOUT)
    try:
        client.connect(listener.getsockname())
    except TimeoutError as error:
        print("client", len(clients) + 1, "waits:", error)
        client.close()
        break
    clients.append(client)
    print("client", len(clients), "is connected; nobody has called accept()")
assert len(clients) == BACKLOG + 1

# One is taken out of the queue, and there is room for one.
connection, _ = listener.accept()
another = socket.create_connection(listener.getsockname(), timeout=5)
print("after one accept() there is room for another")
for each in (*clients, another, connection, listener):
    each.close()
