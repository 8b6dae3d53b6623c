# /// experiment
# title = "Sending nothing"
# topic = "datagrams"
# order = 30
# question = 'What does the receiver get when the sender sends b"", over TCP and over UDP?'
# choices = ['nothing over TCP, b"" over UDP', 'b"" both times', "nothing both times"]
# answer = 1
# explanation = """
# A stream of bytes with no byte added is the same stream: nothing is sent, and recv() goes on waiting. A datagram may
# be empty: it has a sender and arrives. So on a UDP socket b"" does not mean that somebody has closed.
# """
# shows = { call = "recvfrom" }
# ///
import socket

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

assert client.send(b"") == 0
assert client.sendall(b"") is None
client.sendall(b"after")
received = connection.recv(1024)
print("TCP:", received)
assert received == b"after"  # the empty sends have left no trace

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.sendto(b"", server.getsockname())
sender.sendto(b"after", server.getsockname())
first, address = server.recvfrom(1024)
second, _ = server.recvfrom(1024)
print("UDP:", first, "from", address, "and then", second)
assert (first, second) == (b"", b"after")

for each in (client, connection, listener, server, sender):
    each.close()
