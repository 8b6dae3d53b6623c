# /// experiment
# title = "close() wakes nobody"
# topic = "ending"
# order = 52
# question = "One thread waits in recv(). Another one calls close() on the same socket. What becomes of the recv()?"
# choices = ["it raises OSError at once", 'it returns b"" at once', "it goes on waiting"]
# answer = 3
# explanation = """
# The call in the kernel keeps the connection alive until it returns: close() only takes the descriptor away, and the
# peer is not told either. If bytes come, the recv() even returns them. To end a recv() of another thread, call
# shutdown(): it ends the connection for whoever waits on it, and close() comes after.
# """
# shows = { call = "recv", nth = 1 }
# ///
import socket
import threading

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

got = []
reader = threading.Thread(target=lambda: got.append(client.recv(1024)))
reader.start()
reader.join(0.2)  # by now it waits

client.close()
reader.join(0.3)
still_waiting = reader.is_alive()
print("0.3 s after close() the recv still waits:", still_waiting)

connection.sendall(b"are you there?")
reader.join(5)
print("and then it returns", got)
assert still_waiting
assert got == [b"are you there?"]
connection.close()
listener.close()
