# /// experiment
# title = "Forty milliseconds out of nowhere"
# topic = "waiting"
# order = 50
# view = "ladder"
# question = """
# A client sends a request in two small sends and waits for the answer, again and again. What makes each round last 40
# ms on an idle machine?
# """
# choices = [
#     "the network",
#     "the scheduler",
#     "Nagle's algorithm and the delayed acknowledgement, each waiting for the other",
# ]
# answer = 3
# explanation = """
# Nagle's algorithm holds the second small segment until the first is acknowledged; the receiver delays its
# acknowledgement in the hope of sending it with an answer, which it cannot give before it has the whole request.
# After about 40 ms it gives in. Send a request with one call, or set TCP_NODELAY.
# """
# shows = { call = "recv", nth = 3, data = "answer" }
# [parameters]
# ROUNDS = [3, 10]
# ///
import socket
import sys
import threading
import time

ROUNDS = 3

if not sys.platform.startswith("linux"):
    sys.exit("not available: how long an acknowledgement is delayed was only checked on Linux")

listener = socket.create_server(("127.0.0.1", 0))


def answer():
    connection, _ = listener.accept()
    request = b""
    while piece := connection.recv(1024):
        request += piece
        if request.endswith(b"body"):
            connection.sendall(b"answer")
            request = b""
    connection.close()


def round_trips(no_delay):
    server = threading.Thread(target=answer, daemon=True)
    server.start()
    client = socket.create_connection(listener.getsockname())
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, no_delay)
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        client.send(b"header")
        client.send(b"body")
        assert client.recv(1024) == b"answer"
        times.append(time.perf_counter() - started)
    client.close()
    server.join()
    return times


with_nagle, without = round_trips(False), round_trips(True)
print("with Nagle's algorithm:", *(f"{seconds * 1000:.2f}" for seconds in with_nagle), "ms")
print("with TCP_NODELAY:      ", *(f"{seconds * 1000:.2f}" for seconds in without), "ms")
assert max(with_nagle) > 0.03 or ROUNDS < 3  # the first two may be quick: a new connection acknowledges at once
assert min(without) < 0.03
listener.close()
