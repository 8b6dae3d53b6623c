# /// experiment
# title = "A name that is no file"
# topic = "UNIX"
# order = 30
# question = "On Linux a UNIX socket is bound to a name that begins with a NUL byte. What is left of it after close()?"
# choices = ["nothing: the name is free again", "a file named @name", "the name, until the machine restarts"]
# answer = 1
# explanation = """
# Such names are abstract: they live in the kernel, not in the file system, and vanish with their last socket. No file
# has to be removed, but no permissions guard it either: any program on the machine may connect. bind("") lets the
# kernel choose one.
# """
# shows = { call = "bind", nth = 3 }
# ///
import errno
import os
import socket
import sys

if not sys.platform.startswith("linux"):
    sys.exit("not available: abstract names are a thing of Linux")

name = f"\0experiment-{os.getpid()}"

server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(name)
server.listen()
client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
client.connect(name)
print("connected to", client.getpeername())

other = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
try:
    other.bind(name)
    raise AssertionError("bound to a name in use")
except OSError as error:
    print("a second bind():", error)
    assert error.errno == errno.EADDRINUSE

client.close()
server.close()
other.bind(name)
print("after close() bind() works at once")
other.close()

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as chosen:
    chosen.bind("")
    print('bind("") chose', chosen.getsockname())
    assert chosen.getsockname().startswith(b"\0")
