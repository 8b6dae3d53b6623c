# /// experiment
# title = "The same greeting over three kinds of UNIX socket"
# topic = "UNIX"
# order = 10
# question = """
# A client greets with "Hey" and "~~~", two sends, over a UNIX stream, datagram and seqpacket socket; then the server
# calls recv(1024) once. With which of them does it get "Hey~~~"?
# """
# choices = ["with the stream only", "with stream and seqpacket", "with all three"]
# answer = 1
# explanation = """
# UNIX sockets connect programs on one machine by a path in the file system. A stream has no messages, as TCP. A
# datagram socket keeps them apart and needs no connection, as UDP, but loses none: the sender waits when the queue is
# full. To get an answer its client needs a path of its own. SEQPACKET has both: connections with accept(), and messages
# that stay apart.
# """
# shows = { call = "recv", nth = 1 }
# ///
import os
import socket
import sys
import tempfile

if not hasattr(socket, "AF_UNIX"):
    sys.exit("not available: this system has no UNIX sockets")


def greet(kind, path):
    """Greet with two sends and return what the server gets with its first recv."""
    server = socket.socket(socket.AF_UNIX, kind)
    client = socket.socket(socket.AF_UNIX, kind)
    server.bind(path)
    if kind == socket.SOCK_DGRAM:
        client.bind(path + "-client")  # else the server has nowhere to send its answer
        client.connect(path)
        server.connect(path + "-client")
        connection = server
    else:
        server.listen(5)
        client.connect(path)
        connection, _ = server.accept()
    client.send(b"Hey")
    client.send(b"~~~")
    received = connection.recv(1024)
    connection.sendall(b"Are you want to talk to Me")
    print(f"{kind.name:15} {received} {client.recv(1024)}")
    for each in (client, connection, server):
        each.close()
    return received


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)  # a path of a UNIX socket has at most 107 bytes
    assert greet(socket.SOCK_STREAM, "stream") == b"Hey~~~"
    assert greet(socket.SOCK_DGRAM, "datagram") == b"Hey"
    if sys.platform.startswith("linux"):
        assert greet(socket.SOCK_SEQPACKET, "seqpacket") == b"Hey"
    os.chdir("/")
