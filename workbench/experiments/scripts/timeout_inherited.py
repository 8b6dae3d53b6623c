# /// experiment
# title = "Does an accepted socket inherit the timeout?"
# topic = "waiting"
# order = 20
# question = "The listening socket has settimeout(2). What is connection.gettimeout() of a connection that it accepts?"
# choices = ["2.0", "None: it waits for ever", "0.0: it never waits"]
# answer = 2
# explanation = """
# The timeout lives in Python's socket object, and accept() makes a new one, with the default of
# socket.getdefaulttimeout(): None. A server that guards its accept() with a timeout still hangs in the first recv()
# from a silent client, unless it sets a timeout on the connection too.
# """
# shows = { call = "accept" }
# [parameters]
# TIMEOUT = [0.5, 2.0]
# ///
import socket

TIMEOUT = 2.0

listener = socket.create_server(("127.0.0.1", 0))
listener.settimeout(TIMEOUT)
client = socket.create_connection(listener.getsockname(), timeout=TIMEOUT)
connection, _ = listener.accept()

print("listener:  ", listener.gettimeout())
print("client:    ", client.gettimeout())
print("connection:", connection.gettimeout())
assert listener.gettimeout() == client.gettimeout() == TIMEOUT
assert connection.gettimeout() is None

for each in (client, connection, listener):
    each.close()
