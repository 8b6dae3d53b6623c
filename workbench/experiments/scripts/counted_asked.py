# /// experiment
# title = "Counting what was asked for"
# topic = "framing"
# order = 60
# question = """
# A client wants 1000 bytes and adds up what it asked for: recv(100), get += 100, until get is 1000. The server sends
# the 1000 bytes in pieces of 60. How many bytes does the client have in the end?
# """
# choices = ["1000", "600", "it waits for ever"]
# answer = 2
# explanation = """
# recv(100) returns up to 100 bytes: what is there. Ten recvs that return 60 each make 600, while the loop believes that
# it has 1000. The other 400 stay in the queue and are taken for the beginning of the next answer. Count what came:
# get += len(data).
# """
# shows = { call = "recv", nth = 10 }
# ///
import socket

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

get, received = 0, b""
while get < 1000:
    connection.sendall(bytes(60))
    received += client.recv(100)
    get += 100  # the mistake: asked for, not come

print(f"counted {get}, received {len(received)}")
assert get == 1000
assert len(received) == 600
for each in (client, connection, listener):
    each.close()
