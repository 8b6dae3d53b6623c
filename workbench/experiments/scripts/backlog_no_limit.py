# /// experiment
# title = "Is the backlog the greatest number of clients?"
# topic = "queues"
# order = 15
# question = "A server calls listen(1) and accepts whoever comes. How many clients can be connected at once?"
# choices = ["1", "2", "as many as it accepts"]
# answer = 3
# explanation = """
# The backlog limits only those who are connected and not accepted yet. accept() takes a connection out of that queue,
# and from then on it does not count. How many may be open is the program's affair: it may stop accepting, and in the
# end the system's limit of open files stops it.
# """
# shows = { call = "accept", nth = 20 }
# [parameters]
# CLIENTS = [20, 100]
# ///
import socket

CLIENTS = 20

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(("127.0.0.1", 0))
listener.listen(1)

clients, connections = [], []
for _ in range(CLIENTS):
    clients.append(socket.create_connection(listener.getsockname(), timeout=5))
    connections.append(listener.accept()[0])

# All of them are open: each can send and is heard.
for number, (client, connection) in enumerate(zip(clients, connections)):
    client.sendall(b"%d" % number)
    assert connection.recv(1024) == b"%d" % number
print(len(clients), "clients are connected, with a backlog of 1")
for each in (*clients, *connections, listener):
    each.close()
