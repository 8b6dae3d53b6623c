# /// experiment
# title = "Lines across recvs"
# topic = "framing"
# order = 30
# question = "Three lines arrive in pieces that end anywhere. How does a receiver get exactly these three lines?"
# choices = [
#     "one recv for each line",
#     "a bufsize as long as a line",
#     "it keeps what follows the last line feed until more comes",
# ]
# answer = 3
# explanation = """
# A piece may hold half a line, one, or several. So collect the bytes, cut at each line feed, and keep the rest for
# the next piece. connection.makefile("rb").readline() does just that, with a buffer of its own.
# """
# shows = { call = "recv" }
# [parameters]
# BUFSIZE = [1, 4, 10, 1024]
# ///
import socket

BUFSIZE = 4
LINES = [b"first line\n", b"2\n", b"the third\n"]

listener = socket.create_server(("127.0.0.1", 0))


def connect_and_send():
    with socket.create_connection(listener.getsockname()) as client:
        client.sendall(b"".join(LINES))
    return listener.accept()[0]


connection = connect_and_send()
lines, rest, pieces = [], b"", []
while piece := connection.recv(BUFSIZE):
    pieces.append(piece)
    *whole, rest = (rest + piece).split(b"\n")
    lines += [line + b"\n" for line in whole]
connection.close()
print(len(pieces), "pieces:", pieces)
print(len(lines), "lines: ", lines)
assert lines == LINES
assert rest == b""

connection = connect_and_send()
with connection.makefile("rb") as file:
    assert list(file) == LINES
connection.close()
listener.close()
