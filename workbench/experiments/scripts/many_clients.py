# /// experiment
# title = "Many clients, one thread"
# topic = "waiting"
# order = 40
# question = "A server with a single thread has three clients, and the first says nothing. Can it serve the other two?"
# choices = [
#     "yes, if it asks select() who is ready",
#     "no, it waits in recv() for the first",
#     "only with a thread for each",
# ]
# answer = 1
# explanation = """
# A recv() on the first client would wait and keep all others waiting. select() waits for all of them at once and
# tells which ones will not make recv() or accept() wait: the listening socket is ready when a connection is in its
# queue.
# """
# shows = { call = "recv" }
# ///
import select
import socket

listener = socket.create_server(("127.0.0.1", 0))
silent, second, third = clients = [socket.create_connection(listener.getsockname()) for _ in range(3)]
second.sendall(b"from the second")
third.sendall(b"from the third")

served, connections = set(), []
while len(served) < 2:
    ready, _, _ = select.select([listener, *connections], [], [], 5)
    assert ready, "nothing for 5 seconds"
    for one in ready:
        if one is listener:
            connection, address = listener.accept()
            connections.append(connection)
        else:
            data = one.recv(1024)
            print(data)
            one.sendall(data.upper())
            served.add(data)

assert second.recv(1024) == b"FROM THE SECOND"
assert third.recv(1024) == b"FROM THE THIRD"
for each in (*clients, *connections, listener):
    each.close()
