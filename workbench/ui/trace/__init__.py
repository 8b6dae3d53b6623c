"""The screen of programs that run under trace: their sockets, their output, the call that waits.

May import ui/session and below.
"""
