# /// experiment
# title = "send() returned, so it was received?"
# topic = "ending"
# order = 40
# question = 'The server has closed the connection. The client does not know and calls send(b"hello"). What happens?'
# choices = ["it returns 5", "BrokenPipeError", "it returns 0"]
# answer = 1
# explanation = """
# send() copies bytes into the kernel's send buffer and tells how many; the kernel delivers them later, or not. Only
# when they reach the server does a RST come back, and a later call fails with BrokenPipeError. The first 5 bytes are
# lost, though send() said 5. Only an answer from the other program proves that it has received something.
# """
# shows = { call = "send" }
# ///
import socket

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()
connection.close()

assert client.recv(1024) == b""  # the server's end has arrived, so timing plays no part
first = client.send(b"hello")
print("after the server has closed, send() returns", first)

sends = 1
try:
    while True:
        client.send(b"hello")
        sends += 1
except (BrokenPipeError, ConnectionResetError) as error:
    print("send number", sends + 1, "raises", type(error).__name__)

assert first == 5
client.close()
listener.close()
