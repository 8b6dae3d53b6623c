"""A session as a capture that Wireshark opens: packets as a network card would have seen them.

`wire` turns calls into packets, `stream` keeps the numbers of a TCP connection, `frames` builds headers, `hosts`
invents addresses where there are none, `pcapng` is the file format. May import journal and model.
"""
