# /// experiment
# title = "The welcome server, as it is taught"
# topic = "waiting"
# order = 11
# question = """
# The original of the welcome server prints "time out" when its client is silent for longer than its timeout, and
# closes. What does the client's recv(1024) return then?
# """
# choices = ['b"time out"', 'b""', "it raises TimeoutError"]
# answer = 2
# explanation = """
# "time out" is printed on the server's screen; nothing is sent. The client learns only that the connection has ended.
# What the peer is to know has to be sent to it: a print() is no answer.
# """
# shows = { call = "recv", nth = 2 }
# ///
import socket

listener = socket.create_server(("127.0.0.1", 0), backlog=5)
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()
connection.settimeout(0.2)

try:
    data = connection.recv(1024)
    connection.sendall(b"welcome to server!" if data == b"1" else b"please go out!")
except TimeoutError:
    print("time out")  # all that the original does
connection.close()

answer = client.recv(1024)
print("the silent client gets", answer)
assert answer == b""
client.close()
listener.close()
