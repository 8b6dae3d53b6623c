# /// experiment
# title = "Refused, and select() says writable"
# topic = "errors"
# order = 40
# question = """
# A non-blocking connect to a port where nobody listens returns EINPROGRESS. select() then says that the socket is
# writable. Is it connected?
# """
# choices = ["yes, writable means connected", "no: SO_ERROR says that it was refused"]
# answer = 2
# explanation = """
# Writable means: the connect is over, one way or the other. Which one, getsockopt(SO_ERROR) tells, once; 0 is success.
# A program that sends without asking gets the error from its send() instead.
# """
# shows = { call = "getsockopt", nth = 1 }
# ///
import errno
import select
import socket

with socket.create_server(("127.0.0.1", 0)) as listener:
    nobody = listener.getsockname()  # its port is free again after this block

client = socket.socket()
client.setblocking(False)
number = client.connect_ex(nobody)
print("connect_ex returns", errno.errorcode.get(number, number))
_, writable, _ = select.select([], [client], [], 5)
error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
print("writable:", bool(writable), "- SO_ERROR:", errno.errorcode.get(error, error))
assert number in (errno.EINPROGRESS, errno.ECONNREFUSED)
assert writable
assert error == (errno.ECONNREFUSED if number == errno.EINPROGRESS else 0)
client.close()
