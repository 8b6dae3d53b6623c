# /// experiment
# title = "A file and its socket"
# topic = "framing"
# order = 70
# question = """
# b"name\nrest" has arrived. The program reads the name with sock.makefile("rb").readline(), then calls
# sock.recv(1024). What does this recv do?
# """
# choices = ['it returns b"rest"', "it waits: the rest is in the file's buffer", 'it returns b"name\\nrest"']
# answer = 2
# explanation = """
# makefile() reads ahead: its first read takes all that lies in the queue into a buffer of its own, and readline() hands
# out one line of it. recv() knows nothing of this buffer. Read everything through the file, or nothing; buffering=0
# takes byte by byte.
# """
# shows = { call = "recv", nth = 1, error = "TimeoutError" }
# ///
import socket

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

connection.sendall(b"name\nrest")
client.settimeout(0.3)
file = client.makefile("rb")
name = file.readline()
print("readline() returns", name)
try:
    rest = client.recv(1024)
except TimeoutError as error:
    rest = type(error).__name__
print("recv() then:      ", rest)
buffered = file.peek()
print("in the file's buffer lies", buffered)
assert (name, rest, buffered) == (b"name\n", "TimeoutError", b"rest")
for each in (file, client, connection, listener):
    each.close()
