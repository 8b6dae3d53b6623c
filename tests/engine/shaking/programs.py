"""Programs that do well on loopback, and fail when their calls do what they legally may."""

from __future__ import annotations

_BEGIN = "import json, socket, struct, sys, threading\n"

LENGTH = (
    _BEGIN
    + """
one, other = socket.socketpair()
one.sendall(struct.pack(">I", 600) + b"x" * 600)
size = struct.unpack(">I", other.recv(4))[0]
body = other.recv(size)
assert len(body) == size, "a short body"
"""
)
"""recv(n) is called once for n bytes."""

JSON = (
    _BEGIN
    + """
one, other = socket.socketpair()
one.sendall(json.dumps({"op": "hello", "n": list(range(40))}).encode())
print(json.loads(other.recv(4096))["op"])
"""
)
"""One recv is taken for one message."""

SEND = (
    _BEGIN
    + """
one, other = socket.socketpair()
one.send(b"A" * 5000)
one.close()
got = b"".join(iter(lambda: other.recv(65536), b""))
if len(got) != 5000:
    raise EOFError(f"message ended after {len(got)} of 5000")
"""
)
"""send's result is not looked at."""

HANG = (
    _BEGIN
    + """
one, other = socket.socketpair()
def answer():
    if other.recv(100) == b"ping":
        other.sendall(b"pong")
    other.recv(1)
threading.Thread(target=answer, daemon=True).start()
one.sendall(b"ping")
print(one.recv(100))
"""
)
"""A request is compared with what one recv returned; the answer never comes."""

LOOPS = (
    _BEGIN
    + """
one, other = socket.socketpair()
one.sendall(b"".join(b"line %d\\n" % n for n in range(50)))
one.close()
assert len(other.makefile("rb").readlines()) == 50
"""
)
"""Reads lines from a file: nothing is wrong."""

QUESTION = (
    _BEGIN
    + """
server, client = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
def answer():
    data, peer = server.recvfrom(100)
    server.sendto(data.upper(), peer)
threading.Thread(target=answer, daemon=True).start()
client.connect(server.getsockname())
client.send(b"question")
print(client.recv(100))
"""
)
"""A datagram that may be lost is waited for without end."""
