# /// experiment
# title = "A length in characters"
# topic = "framing"
# order = 20
# question = """
# The sender writes len(text) before text.encode(), with text = 'héllo 你好' (8 characters, 13 bytes), and then a second
# message. What does the receiver get, who reads as many bytes as the length says?
# """
# choices = ["a piece of the first, and then nonsense", "both messages", "an error at the sender"]
# answer = 1
# explanation = """
# The length must count what the receiver counts: bytes. With a length of 8 it takes 8 bytes, which end inside a
# character, and takes the next bytes of the text for the next length. With ASCII text nobody notices: encode first,
# then take the length of the bytes.
# """
# shows = { call = "recv", nth = 2 }
# [parameters]
# TEXT = ["héllo 你好", "hello"]
# ///
import socket
import struct

TEXT = "héllo 你好"

listener = socket.create_server(("127.0.0.1", 0))


def exchange(length_of):
    """Send TEXT and "bye", each after its length, and return what a receiver makes of it."""
    client = socket.create_connection(listener.getsockname())
    connection, _ = listener.accept()
    for text in (TEXT, "bye"):
        client.sendall(struct.pack(">I", length_of(text)) + text.encode())
    client.close()

    messages = []
    while prefix := connection.recv(4, socket.MSG_WAITALL):
        (length,) = struct.unpack(">I", prefix.ljust(4, b"\0"))
        messages.append(connection.recv(min(length, 1000), socket.MSG_WAITALL))
    connection.close()
    print(messages)
    return messages


by_characters = exchange(len)
by_bytes = exchange(lambda text: len(text.encode()))
listener.close()

assert by_bytes == [TEXT.encode(), b"bye"]
assert (by_characters == by_bytes) == TEXT.isascii()
