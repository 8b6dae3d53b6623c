# /// experiment
# title = "When the peer has gone"
# topic = "ending"
# order = 10
# question = 'The client has sent "bye" and closed. The server calls recv(1024) three times. What does it get?'
# choices = ['b"bye", then it waits', 'b"bye", b"", b""', 'b"bye", then an exception']
# answer = 2
# explanation = """
# After the client's FIN, recv() gives what is still in the queue and then b"", at once and as often as you ask. A
# loop that does not leave at b"" runs for ever at full speed. A client that crashes ends so too: its kernel closes for
# it. If it ends with a reset instead (it closed with bytes unread, or with linger 0), recv() raises
# ConnectionResetError, once.
# """
# shows = { call = "recv", nth = 2 }
# [parameters]
# CALLS = [3, 1000]
# ///
import socket
import struct

CALLS = 3

listener = socket.create_server(("127.0.0.1", 0))

client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()
client.sendall(b"bye")
client.close()
received = [connection.recv(1024) for _ in range(CALLS)]
print("closed:", received[:5])
assert received == [b"bye"] + [b""] * (CALLS - 1)
connection.close()

client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()
# Linger 0 seconds: close() throws the connection away with a reset instead of ending it.
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
client.close()
try:
    connection.recv(1024)
    raise AssertionError("no reset")
except ConnectionResetError as error:
    print("reset: ", error)
print("then:  ", connection.recv(1024))
connection.close()
listener.close()
