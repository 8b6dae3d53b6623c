# /// experiment
# title = "The largest datagram"
# topic = "datagrams"
# order = 50
# question = "How many bytes does one UDP datagram over IPv4 carry at most?"
# choices = ["1500", "65507", "as many as memory allows"]
# answer = 2
# explanation = """
# The length in the IP header has 16 bits: 65535 bytes, less 20 for the IP header and 8 for UDP's (IPv6 does not count
# its own header: 65527). More is refused with EMSGSIZE ("Message too long"); nothing is sent, and nothing is split into
# two datagrams. Over a real network anything above some 1400 bytes travels as fragments, and is lost if one of them is.
# """
# shows = { call = "sendto", nth = 1, error = "OSError" }
# [parameters]
# FAMILY = ["AF_INET", "AF_INET6"]
# ///
import errno
import socket
import sys

FAMILY = "AF_INET"

if not sys.platform.startswith("linux"):
    sys.exit("not available: other systems limit a datagram further, by net.inet.udp.maxdgram for one")

host, header = {"AF_INET": ("127.0.0.1", 20), "AF_INET6": ("::1", 0)}[FAMILY]
server = socket.socket(getattr(socket, FAMILY), socket.SOCK_DGRAM)
try:
    server.bind((host, 0))
except OSError as error:
    sys.exit(f"not available: {host} cannot be bound here ({error.strerror})")
client = socket.socket(getattr(socket, FAMILY), socket.SOCK_DGRAM)

largest = 65535 - header - 8
assert client.sendto(bytes(largest), server.getsockname()) == largest
received = server.recv(65535)
print("sent and received", len(received), "bytes")
assert len(received) == largest

try:
    client.sendto(bytes(largest + 1), server.getsockname())
    raise AssertionError("one byte more was sent")
except OSError as error:
    print(largest + 1, "bytes:", error)
    assert error.errno == errno.EMSGSIZE
server.close()
client.close()
