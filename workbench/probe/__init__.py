"""What goes into any process: sockets that record their calls, and the writer of the session file.

Two rules. Standard library alone, in Python 3.9's syntax, because the program under trace lives in its own
environment. And the program comes first: no failure to record ever reaches it.

`format` alone knows how a record lies in the file, `recorder` writes it; `recording_socket`, `transfer_socket` and
`traced_socket` make the calls, `program_socket` takes the place of socket.socket, `bootstrap` puts it there. May
import nothing from outside this folder.
"""
