# /// experiment
# title = "Must bufsize be a power of two?"
# topic = "the stream has no messages"
# order = 40
# question = "Of recv(1), recv(7), recv(1000) and recv(1024), which are right?"
# choices = ["only recv(1024): a power of two", "recv(1) and recv(1024)", "all of them"]
# answer = 3
# explanation = """
# bufsize is the size of the bytes object that Python makes for the result; any number will do. A small one costs more
# calls, a large one more memory. 1024 and 4096 are habits, no rule. Even recv(0) works: it returns b"" and takes
# nothing.
# """
# shows = { call = "recv", nth = 2 }
# [parameters]
# SIZE = [100, 3000, 100000]
# ///
import socket

SIZE = 3000  # bytes to send

listener = socket.create_server(("127.0.0.1", 0))
message = bytes(number % 251 for number in range(SIZE))

for bufsize in (1, 7, 1000, 1024):
    client = socket.create_connection(listener.getsockname())
    connection, _ = listener.accept()
    client.sendall(message)
    client.close()

    assert connection.recv(0) == b""
    received, calls = bytearray(), 0
    while piece := connection.recv(bufsize):
        received += piece
        calls += 1
    connection.close()
    print(f"recv({bufsize}): {len(received)} bytes in {calls} calls")
    assert received == message

listener.close()
