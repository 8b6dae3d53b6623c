# /// experiment
# title = "A datagram server for several clients"
# topic = "datagrams"
# order = 10
# question = "Three clients send to one UDP server. How many sockets does the server need?"
# choices = ["one", "one for each client", "one more than there are clients"]
# answer = 1
# explanation = """
# There is no connection and nothing to accept: each datagram comes with the address of its sender, and recvfrom()
# returns both. One socket serves all, in the order in which their datagrams arrived. What is sent while no server has
# the port is lost: sendto() tells nothing of it, and a server that starts later does not get it.
# """
# shows = { call = "recvfrom" }
# [parameters]
# CLIENTS = [1, 3, 10]
# ///
import socket

CLIENTS = 3

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
server.settimeout(2)  # of very many datagrams some find no room, and then nothing comes
address = server.getsockname()

clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(CLIENTS)]
for number, client in enumerate(clients):
    client.sendto(b"hello from client %d" % number, address)

for _ in clients:
    data, sender = server.recvfrom(1024)
    print(sender, "sent", data)
    server.sendto(data.upper(), sender)

for number, client in enumerate(clients):
    answer, sender = client.recvfrom(1024)
    assert answer == b"HELLO FROM CLIENT %d" % number
    assert sender == address
    client.close()
server.close()

late = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("nobody has the port now, and sendto() returns", late.sendto(b"too early", address))
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(address)
server.setblocking(False)
try:
    server.recvfrom(1024)
    raise AssertionError("the datagram has waited for a server")
except BlockingIOError:
    print("the next server on that port finds nothing")
server.close()
late.close()
