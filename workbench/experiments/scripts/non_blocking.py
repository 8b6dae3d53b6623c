# /// experiment
# title = "A socket that never waits"
# topic = "waiting"
# order = 30
# question = "After setblocking(False), recv(1024) is called and nothing has arrived. What happens?"
# choices = ['it returns b""', "it returns None", "BlockingIOError"]
# answer = 3
# explanation = """
# b"" is taken: it means the end. So a call that would have to wait raises BlockingIOError (EAGAIN). Do not call again
# in a loop, which only heats the processor: select() waits until one of many sockets is ready, and asyncio is built
# on that.
# """
# shows = { call = "recv", nth = 1, error = "BlockingIOError" }
# ///
import select
import socket

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()
connection.setblocking(False)

try:
    connection.recv(1024)
    raise AssertionError("there was something to receive")
except BlockingIOError as error:
    print("nothing there:", error)

ready, _, _ = select.select([connection, listener], [], [], 0)
assert ready == []

client.sendall(b"now")
ready, _, _ = select.select([connection, listener], [], [], 5)
assert ready == [connection]
data = connection.recv(1024)
print("select() says it is ready:", data)
assert data == b"now"

client.close()
select.select([connection], [], [], 5)
end = connection.recv(1024)
print("and at the end:", end)
assert end == b""
connection.close()
listener.close()
