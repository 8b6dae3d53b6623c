# /// experiment
# title = "select() cannot see into TLS"
# topic = "waiting"
# order = 80
# question = """
# Ten plain bytes came in one TLS record. The program takes five with recv(5) and asks select() whether there is more to
# read. What does it say?
# """
# choices = ["readable: five bytes are left", "not readable: the five are in the TLS layer"]
# answer = 2
# explanation = """
# A TLS record is decrypted whole, so the kernel's queue is empty after the first recv(); what is left lies inside the
# TLS layer, which select() knows nothing of. Ask SSLSocket.pending() first, or read until SSLWantReadError.
# """
# shows = { call = "recv", nth = 1 }
# ///
import select
import socket
import ssl
import sys
import threading

# Without certificates, which keeps the script short; nobody does that outside an experiment.
ANONYMOUS = "AECDH-AES256-SHA:@SECLEVEL=0"


def context(side):
    made = ssl.SSLContext(side)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers(ANONYMOUS)
    return made


try:
    contexts = context(ssl.PROTOCOL_TLS_CLIENT), context(ssl.PROTOCOL_TLS_SERVER)
except ssl.SSLError:
    sys.exit("not available: this OpenSSL has no anonymous ciphers")

one, other = socket.socketpair()
served = []
thread = threading.Thread(target=lambda: served.append(contexts[1].wrap_socket(other, server_side=True)))
thread.start()
client = contexts[0].wrap_socket(one)
thread.join()
(server,) = served

server.sendall(b"ten bytes!")
first = client.recv(5)
readable = bool(select.select([client], [], [], 0.1)[0])
pending = client.pending()
print(f"got {first}; select: {'readable' if readable else 'not readable'}; pending(): {pending}")
rest = client.recv(5)
assert (first, readable, pending, rest) == (b"ten b", False, 5, b"ytes!")
client.close()
server.close()
