# /// experiment
# title = "SO_RCVBUF is not what you set"
# topic = "queues"
# order = 50
# question = "After setsockopt(SOL_SOCKET, SO_RCVBUF, 8192), what does getsockopt() return on Linux?"
# choices = ["8192", "16384", "the bufsize of the next recv"]
# answer = 2
# explanation = """
# The kernel doubles the value, to have room for its own bookkeeping, and keeps it within limits of its own
# (net.core.rmem_max). It is the size of the queue in the kernel and has nothing to do with the n of recv(n), which is
# how much of the queue one call takes out.
# """
# shows = { call = "getsockopt", nth = 2 }
# [parameters]
# WANTED = [10, 8192, 100000]
# ///
import socket
import sys

WANTED = 8192

if not sys.platform.startswith("linux"):
    sys.exit("not available: only Linux doubles the value")

one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
before = one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WANTED)
after = one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
print("default", before, "- asked for", WANTED, "- got", after)
assert after != WANTED
assert WANTED != 8192 or after == 16384

one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10)
smallest = one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
print("asked for 10 - got", smallest, "the least there is")
assert smallest > 20
one.close()
