# /// experiment
# title = "When is send() short?"
# topic = "queues"
# order = 30
# question = """
# A blocking TCP socket (no timeout) calls send() with 1 MB, and the peer reads slowly. What does it return?
# """
# choices = ["as much as fits into the buffer", "it raises BlockingIOError", "1 MB, after all of it was copied"]
# answer = 3
# explanation = """
# On Linux a blocking send() on a stream waits until everything is copied into the send buffer. It is short where the
# socket may not wait: it is non-blocking, or has a timeout (which is the same to the kernel). Loop all the same, or
# use sendall(): the manual allows a short count, and the next programmer may set a timeout.
# """
# shows = { call = "send", nth = 1 }
# [parameters]
# SIZE = [1000, 1000000]
# ///
import socket
import threading

SIZE = 1000000

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
listener.bind(("127.0.0.1", 0))
listener.listen()


def connect():
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    client.connect(listener.getsockname())
    return client, listener.accept()[0]


def read_all():
    while connection.recv(4096):
        pass


client, connection = connect()
reader = threading.Thread(target=read_all, daemon=True)
reader.start()
blocking = client.send(bytes(SIZE))
print("blocking:    ", blocking, "of", SIZE)
client.close()
reader.join()
connection.close()

client, connection = connect()
client.setblocking(False)
non_blocking = client.send(bytes(SIZE))  # nobody reads
print("non-blocking:", non_blocking, "of", SIZE)
client.close()
connection.close()
listener.close()

assert blocking == SIZE
assert non_blocking < SIZE or SIZE < 10000
