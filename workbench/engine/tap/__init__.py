"""A tap: a forwarder between real clients and a real server, which may make the way between them worse.

One thread moves the bytes of all connections, so that none holds another up; a connect to the target, which may take
long, has one of its own. `toxics.py` says what may go wrong on the way and `channel.py` when each piece is due: both
know no sockets. To add a toxic: a field in toxics.py with its parser, and what it does in channel.py.
May import engine/endpoints and below.
"""
