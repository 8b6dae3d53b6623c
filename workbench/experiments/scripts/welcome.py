# /// experiment
# title = "A server that does not wait for ever"
# topic = "waiting"
# order = 10
# question = """
# The server sets settimeout(TIMEOUT) on the connection. The client connects and says nothing. What does the server's
# recv(1024) do after that time?
# """
# choices = ['it returns b""', "it raises TimeoutError", "it returns None"]
# answer = 2
# explanation = """
# b"" would mean that the client has ended its side. Silence is no end: the wait is over, the connection is not. The
# server may wait again, or say "time out" and close. TimeoutError (socket.timeout before Python 3.10) has no errno
# here, since no system call failed: Python itself gave up waiting. (This server tells its client; the one that
# tutorials show only prints "time out": see welcome-original.)
# """
# shows = { call = "recv", nth = 1, error = "TimeoutError" }
# [parameters]
# TIMEOUT = [0.05, 0.2, 1.0]
# ///
import socket

TIMEOUT = 0.2  # seconds

listener = socket.create_server(("127.0.0.1", 0), backlog=5)


def serve(message):
    """Let a client send *message*, or nothing, and return what the server answers."""
    client = socket.create_connection(listener.getsockname())
    if message:
        client.sendall(message)

    connection, _ = listener.accept()
    connection.settimeout(TIMEOUT)
    try:
        data = connection.recv(1024)
        connection.sendall(b"welcome to server!" if data == b"1" else b"please go out!")
    except TimeoutError as error:
        assert error.errno is None
        connection.sendall(b"time out")
    connection.close()

    answer = client.recv(1024)
    client.close()
    print(f"{message!r:7} -> {answer!r}")
    return answer


assert serve(b"1") == b"welcome to server!"
assert serve(b"2") == b"please go out!"
assert serve(b"") == b"time out"
listener.close()
