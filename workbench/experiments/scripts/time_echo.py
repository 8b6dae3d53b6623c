# /// experiment
# title = "An echo with the time, one client after another"
# topic = "first contact"
# order = 20
# question = """
# The server answers one client in a loop until recv() returns b"". Meanwhile a second client connects and sends. When
# does the second client get its answer?
# """
# choices = ["at once", "never: it is refused", "after the first client has closed"]
# answer = 3
# explanation = """
# The second client is connected by the kernel and what it sends waits in a queue, but the server is still in its loop
# with the first. Only when the first client closes does recv() return b"", the loop ends, and accept() gives the
# second.
# """
# shows = { call = "accept", nth = 2 }
# [parameters]
# CLIENTS = [1, 2, 6]
# ///
import socket
import time

CLIENTS = 2

listener = socket.create_server(("127.0.0.1", 0), backlog=5)

# All of them connect and send before the server serves the first one.
clients = [socket.create_connection(listener.getsockname(), timeout=2) for _ in range(CLIENTS)]
for number, client in enumerate(clients):
    client.sendall(b"hello from %d" % number)

for number, client in enumerate(clients):
    connection, address = listener.accept()
    client.shutdown(socket.SHUT_WR)  # this client says no more, so the loop below will end
    while True:
        data = connection.recv(1024)
        if not data:
            break
        connection.sendall(f"[{time.ctime()}] ".encode() + data)
    connection.close()

    answer = client.recv(1024)
    print(answer)
    assert answer.endswith(b"] hello from %d" % number)

    for waiting in clients[number + 1 :]:
        waiting.setblocking(False)
        try:
            waiting.recv(1024)
            raise AssertionError("a client was answered before its turn")
        except BlockingIOError:
            waiting.setblocking(True)
    client.close()

listener.close()
