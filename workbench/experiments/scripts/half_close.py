# /// experiment
# title = "Half of the conversation ends"
# topic = "first contact"
# order = 15
# view = "ladder"
# question = "The client sends its question and calls shutdown(SHUT_WR). Can it still receive the answer?"
# choices = ["yes", "no, the connection is closed", "only what was sent before"]
# answer = 1
# explanation = """
# A connection has two directions. SHUT_WR ends the one from here to there: the server reads b"", knows that it has
# the whole question, and answers; the other direction is open until the server closes. Sending on the closed half
# raises BrokenPipeError.
# """
# shows = { call = "recv", nth = 3 }
# ///
import socket

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

client.sendall(b"what is the answer?")
client.shutdown(socket.SHUT_WR)

question = connection.recv(1024)
end = connection.recv(1024)
print("the server got", question, "and then", end)
connection.sendall(b"42")

answer = client.recv(1024)
print("the client got", answer, "after its shutdown(SHUT_WR)")
try:
    client.send(b"one more thing")
    raise AssertionError("sent after shutdown(SHUT_WR)")
except BrokenPipeError as error:
    print("but it sends no more:", error)

assert (question, end, answer) == (b"what is the answer?", b"", b"42")
for each in (client, connection, listener):
    each.close()
