# /// experiment
# title = "A datagram to nobody"
# topic = "datagrams"
# order = 60
# question = "Nobody has bound the port that a client sends datagrams to. Does the client learn of it?"
# choices = [
#     "yes, sendto() raises ConnectionRefusedError",
#     "never",
#     "only if its socket is connected, and only with the next call",
# ]
# answer = 3
# explanation = """
# The other host answers with an ICMP message. The kernel gives it to a socket that has called connect() to that
# address, as ECONNREFUSED of its next call; a socket that is not connected hears nothing. connect() on a UDP socket
# sends nothing: it only sets the peer. And a firewall may swallow the ICMP message: silence proves nothing.
# """
# shows = { call = "recv", nth = 1, error = "ConnectionRefusedError" }
# ///
import socket

# A port that is taken, so that nobody else gets it, and where we are not heard: its socket only listens to itself.
deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
deaf.bind(("127.0.0.1", 0))
deaf.connect(deaf.getsockname())
address = deaf.getsockname()

unconnected = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
unconnected.settimeout(0.05)
assert unconnected.sendto(b"anybody there?", address) == 14
assert unconnected.sendto(b"hello?", address) == 6
try:
    unconnected.recv(1024)
    raise AssertionError("somebody answered")
except TimeoutError as error:
    print("not connected:", error)

connected = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
connected.settimeout(5)
connected.connect(address)
assert connected.send(b"anybody there?") == 14
try:
    connected.recv(1024)
    raise AssertionError("somebody answered")
except ConnectionRefusedError as error:
    print("connected:    ", error)
for each in (deaf, unconnected, connected):
    each.close()
