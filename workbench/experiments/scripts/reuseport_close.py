# /// experiment
# title = "One of two listeners leaves"
# topic = "queues"
# order = 70
# question = """
# Two sockets listen on one port with SO_REUSEPORT. Thirty clients are connected and wait in the accept queues of the
# two. Now one of the listeners closes. What becomes of the clients in its queue?
# """
# choices = ["the other listener accepts them", "they are reset", "they connect again by themselves"]
# answer = 2
# explanation = """
# The kernel gives each connection to one of the listeners when it is made, and it stays in that one's queue. With the
# listener the queue goes, and its clients are reset, though somebody still listens on the port. So a server with
# several workers loses connections at each restart, unless a worker stops getting new ones before it empties its
# queue (net.ipv4.tcp_migrate_req, 0 by default, lets the kernel move them).
# """
# shows = { call = "recv", error = "ConnectionResetError" }
# ///
import socket
import sys
from pathlib import Path

if not hasattr(socket, "SO_REUSEPORT") or not sys.platform.startswith("linux"):
    sys.exit("not available: this needs Linux's SO_REUSEPORT")
setting = Path("/proc/sys/net/ipv4/tcp_migrate_req")
if setting.exists() and setting.read_text().strip() != "0":
    sys.exit("not available: this system moves waiting connections (net.ipv4.tcp_migrate_req)")


def listening(address):
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(address)
    made.listen(50)
    return made


stays = listening(("127.0.0.1", 0))
leaves = listening(stays.getsockname())
clients = [socket.create_connection(stays.getsockname()) for _ in range(30)]
leaves.close()

stays.settimeout(0.2)
accepted = []
try:
    while True:
        accepted.append(stays.accept()[0])
except TimeoutError:
    pass

reset = 0
for client in clients:
    client.settimeout(0.2)
    try:
        client.recv(1)
    except TimeoutError:
        pass  # it waits at the listener that stayed
    except ConnectionResetError:
        reset += 1
print(f"of 30 clients {len(accepted)} were accepted, {reset} were reset")
assert len(accepted) + reset == 30
assert reset > 0
for each in (*clients, *accepted, stays):
    each.close()
