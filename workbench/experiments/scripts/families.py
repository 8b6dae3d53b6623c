# /// experiment
# title = "Every family with every type"
# topic = "first contact"
# order = 60
# question = "Which of these sockets can be made on Linux: a stream, a datagram and a seqpacket socket of AF_INET?"
# choices = ["all three", "only the stream socket", "only the stream and the datagram socket"]
# answer = 3
# explanation = """
# A family (the kind of address) and a type (how data travels) must fit. AF_INET and AF_INET6 have streams (TCP) and
# datagrams (UDP); a raw socket needs a protocol and privilege. AF_UNIX has seqpacket too, and makes a datagram socket
# where it is asked for a raw one. SOCK_RDM none of them has. Where the kernel has no such socket it says
# ESOCKTNOSUPPORT or EPROTONOSUPPORT.
# """
# shows = { call = "socket", nth = 3, error = "OSError" }
# ///
import errno
import socket
import sys

FAMILIES = ("AF_INET", "AF_INET6", "AF_UNIX")
TYPES = ("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET")

if not sys.platform.startswith("linux"):
    sys.exit("not available: which types a family has was only checked on Linux")

outcome = {}
for family in FAMILIES:
    for kind in TYPES:
        try:
            with socket.socket(getattr(socket, family), getattr(socket, kind), 0) as made:
                outcome[family, kind] = "works"
                # The numbers are of an enum: a socket tells what it is.
                assert made.family.name == family
        except OSError as error:
            outcome[family, kind] = errno.errorcode[error.errno]

print(f"{'':9}", *(f"{kind:16}" for kind in TYPES))
for family in FAMILIES:
    print(f"{family:9}", *(f"{outcome[family, kind]:16}" for kind in TYPES))

assert outcome["AF_INET", "SOCK_STREAM"] == outcome["AF_INET", "SOCK_DGRAM"] == "works"
assert outcome["AF_UNIX", "SOCK_STREAM"] == outcome["AF_UNIX", "SOCK_DGRAM"] == "works"
assert outcome["AF_UNIX", "SOCK_SEQPACKET"] == "works"
assert outcome["AF_INET", "SOCK_SEQPACKET"] in ("ESOCKTNOSUPPORT", "EPROTONOSUPPORT")
assert outcome["AF_INET", "SOCK_RAW"] != "works"  # protocol 0 is none that a raw socket can have
