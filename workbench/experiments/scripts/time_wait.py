# /// experiment
# title = "Address already in use, after a restart"
# topic = "ending"
# order = 50
# question = """
# A server closed a connection first and was stopped. It is started again, now with SO_REUSEADDR; the old one ran
# without. Does bind() to the same port work?
# """
# choices = ["yes, that is what SO_REUSEADDR is for", "no: EADDRINUSE, the old one had to set it as well"]
# answer = 2
# explanation = """
# The side that closes first keeps the connection for a minute in TIME_WAIT, and with it the port. Linux lets another
# socket bind it only if both have SO_REUSEADDR: the old one, whose option the TIME_WAIT inherited, and the new one.
# So set it always, from the first start on. If the client closes first there is no conflict.
# """
# shows = { call = "bind", nth = 1, error = "OSError" }
# ///
import errno
import socket
import sys

if not sys.platform.startswith("linux"):
    sys.exit("not available: SO_REUSEADDR differs between systems, and this was only checked on Linux")


def restart(old_reuses, new_reuses):
    """Run a server that closes first, then bind its port again; return "works" or the name of the errno."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, old_reuses)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    client = socket.create_connection(listener.getsockname())
    connection, _ = listener.accept()
    address = listener.getsockname()

    connection.close()  # the server closes first
    assert client.recv(1024) == b""
    client.close()
    listener.close()

    with socket.socket() as restarted:
        restarted.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, new_reuses)
        try:
            restarted.bind(address)
            outcome = "works"
        except OSError as error:
            outcome = errno.errorcode[error.errno]
    print(f"SO_REUSEADDR on the old: {old_reuses!s:5}  on the new: {new_reuses!s:5}  bind: {outcome}")
    return outcome


assert restart(False, True) == "EADDRINUSE"
assert restart(True, False) == "EADDRINUSE"
assert restart(False, False) == "EADDRINUSE"
assert restart(True, True) == "works"
