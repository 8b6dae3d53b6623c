# /// experiment
# title = "Does close() always say goodbye?"
# topic = "ending"
# order = 30
# question = "The server calls close() while bytes from the client are still unread. What does the client's recv() do?"
# choices = ["it raises ConnectionResetError", 'it returns b""', "it waits"]
# answer = 1
# explanation = """
# close() with an empty receive queue sends FIN: the peer reads b"". With unread bytes in it, close() sends RST: they
# are lost, and the peer shall know. What had arrived at the client before is still there to be received (on Linux);
# behind it stands the error instead of b"", and what was still on its way is lost. So a server that answers and closes
# without reading the rest of the request makes its client fail. Read to the end first, or shutdown(SHUT_WR) and read
# until b"".
# """
# shows = { call = "recv", nth = 1, error = "ConnectionResetError" }
# ///
import socket

listener = socket.create_server(("127.0.0.1", 0))


def client_sees(read_first):
    client = socket.create_connection(listener.getsockname())
    connection, _ = listener.accept()
    client.sendall(b"question")
    # Look without taking until all of it has arrived, so that timing plays no part.
    connection.recv(8, socket.MSG_PEEK | socket.MSG_WAITALL)
    if read_first:
        connection.recv(8)
    connection.close()

    try:
        seen = client.recv(1024)
    except ConnectionResetError as error:
        seen = type(error).__name__
    client.close()
    return seen


after_reading = client_sees(read_first=True)
with_unread_bytes = client_sees(read_first=False)
print("closed with an empty queue: the client sees", after_reading)
print("closed with unread bytes:   the client sees", with_unread_bytes)
assert after_reading == b""
assert with_unread_bytes == "ConnectionResetError"
listener.close()
