# /// experiment
# title = "Whose is TIME_WAIT?"
# topic = "ending"
# order = 56
# question = "A client and a server talk, then one of the two closes first. On whose side is TIME_WAIT afterwards?"
# choices = ["always the server's", "always the client's", "that of the one who closed first", "on both"]
# answer = 3
# explanation = """
# TIME_WAIT is kept by the side that sent its FIN first: it sends the last ACK, and has to be there in case that is
# lost. So a server that lets its clients close first has none on its port, and can be started again at once even
# without SO_REUSEADDR; one that closes first finds its address in use for a minute.
# """
# shows = { call = "close", nth = 1 }
# ///
import socket
import sys
import threading

pause = threading.Event()
TIME_WAIT = "06"  # as /proc/net/tcp writes it

if not sys.platform.startswith("linux"):
    sys.exit("not available: the states are read from /proc/net/tcp")


def in_time_wait(local, remote):
    """Whether the kernel keeps TIME_WAIT from port *local* to port *remote*."""
    with open("/proc/net/tcp") as table:
        rows = [line.split()[1:4] for line in list(table)[1:]]
    ports = [(int(here[-4:], 16), int(there[-4:], 16), state) for here, there, state in rows]
    return (local, remote, TIME_WAIT) in ports


def sides(client_first):
    """Let one side close first; return who has TIME_WAIT then."""
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    connection, _ = listener.accept()
    ports = client.getsockname()[1], listener.getsockname()[1]
    first, last = (client, connection) if client_first else (connection, client)
    first.close()
    assert last.recv(1) == b""
    last.close()
    listener.close()
    for _ in range(50):
        found = [name for name, ends in (("client", ports), ("server", ports[::-1])) if in_time_wait(*ends)]
        if found:
            return found
        pause.wait(0.02)
    return []


client_closed, server_closed = sides(client_first=True), sides(client_first=False)
print("the client closed first: TIME_WAIT at the", *client_closed)
print("the server closed first: TIME_WAIT at the", *server_closed)
assert (client_closed, server_closed) == (["client"], ["server"])
