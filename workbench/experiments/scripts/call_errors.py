# /// experiment
# title = "Calls in the wrong order"
# topic = "errors"
# order = 20
# question = "A client connects to a port on which nobody listens. What happens?"
# choices = ["ConnectionRefusedError at once", "it waits until somebody listens", "it connects, and send() fails"]
# answer = 1
# explanation = """
# The other kernel answers the SYN with RST, and connect() raises ECONNREFUSED. The other errors here come from calls
# that do not fit the state of the socket: no connection yet (ENOTCONN), not listening (EINVAL), closed (EBADF),
# already connected (EISCONN). Each names exactly what is wrong; read the errno before changing the program.
# """
# shows = { call = "connect", nth = 1, error = "ConnectionRefusedError" }
# ///
import errno
import socket


def fails(text, call):
    """Make a call that must fail, and return the name of its errno."""
    try:
        call()
    except OSError as error:
        print(f"{text:35} {type(error).__name__}: {error}")
        return errno.errorcode[error.errno]
    raise AssertionError(f"{text} has worked")


# Bound, so that nobody else gets the port, but not listening.
nobody = socket.socket()
nobody.bind(("127.0.0.1", 0))
client = socket.socket()
assert fails("connect() where nobody listens", lambda: client.connect(nobody.getsockname())) == "ECONNREFUSED"
client.close()

client = socket.socket()
assert fails("recv() before connect()", lambda: client.recv(1024)) == "ENOTCONN"
assert fails("getpeername() before connect()", client.getpeername) == "ENOTCONN"
assert fails("accept() before listen()", nobody.accept) == "EINVAL"

nobody.listen()
client.connect(nobody.getsockname())
assert fails("connect() when connected", lambda: client.connect(nobody.getsockname())) == "EISCONN"
client.close()
assert fails("send() after close()", lambda: client.send(b"late")) == "EBADF"
nobody.close()
