# /// experiment
# title = "The path that stays"
# topic = "UNIX"
# order = 20
# question = "A server on a UNIX socket has closed it. Does its path vanish?"
# choices = [
#     "yes, with close()",
#     "no, but the next bind() takes it over",
#     "no: it stays, and the next bind() fails with EADDRINUSE",
# ]
# answer = 3
# explanation = """
# bind() makes a file, close() does not remove it. Connecting to the left-over file is refused: nobody listens behind
# it. So a server removes its path when it ends, and before it binds: only after it has tried to connect and was
# refused, or it takes the path from a server that lives.
# """
# shows = { call = "bind", nth = 1, error = "OSError" }
# ///
import errno
import os
import socket
import sys
import tempfile

if not hasattr(socket, "AF_UNIX"):
    sys.exit("not available: this system has no UNIX sockets")


def bind():
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        server.bind("server.sock")
        server.listen()
    finally:
        server.close()


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)  # a path of a UNIX socket has at most 107 bytes
    bind()
    print("after close() the path is there:", os.path.exists("server.sock"))
    assert os.path.exists("server.sock")

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        outcome = errno.errorcode[client.connect_ex("server.sock")]
    print("connect():", outcome)
    assert outcome == "ECONNREFUSED"

    try:
        bind()
        raise AssertionError("bound to a path that exists")
    except OSError as error:
        print("bind():", error)
        assert error.errno == errno.EADDRINUSE

    os.unlink("server.sock")
    bind()
    print("after unlink() bind() works")
    os.chdir("/")
