# /// experiment
# title = "send() counts bytes"
# topic = "bytes and text"
# order = 10
# question = "TEXT has 8 characters: héllo 你好. What does send(TEXT.encode()) return?"
# choices = ["8", "13", "None"]
# answer = 2
# explanation = """
# A socket carries bytes and knows no characters: send() returns how many bytes it took. In UTF-8 é is 2 bytes, 你 and
# 好 are 3 each. A str is refused with TypeError, since only the program can know which encoding was meant.
# """
# shows = { call = "send", nth = 2 }
# [parameters]
# TEXT = ["héllo 你好", "hello", "😀"]
# ENCODING = ["utf-8", "utf-16", "gbk"]
# ///
import socket

TEXT = "héllo 你好"
ENCODING = "utf-8"

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

try:
    client.send(TEXT)
    raise AssertionError("a str was sent")
except TypeError as error:
    print("send(TEXT):", error)

# What an encoding lacks becomes a question mark, so that any TEXT can be tried with any ENCODING.
data = TEXT.encode(ENCODING, "replace")
count = client.send(data)
client.close()
print(len(TEXT), "characters,", count, "bytes:", data)
received = connection.recv(1024)

assert count == len(data)
assert received == data
connection.close()
listener.close()
