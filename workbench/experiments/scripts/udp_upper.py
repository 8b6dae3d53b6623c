# /// experiment
# title = "A datagram server for several clients"
# topic = "datagrams"
# order = 10
# question = "Three clients send to one UDP server. How many sockets does the server need?"
# choices = ["one", "one for each client", "one more than there are clients"]
# answer = 1
# explanation = """
# There is no connection and nothing to accept: each datagram comes with the address of its sender, and recvfrom()
# returns both. One socket serves all, in the order in which their datagrams arrived.
# """
# shows = { call = "recvfrom" }
# [parameters]
# CLIENTS = [1, 3, 10]
# ///
import socket

CLIENTS = 3

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))

clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(CLIENTS)]
for number, client in enumerate(clients):
    client.sendto(b"hello from client %d" % number, server.getsockname())

for _ in clients:
    data, address = server.recvfrom(1024)
    print(address, "sent", data)
    server.sendto(data.upper(), address)

for number, client in enumerate(clients):
    answer, address = client.recvfrom(1024)
    assert answer == b"HELLO FROM CLIENT %d" % number
    assert address == server.getsockname()
    client.close()
server.close()
