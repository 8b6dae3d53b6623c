# /// experiment
# title = "What waits in the accept queue"
# topic = "queues"
# order = 17
# question = "Connections wait in the queue whose length listen(n) sets. In which state are they?"
# choices = ["complete: established", "half open: SYN received", "not begun"]
# answer = 1
# explanation = """
# The handshake is the kernel's work. While it lasts a connection is in another place, the SYN queue; once complete it
# moves to the accept queue, whose length the backlog limits (and on Linux that of the SYN queue with it). Both ends are
# ESTABLISHED there, and the client can send, though the program has not seen the connection yet.
# """
# shows = { call = "getsockopt", nth = 2 }
# [parameters]
# BACKLOG = [0, 2, 5]
# ///
import socket
import struct
import sys

BACKLOG = 2
ESTABLISHED = 1  # of the states in netinet/tcp.h

if not hasattr(socket, "TCP_INFO") or not sys.platform.startswith("linux"):
    sys.exit("not available: this system does not tell with TCP_INFO")

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(("127.0.0.1", 0))
listener.listen(BACKLOG)
clients = [socket.create_connection(listener.getsockname(), timeout=5) for _ in range(BACKLOG + 1)]
for client in clients:
    client.sendall(b"already here")

# Of a listening socket TCP_INFO tells at offset 24 how many connections wait for accept(), and at 28 the backlog.
waiting, most = struct.unpack_from("II", listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 24)
states = [client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] for client in clients]
print(waiting, "connections wait, the backlog is", most, "- states of their clients:", states)
assert waiting == BACKLOG + 1
assert most == BACKLOG
assert states == [ESTABLISHED] * len(clients)

for client in clients:
    connection, _ = listener.accept()
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED
    assert connection.recv(1024) == b"already here"
    connection.close()
    client.close()
listener.close()
