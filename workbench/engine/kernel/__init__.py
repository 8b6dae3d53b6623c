"""What the kernel says of a socket: its state and queues, from /proc/net and tcp_info.

May import engine/sockets and engine/state. On a system without these files it answers None.
"""
