# /// experiment
# title = "A datagram larger than bufsize"
# topic = "datagrams"
# order = 20
# question = """
# Two datagrams have arrived: "hello world" and "next". The server calls recvfrom(5) twice. What does the second call
# return?
# """
# choices = ['b"next"', 'b" worl"', "an error"]
# answer = 1
# explanation = """
# Each recvfrom() takes one whole datagram out of the queue. What does not fit into bufsize is thrown away, silently
# (Windows raises error 10040). recvmsg() tells: its flags hold MSG_TRUNC. So give a bufsize as large as the largest
# datagram that may come; 65535 always is.
# """
# shows = { call = "recvfrom", nth = 2 }
# [parameters]
# BUFSIZE = [1, 5, 11, 65535]
# ///
import socket

BUFSIZE = 5

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

client.sendto(b"hello world", server.getsockname())
client.sendto(b"next", server.getsockname())
first, _ = server.recvfrom(BUFSIZE)
second, _ = server.recvfrom(BUFSIZE)
print(f"recvfrom({BUFSIZE}) = {first}, then {second}")
assert first == b"hello world"[:BUFSIZE]
assert second == b"next"[:BUFSIZE]

client.sendto(b"hello world", server.getsockname())
data, _, flags, _ = server.recvmsg(BUFSIZE)
truncated = bool(flags & socket.MSG_TRUNC)
print(f"recvmsg({BUFSIZE}) = {data}, truncated: {truncated}")
assert truncated == (len(b"hello world") > BUFSIZE)
server.close()
client.close()
