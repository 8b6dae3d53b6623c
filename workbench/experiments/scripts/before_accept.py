# /// experiment
# title = "Connected, sent and gone before accept()"
# topic = "first contact"
# order = 50
# question = """
# The server calls listen() but not accept(). A client connects, sends and closes. Then the server calls accept() and
# recv(). What does recv() return?
# """
# choices = ["what the client sent", 'b"": the client has gone', "nothing: connect() had failed"]
# answer = 1
# explanation = """
# The kernel makes the connection, accept() only hands it over. So connect() succeeds without accept(), and what the
# client sends waits in the receive queue of a connection that the program has not seen yet, even when it closes.
# """
# shows = { call = "recv" }
# ///
import socket

listener = socket.create_server(("127.0.0.1", 0), backlog=5)

client = socket.create_connection(listener.getsockname())
client.sendall(b"I was here")
client.close()
print("the client has connected, sent and closed; accept() was not called yet")

connection, address = listener.accept()
data = connection.recv(1024)
end = connection.recv(1024)
print("accept() gave a connection from", address)
print("recv(1024) =", data, "and then", end)
connection.close()
listener.close()

assert data == b"I was here"
assert end == b""
