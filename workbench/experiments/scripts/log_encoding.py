# /// experiment
# title = "A log file, and the encoding nobody named"
# topic = "bytes and text"
# order = 30
# question = """
# A server writes what it received, '你好 café', to a log file opened with open(path, "w"). What is in the file on
# machines whose encoding is not UTF-8 (here: ASCII, latin-1, GBK)?
# """
# choices = ["the same text everywhere", "an error, or bytes that a UTF-8 reader cannot read", "an empty line"]
# answer = 2
# explanation = """
# Bytes are the same everywhere; text is not, until somebody names its encoding. open() without encoding= takes the
# machine's. Where that lacks a character, writing raises UnicodeEncodeError; where it has it, the file holds other
# bytes than UTF-8 and its next reader fails or sees a mess. Name the encoding at both ends: data.decode("utf-8") and
# open(path, "w", encoding="utf-8").
# """
# shows = { call = "recv" }
# [parameters]
# TEXT = ["你好 café", "café", "plain"]
# ///
import os
import socket
import tempfile

TEXT = "你好 café"

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()
client.sendall(TEXT.encode("utf-8"))
client.close()
received = connection.recv(1024).decode("utf-8")
connection.close()
listener.close()


def log_and_read(machine, reader):
    """Write the log as a machine with that encoding does, and return what a reader with another sees."""
    try:
        with open(path, "w", encoding=machine) as log:
            log.write(received)
        with open(path, encoding=reader) as log:
            seen = log.read()
    except UnicodeError as error:
        seen = type(error).__name__
    print(f"written as {machine:8} read as {reader:8} {seen!a}")
    return seen


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "server.log")
    named = log_and_read("utf-8", "utf-8")
    others = [log_and_read("ascii", "utf-8"), log_and_read("latin-1", "utf-8"), log_and_read("gbk", "utf-8")]
    others.append(log_and_read("utf-8", "latin-1"))

assert received == named == TEXT
assert TEXT.isascii() or TEXT not in others
