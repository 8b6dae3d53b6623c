# /// experiment
# title = "Is it Nagle's algorithm that glues messages together?"
# topic = "the stream has no messages"
# order = 20
# view = "ladder"
# question = "With TCP_NODELAY set (Nagle's algorithm off), can two sends still come out of one recv?"
# choices = ["yes, just as without it", "no, each send is received by itself"]
# answer = 1
# explanation = """
# Nagle's algorithm decides when small segments leave the sender. The receiver's kernel puts all segments into one
# queue of bytes, and recv() takes from that queue: all that is there, with TCP_NODELAY as without. The cure is framing:
# say in the bytes where a message ends.
# """
# shows = { call = "recv", nth = 4 }
# ///
import socket


def one_recv_of_two_sends(no_delay):
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, no_delay)
    client.connect(listener.getsockname())
    connection, _ = listener.accept()

    client.send(b"first")
    client.send(b"second")
    # Look without taking until all of it has arrived, so that timing plays no part.
    connection.recv(11, socket.MSG_PEEK | socket.MSG_WAITALL)
    received = connection.recv(1024)
    for each in (client, connection, listener):
        each.close()
    return received


with_nagle = one_recv_of_two_sends(no_delay=False)
without_nagle = one_recv_of_two_sends(no_delay=True)
print("with Nagle's algorithm:   ", with_nagle)
print("without Nagle's algorithm:", without_nagle)
assert with_nagle == without_nagle == b"firstsecond"
