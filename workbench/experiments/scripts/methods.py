# /// experiment
# title = "The methods of a socket, one by one"
# topic = "first contact"
# order = 30
# question = "connect() raises where nobody listens. What does connect_ex() do there?"
# choices = ["it returns the errno as a number", "it raises too", "it returns None"]
# answer = 1
# explanation = """
# connect_ex() is connect() for those who would rather look at a number: 0 when connected, else the errno, such as
# ECONNREFUSED. It still raises where no system call was made, as for a host name that does not exist.
# """
# shows = { call = "connect_ex" }
# ///
import errno
import socket


def show(text, value):
    print(f"{text:45} -> {value}")
    return value


listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
show("setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)", listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1))
assert show("getsockopt(SOL_SOCKET, SO_REUSEADDR)", listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))
assert show("fileno()", listener.fileno()) >= 0
assert show("bind(('127.0.0.1', 0))", listener.bind(("127.0.0.1", 0))) is None
address = show("getsockname()", listener.getsockname())

# Bound, but not listening yet: nobody takes in connections here.
early = socket.socket()
assert show(f"connect_ex({address})", early.connect_ex(address)) == errno.ECONNREFUSED
early.close()

assert show("listen(5)", listener.listen(5)) is None
client = socket.socket()
assert show(f"connect_ex({address})", client.connect_ex(address)) == 0
connection, peer = show("accept()", listener.accept())
assert show("getpeername() of the connection", connection.getpeername()) == client.getsockname() == peer

assert show("settimeout(5)", client.settimeout(5)) is None
assert show("send(b'abc')", client.send(b"abc")) == 3
assert show("recv(1024)", connection.recv(1024)) == b"abc"
assert show("sendall(b'def')", client.sendall(b"def")) is None  # all or an exception: there is no number to return
assert show("recvfrom(1024) on a stream", connection.recvfrom(1024)) == (b"def", None)

other = socket.socket()
assert show(f"connect({address})", other.connect(address)) is None  # connected or an exception
other.close()

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
assert show("sendto(b'ghi', address)", sender.sendto(b"ghi", receiver.getsockname())) == 3
data, source = show("recvfrom(1024) of a datagram", receiver.recvfrom(1024))
assert data == b"ghi"
assert source[1] == sender.getsockname()[1]

for each in (client, connection, listener, sender, receiver):
    each.close()
assert show("fileno() of a closed socket", client.fileno()) == -1
