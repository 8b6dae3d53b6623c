# /// experiment
# title = "The loop around send(), right and wrong"
# topic = "queues"
# order = 20
# question = """
# A loop sends the rest after each short send with `sent = client.send(data[sent:])`, and adds up `total += sent`
# until total is len(data). Does the receiver get data?
# """
# choices = ["no: it cuts by the last count where it needs the total", "yes", "yes, but some of it twice at the end"]
# answer = 1
# explanation = """
# The first two sends are right, since the last count and the total are the same until then; from the third on the
# loop sends bytes from the wrong place. With short messages nobody notices: one send takes all. Cut by the running
# total, data[total:], or call sendall(), which is this loop.
# """
# shows = { call = "send", nth = 3 }
# [parameters]
# SIZE = [1000, 50000, 200000]
# ///
import socket

SIZE = 50000

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # small buffers, so that sends are short
listener.bind(("127.0.0.1", 0))
listener.listen()
data = b"".join(b"%07d " % number for number in range(SIZE // 8))


def transfer(right):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    client.connect(listener.getsockname())
    connection, _ = listener.accept()
    client.setblocking(False)  # a send of a socket that may wait is not short
    received, counts, total, sent = b"", [], 0, 0

    while total < len(data):
        try:
            sent = client.send(data[total:] if right else data[sent:])
        except BlockingIOError:  # the buffers are full: the receiver takes something out
            received += connection.recv(65536)
            continue
        total += sent
        counts.append(sent)

    client.close()
    while piece := connection.recv(65536):
        received += piece
    connection.close()
    print(f"{'data[total:]' if right else 'data[sent:] '}: sends of {counts[:4]}..., right bytes: {received == data}")
    return received, counts


wrong, counts = transfer(right=False)
assert wrong != data or len(counts) < 3
received, _ = transfer(right=True)
assert received == data
listener.close()
