"""What goes into any process: sockets that record their calls, and the writer of the session file.

Two rules. Standard library alone, in Python 3.9's syntax, because the program under trace lives in its own
environment. And the program comes first: no failure to record ever reaches it.
"""
