"""The record: how one socket call lies in a session file, and the writer that puts it there.

A session file is nothing but records, each written whole with one write(2) to a descriptor opened O_APPEND, so that
processes and threads can share a file and a killed process leaves every call that returned. A record is

    magic, file, length, crc           PREFIX; the length is the whole record's, the CRC-32 is of FIXED, length and file
    kind, call, flags, numbers, times  FIXED
    tail                               JSON, for what is rare: an address, an error, unusual arguments
    data                               the bytes that the call really moved

The data lies outside the CRC because a flood must not pay for it. A reader that lost its way finds the next record by
magic, file and CRC; the file's number (st_ino) tells its records from those of another session that went through a
socket and so lie in the data.
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

FORMAT = 1
MAGIC = b"\xf5SWB"
PREFIX = struct.Struct("<4sIII")
# kind, call, flags, writer, pid, socket pid, socket number, thread, name, source, started, ended, result, requested,
# left, real size, errno, msg flags, length of tail
FIXED = struct.Struct("<BBHIIIIIIIQQqqqqiII")
HEAD_SIZE = PREFIX.size + FIXED.size

# Kinds of record.
START, CALL, TEXT, NOTE, LOST, END = range(1, 7)

# Flags of a call.
FAILED = 1  # it raised; the tail says what
NO_RESULT = 2  # it returned None
OTHER_RESULT = 4  # its result is no int: the tail holds it
TRUNCATED = 8  # the rest of the datagram was thrown away
PEEK = 16
DATAGRAM = 32  # the socket keeps messages apart: datagram, seqpacket, raw
WHOLE = 64  # it is known whether the datagram was truncated
OUT_OF_BAND = 128  # urgent data (MSG_OOB): a recv of it takes nothing from the stream
UNFINISHED = 256  # the call had not returned when its program died
TLS = 512  # the bytes are the plain ones of a TLS connection
DROPPED = 1024  # the receiver's queue was full: the datagram is lost
DELIVERED = 2048  # the datagram got into its receiver's queue

UNKNOWN = -1  # requested, left, real size: not known

CALLS = (
    *("", "socket", "socketpair", "fromfd", "dup", "bind", "listen", "accept", "connect", "connect_ex", "send"),
    *("sendall", "sendto", "sendmsg", "sendfile", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg"),
    *("recvmsg_into", "shutdown", "close", "detach", "settimeout", "setblocking", "setsockopt", "getsockopt"),
    *("getpeername", "getsockname", "fileno", "makefile"),
)
CODE = {name: code for code, name in enumerate(CALLS)}
SENDS = frozenset(CODE[name] for name in ("send", "sendall", "sendto", "sendmsg", "sendfile"))
RECVS = frozenset(CODE[name] for name in ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"))
