# /// experiment
# title = "A greeting and its answer"
# topic = "first contact"
# order = 10
# question = "The server has a listening socket. Through which socket does it receive what the client sends?"
# choices = [
#     "through the listening socket",
#     "through a new socket that accept() returns",
#     "through the client's socket",
# ]
# answer = 2
# explanation = """
# The listening socket only takes in connections. Each accept() returns one more socket, which belongs to one
# connection: the server receives and sends through that one. The client has a single socket for both.
# """
# shows = { call = "accept" }
# [parameters]
# PORT = [0, 6789]
# BACKLOG = [1, 5]
# ///
import socket
import time

PORT = 0  # 0: the kernel chooses a free port
BACKLOG = 5

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("localhost", PORT))
listener.listen(BACKLOG)

client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect(listener.getsockname())
client.sendall(b"Hey~~~")

connection, address = listener.accept()
said = connection.recv(1000)
print(time.ctime(), address, "said", said)
connection.sendall(b"Are you want to talk to Me")
connection.close()

reply = client.recv(1000)
print("the client got", reply)
client.close()
listener.close()

assert said == b"Hey~~~"
assert reply == b"Are you want to talk to Me"
assert connection is not listener
