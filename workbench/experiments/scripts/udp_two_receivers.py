# /// experiment
# title = "Two UDP sockets on one port"
# topic = "datagrams"
# order = 60
# question = """
# Two UDP sockets set SO_REUSEADDR and bind the same address and port. Who gets a datagram that is sent there?
# """
# choices = ["both", "the one that was bound first", "the one that was bound last", "they take turns"]
# answer = 3
# explanation = """
# For UDP, SO_REUSEADDR means that several may bind one port at a time. A datagram to one machine goes to one of them:
# on Linux, the last to bind. So a second program can take another's datagrams away without an error on either side.
# Set it only where that is meant: multicast, where all of them get a copy.
# """
# shows = { call = "recvfrom", nth = 1 }
# ///
import socket
import sys

if not sys.platform.startswith("linux"):
    sys.exit("not available: who gets it is Linux's choice")


def bound(address):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(address)
    made.settimeout(0.2)
    return made


first = bound(("127.0.0.1", 0))
last = bound(first.getsockname())
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(3):
    sender.sendto(b"%d" % number, first.getsockname())

got = [last.recvfrom(100)[0] for _ in range(3)]
print("the last to bind got", got)
try:
    nothing = first.recvfrom(100)
except TimeoutError as error:
    nothing = type(error).__name__
print("the first got", nothing)
assert got == [b"0", b"1", b"2"]
assert nothing == "TimeoutError"
for each in (first, last, sender):
    each.close()
