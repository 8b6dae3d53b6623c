"""Options of level SOL_SOCKET. Facts: socket(7), unix(7); sk_setsockopt in Linux's net/core/sock.c."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from workbench.model.call.constants import FAMILIES, TYPES
from workbench.model.text.fit import counted
from workbench.model.why.options.sentence import Sentence, Value, always, number, number_of, switch, timeout

_BEFORE_BIND = "For the socket's own bind it has to be set before that."


def _linger(value: Value) -> str:
    if not isinstance(value, bytes) or len(value) != struct.calcsize("ii"):
        return "It says whether close waits for what is queued (a struct of two ints: on, seconds)."
    on, seconds = struct.unpack("ii", value)
    if not on:
        return "close returns at once, and the kernel goes on delivering what is queued."
    if not seconds:
        return "close throws away what is queued and sends RST instead of FIN."
    return f"close waits {counted(seconds, 'second')} at most until the peer's system has acknowledged everything."


def _named(table: Mapping[int, str], what: str) -> Sentence:
    return Sentence(lambda value: f"{what}{_name(table, value)}.", "socket(7)")


def _name(table: Mapping[int, str], value: Value) -> str:
    found = number_of(value)
    return "" if found is None else f": {table.get(found, found)}"


def _error(value: Value) -> str:
    return "Asking for it takes the error that waits: no later call raises it."


SOCKET: Mapping[str, Sentence] = {
    "SO_ACCEPTCONN": switch("The socket listens.", "The socket does not listen.", "socket(7), SO_ACCEPTCONN"),
    "SO_BINDTODEVICE": always(
        "Packets come in and go out by that network interface alone; an empty name takes that back.",
        "socket(7), SO_BINDTODEVICE",
    ),
    "SO_BINDTOIFINDEX": number(
        "Packets come in and go out by the network interface with index {n} alone.",
        "Linux, net/core/sock.c, sock_bindtoindex",
        zero="Packets come in and go out by any network interface.",
    ),
    "SO_BROADCAST": switch(
        "Datagrams may be sent to a broadcast address.",
        "A datagram to a broadcast address fails with EACCES.",
        "socket(7), SO_BROADCAST",
    ),
    "SO_BUSY_POLL": number(
        "A call that waits polls the network device for {n} before it sleeps.",
        "socket(7), SO_BUSY_POLL",
        unit="microsecond",
        zero="A call that waits sleeps at once.",
    ),
    "SO_DEBUG": switch(
        "The kernel may note debugging facts of the socket.", "No debugging facts are noted.", "socket(7), SO_DEBUG"
    ),
    "SO_DOMAIN": _named(FAMILIES, "It is the socket's address family"),
    "SO_DONTROUTE": switch(
        "Packets go only to hosts on a network that this machine is on itself, past the routers.",
        "Packets are routed as ever.",
        "socket(7), SO_DONTROUTE",
    ),
    "SO_ERROR": Sentence(_error, "socket(7), SO_ERROR"),
    "SO_INCOMING_CPU": number(
        "The socket's packets are or should be processed on CPU {n}.", "socket(7), SO_INCOMING_CPU"
    ),
    "SO_KEEPALIVE": switch(
        "When nothing has come for TCP_KEEPIDLE (2 hours unless set), the kernel probes the peer, and ends a dead "
        "connection with ETIMEDOUT.",
        "The kernel does not probe a silent peer: a dead one is noticed only by sending.",
        "socket(7); tcp(7), tcp_keepalive_time",
    ),
    "SO_LINGER": Sentence(_linger, "socket(7), SO_LINGER"),
    "SO_MARK": number("Packets carry the mark {n}, for routing and filtering.", "socket(7), SO_MARK"),
    "SO_OOBINLINE": switch(
        "An urgent byte stays in the stream, and a plain recv returns it.",
        "An urgent byte is taken out of the stream: only recv with MSG_OOB returns it.",
        "socket(7), SO_OOBINLINE",
    ),
    "SO_PASSCRED": switch(
        "recvmsg gets the sender's pid, uid and gid with each message.",
        "recvmsg gets no credentials of the sender.",
        "unix(7), SO_PASSCRED",
    ),
    "SO_PASSSEC": switch(
        "recvmsg gets the sender's security context with each message.",
        "recvmsg gets no security context of the sender.",
        "unix(7), SO_PASSSEC",
    ),
    "SO_PEERCRED": always(
        "It holds pid, uid and gid of who connected, or of who listened, as they were at that moment.",
        "unix(7), SO_PEERCRED",
    ),
    "SO_PEERSEC": always("It holds the security context of the peer.", "unix(7), SO_PEERSEC"),
    "SO_PRIORITY": number("Packets have the priority {n} in this machine's queues.", "socket(7), SO_PRIORITY"),
    "SO_PROTOCOL": number("It is the socket's protocol: {n}.", "socket(7), SO_PROTOCOL"),
    "SO_RCVBUF": always("It bounds the kernel's receive buffer; it is not recv's bufsize.", "socket(7), SO_RCVBUF"),
    "SO_RCVLOWAT": number(
        "A recv that waits, select and poll wait until {n} are in the queue, or the stream has ended.",
        "socket(7), SO_RCVLOWAT",
        unit="byte",
    ),
    "SO_RCVTIMEO": timeout("recv or accept", "socket(7), SO_RCVTIMEO"),
    "SO_REUSEADDR": switch(
        "bind may take an address that connections, open or in TIME_WAIT, still have, if their socket had it set too. "
        "It lets no two TCP sockets listen at one address.",
        "bind fails while a connection, open or in TIME_WAIT, has the address.",
        "socket(7), SO_REUSEADDR",
        _BEFORE_BIND,
    ),
    "SO_REUSEPORT": switch(
        "Several sockets can bind one address if all set it before bind, and the kernel shares out what comes.",
        "No other socket can bind the address by way of SO_REUSEPORT.",
        "socket(7), SO_REUSEPORT",
        _BEFORE_BIND,
    ),
    "SO_SNDBUF": always("It bounds the kernel's send buffer, not the size of one send.", "socket(7), SO_SNDBUF"),
    "SO_SNDLOWAT": always("On Linux it is always 1, and can't be set.", "socket(7), SO_SNDLOWAT"),
    "SO_SNDTIMEO": timeout("send or connect", "socket(7), SO_SNDTIMEO"),
    "SO_TIMESTAMP": switch(
        "recvmsg gets the time at which each datagram arrived.",
        "recvmsg gets no time of arrival.",
        "socket(7), SO_TIMESTAMP",
    ),
    "SO_TYPE": _named(TYPES, "It is the socket's type"),
}
