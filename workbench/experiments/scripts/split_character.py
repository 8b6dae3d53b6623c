# /// experiment
# title = "A character cut in two"
# topic = "bytes and text"
# order = 20
# question = "The client sends 'a€b' in UTF-8, 5 bytes. The server does recv(2).decode(). What happens?"
# choices = ["it gets 'a€'", "it gets 'a' and a question mark", "UnicodeDecodeError"]
# answer = 3
# explanation = """
# recv(2) returns 2 bytes, not 2 characters: the a and the first of the three bytes of €. Such a cut can come with any
# bufsize, since a recv may end anywhere. Collect the bytes of a whole message before decoding, or feed the pieces to
# an incremental decoder, which keeps the bytes of an unfinished character until the rest comes.
# """
# shows = { call = "recv" }
# [parameters]
# BUFSIZE = [1, 2, 3, 5]
# ///
import codecs
import socket

BUFSIZE = 2
TEXT = "a€b"

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()
client.sendall(TEXT.encode())
client.close()

decoder = codecs.getincrementaldecoder("utf-8")()
text, failures = "", 0
while piece := connection.recv(BUFSIZE):
    try:
        print(piece, "alone is", ascii(piece.decode()))
    except UnicodeDecodeError as error:
        failures += 1
        print(piece, "alone is no text:", error.reason)
    text += decoder.decode(piece)

print("piece by piece through one decoder:", ascii(text))
assert text == TEXT
assert failures or BUFSIZE > 3
connection.close()
listener.close()
