# /// experiment
# title = "When the reader is already waiting: a race"
# topic = "the stream has no messages"
# order = 80
# question = """
# A thread is waiting in recv(1024) while the client calls send(b"AB") and send(b"CD"). What does recv return?
# """
# choices = ['always b"AB"', 'always b"ABCD"', "one or the other, by chance"]
# answer = 3
# explanation = """
# The first send wakes the reader. Whether it gets to run before the second send is up to the scheduler: sometimes
# recv returns one message, sometimes both. A program that was only ever tried by hand has seen one of the two. This
# run counts them; on a given machine the one may be rare.
# """
# shows = { call = "recv" }
# [parameters]
# ROUNDS = [10, 100, 500]
# ///
import collections
import socket
import threading

ROUNDS = 100

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else the second send waits 40 ms for an acknowledgement
connection, _ = listener.accept()
counts, messages = collections.Counter(), collections.Counter()


def read():
    for _ in range(ROUNDS):
        received = connection.recv(1024)
        counts[received] += 1
        while len(received) < 4:
            received += connection.recv(1024)
        messages[received] += 1
        connection.sendall(b"next")


reader = threading.Thread(target=read, daemon=True)
reader.start()
for _ in range(ROUNDS):
    client.send(b"AB")
    client.send(b"CD")
    client.recv(1024)
reader.join()

for first in (b"AB", b"ABCD"):
    print(f"the first recv returned {first} {counts[first]} times of {ROUNDS}")
assert messages == {b"ABCD": ROUNDS}  # complete and in order; in how many pieces is left open
assert counts[b"AB"] + counts[b"ABCD"] == ROUNDS
for each in (client, connection, listener):
    each.close()
