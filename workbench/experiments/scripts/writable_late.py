# /// experiment
# title = "Room for a byte is not writable"
# topic = "queues"
# order = 60
# question = """
# A send buffer is full. The peer reads one of its messages, so there is room again. Does select() say at once that the
# socket is writable?
# """
# choices = ["yes, there is room", "no, only when much more of it is free"]
# answer = 2
# explanation = """
# The kernel would wake a sender for each byte that is freed. So a socket counts as writable only when a large part of
# its buffer is free: a UNIX stream socket when no more than a quarter is in use, TCP when a third is free. A send() all
# the same takes what there is room for.
# """
# shows = { call = "send", error = "BlockingIOError" }
# ///
import select
import socket
import sys

if not sys.platform.startswith("linux"):
    sys.exit("not available: the limits are Linux's")

sender, receiver = socket.socketpair()
sender.setblocking(False)
messages = 0
try:
    while True:
        sender.send(bytes(4096))
        messages += 1
except BlockingIOError:
    print(f"the buffer is full after {messages} sends of 4096 bytes")


def is_writable():
    return bool(select.select([], [sender], [], 0)[1])


def read_a_message():
    assert len(receiver.recv(4096, socket.MSG_WAITALL)) == 4096


read = 0
while not is_writable():
    read_a_message()
    read += 1
    if read == 1:
        print("one message is read; writable:", is_writable(), "- yet a send takes", sender.send(b"a byte"), "bytes")
print(f"writable after {read} of {messages} were read")
assert 1 < read <= messages
sender.send(b"and so it goes on")
sender.close()
receiver.close()
