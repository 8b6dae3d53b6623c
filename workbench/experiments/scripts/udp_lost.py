# /// experiment
# title = "Sent, and never received"
# topic = "datagrams"
# order = 40
# view = "ladder"
# question = """
# sendto() returned the full length 1000 times without an error. How many datagrams does a slow receiver get?
# """
# choices = ["all 1000", "as many as its receive buffer could hold", "none"]
# answer = 2
# explanation = """
# sendto() tells that the datagram left, not that it arrived. A receiver that does not read fast enough has a full
# receive buffer, and the kernel throws further datagrams away; nobody is told. Who must know sends an
# acknowledgement.
# """
# shows = { call = "recv", nth = 1, error = "BlockingIOError" }
# [parameters]
# COUNT = [10, 1000, 3000]
# RCVBUF = [4096, 65536, 200000]
# ///
import socket

COUNT = 1000
RCVBUF = 65536

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RCVBUF)
server.bind(("127.0.0.1", 0))
room = server.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)  # on Linux twice as much, for bookkeeping
address = server.getsockname()
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

# The server is busy while the client sends.
for number in range(COUNT):
    assert client.sendto(str(number).encode().ljust(500), address) == 500

received = []
server.setblocking(False)
while True:
    try:
        received.append(int(server.recv(1024)))
    except BlockingIOError:  # the queue is empty
        break
print(
    len(received), "of", COUNT, "datagrams arrived in a buffer of", room, "bytes:", received[:3], "...", received[-3:]
)
assert received == sorted(received)
assert received[:1] == list(range(COUNT))[:1]
if room < COUNT * 500:
    assert len(received) < COUNT
server.close()
client.close()
