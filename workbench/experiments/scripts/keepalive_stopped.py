# /// experiment
# title = "Keepalive asks the kernel, not the program"
# topic = "waiting"
# order = 60
# question = """
# The peer's process is stopped (as with ctrl+z). SO_KEEPALIVE probes it each second and gives up after two
# unanswered probes. What does recv() do in the next four seconds?
# """
# choices = ["it raises TimeoutError: the peer answers no probe", "it waits: the probes are answered"]
# answer = 2
# explanation = """
# Probes are answered by the peer's kernel, which runs whatever the program does: stopped, in an endless loop, in a
# debugger. Keepalive finds a machine or a network that is gone. Whether the program still lives, only an answer of the
# program tells: a ping of your own protocol, and a timeout.
# """
# shows = { call = "recv", error = "TimeoutError" }
# ///
import os
import signal
import socket
import subprocess
import sys

if not hasattr(socket, "TCP_KEEPIDLE") or not hasattr(signal, "SIGSTOP"):
    sys.exit("not available: this system has no TCP_KEEPIDLE or no SIGSTOP")

listener = socket.create_server(("127.0.0.1", 0))
program = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); s.send(b'?'); s.recv(1)"
peer = subprocess.Popen([sys.executable, "-c", program, str(listener.getsockname()[1])])
connection, _ = listener.accept()
assert connection.recv(1) == b"?"  # it runs, and will do nothing more

for option, value in (("TCP_KEEPIDLE", 1), ("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", 2)):
    connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
os.kill(peer.pid, signal.SIGSTOP)

connection.settimeout(4)
try:
    result = connection.recv(1)
except TimeoutError as error:
    result = "still connected" if error.errno is None else "given up"
print("after four seconds of probes to a stopped process:", result)

os.kill(peer.pid, signal.SIGCONT)
connection.sendall(b"!")
assert peer.wait(10) == 0
assert result == "still connected"
connection.close()
listener.close()
