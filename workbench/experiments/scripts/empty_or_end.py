# /// experiment
# title = 'Does b"" always mean closed?'
# topic = "datagrams"
# order = 70
# question = 'recv(1024) on a SOCK_SEQPACKET connection returns b"". What has happened?'
# choices = ["the peer has closed", "the peer has sent an empty message", "one or the other: recv does not tell"]
# answer = 3
# explanation = """
# On a stream b"" is the end (unless you asked for 0 bytes). A datagram may be empty. A SEQPACKET socket has both:
# connections that end and messages that may be empty, and recv() returns b"" for either. Protocols over it avoid
# empty messages.
# """
# shows = { call = "recv", nth = 2 }
# ///
import socket
import sys

if not hasattr(socket, "SOCK_SEQPACKET"):
    sys.exit("not available: this system has no SOCK_SEQPACKET")
try:
    sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
except OSError as error:
    sys.exit(f"not available: no SOCK_SEQPACKET of AF_UNIX here ({error.strerror})")

sender.send(b"first")
sender.send(b"")
sender.send(b"third")
sender.close()

received = [receiver.recv(1024) for _ in range(5)]
print(received)
assert received == [b"first", b"", b"third", b"", b""]  # one empty message, then the end again and again
receiver.close()

sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
sender.sendall(b"data")
assert receiver.recv(0) == b""  # asked for nothing, got nothing: this is no end either
assert receiver.recv(1024) == b"data"
sender.close()
assert receiver.recv(1024) == b""
receiver.close()
