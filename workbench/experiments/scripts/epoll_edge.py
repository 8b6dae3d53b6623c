# /// experiment
# title = "Edge-triggered: told once"
# topic = "waiting"
# order = 70
# question = """
# Ten bytes arrive at a socket that is registered with EPOLLET. The program takes five of them and calls poll() again.
# What does epoll say?
# """
# choices = ["readable: five bytes are left", "nothing"]
# answer = 2
# explanation = """
# With EPOLLET epoll tells of a change, not of a state: bytes came. That some are left is no change. So an
# edge-triggered program reads until BlockingIOError, each time; one that does not has bytes in its queue and waits for
# ever. Without EPOLLET epoll says "readable" as long as there is something to read.
# """
# shows = { call = "recv", nth = 1 }
# ///
import select
import socket
import sys

if not hasattr(select, "epoll"):
    sys.exit("not available: epoll is Linux's")

one, other = socket.socketpair()
other.setblocking(False)


def second_look(flags):
    """Return what epoll says after five of ten bytes were taken."""
    epoll = select.epoll()
    epoll.register(other, select.EPOLLIN | flags)
    one.send(b"ten bytes!")
    assert epoll.poll(5)
    other.recv(5)
    again = bool(epoll.poll(0.1))
    other.recv(5)
    epoll.close()
    return again


edge, level = second_look(select.EPOLLET), second_look(0)
print("edge-triggered, five bytes left:  readable?", edge)
print("level-triggered, five bytes left: readable?", level)
assert (edge, level) == (False, True)
one.close()
other.close()
