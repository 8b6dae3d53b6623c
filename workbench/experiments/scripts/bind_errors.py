# /// experiment
# title = "Why bind() fails"
# topic = "errors"
# order = 10
# question = "A server binds a port on which another program listens already, and has set SO_REUSEADDR. What happens?"
# choices = ["both get every second connection", "the new one takes over", "OSError: EADDRINUSE"]
# answer = 3
# explanation = """
# SO_REUSEADDR helps against connections of an old server that are in TIME_WAIT, never against a live listener. Other
# reasons: the address is not one of this machine (EADDRNOTAVAIL), a port above 65535 (OverflowError, raised by
# Python), a port below 1024 without privilege (EACCES), a host that is none (gaierror), a UNIX path that exists
# (EADDRINUSE).
# """
# shows = { call = "bind", nth = 1, error = "OSError" }
# [parameters]
# HOST = ["::1", "no-such-host.invalid"]
# ///
import errno
import os
import socket
import tempfile

HOST = "::1"  # no address of AF_INET, the family of the sockets here


def bind(address, family=socket.AF_INET):
    """Return what binding a new socket raises, as text."""
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(address)
            outcome = "works"
        except socket.gaierror:
            outcome = "gaierror"
        except OSError as error:
            outcome = errno.errorcode[error.errno]
        except OverflowError:
            outcome = "OverflowError"
    print(f"{address!r:45} {outcome}")
    return outcome


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 0))
listener.listen()

assert bind(listener.getsockname()) == "EADDRINUSE"
assert bind(("192.0.2.1", 0)) == "EADDRNOTAVAIL"  # kept for documentation (RFC 5737), so hardly ever a machine's own
assert bind(("127.0.0.1", 70000)) == "OverflowError"
assert bind((HOST, 0)) == "gaierror"
assert bind(("127.0.0.1", 1)) in ("EACCES", "works", "EADDRINUSE")  # EACCES unless the system lets us

try:
    listener.bind(("127.0.0.1", 0))
    raise AssertionError("bound twice")
except OSError as error:
    print("a second bind() of one socket:", error)
    assert error.errno == errno.EINVAL
listener.close()

if hasattr(socket, "AF_UNIX"):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        open(path, "w").close()
        os.chdir(folder)
        assert bind("socket", socket.AF_UNIX) == "EADDRINUSE"
        os.chdir("/")
