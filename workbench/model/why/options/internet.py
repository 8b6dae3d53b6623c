"""Options of the levels IPPROTO_IP, IPPROTO_IPV6 and IPPROTO_UDP. Facts: ip(7), ipv6(7), udp(7), udplite(7)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from workbench.model.why.options.sentence import Sentence, Value, always, number, number_of, switch

_RFC = "ipv6(7); RFC 3542"


def _tos(what: str) -> Sentence:
    def say(value: Value) -> str:
        found = number_of(value)
        found = value[0] if found is None and isinstance(value, bytes) and value else found
        if found is None:
            return f"It is the {what} of the packets that are sent."
        return f"Packets are sent with {what} {found:#04x} (DSCP {found >> 2 & 63})."

    return Sentence(say, "ip(7), IP_TOS")


def _group(verb: str, end: str, source: str) -> Sentence:
    def say(value: Value) -> str:
        group = ""
        if isinstance(value, bytes) and len(value) in (8, 12):
            group = f" {ipaddress.IPv4Address(value[:4])}"
        elif isinstance(value, bytes) and len(value) == 20:
            group = f" {ipaddress.IPv6Address(value[:16])}"
        return f"The machine {verb} the multicast group{group}{end}"

    return Sentence(say, source)


def _told(what: str, source: str) -> Sentence:
    return switch(f"recvmsg gets with each datagram {what}.", f"recvmsg does not get {what}.", source)


_JOIN, _LEAVE = "what is sent to it reaches sockets bound to its port.", "other sockets may still be in it."

IP: Mapping[str, Sentence] = {
    "IP_ADD_MEMBERSHIP": _group("joins", f": {_JOIN}", "ip(7), IP_ADD_MEMBERSHIP"),
    "IP_ADD_SOURCE_MEMBERSHIP": _group("joins", " for one sender alone.", "ip(7), IP_ADD_SOURCE_MEMBERSHIP"),
    "IP_BIND_ADDRESS_NO_PORT": switch(
        "bind with port 0 chooses no port yet: connect does, so that more connections find one.",
        "bind with port 0 chooses a port at once.",
        "ip(7), IP_BIND_ADDRESS_NO_PORT",
        "It is set before bind.",
    ),
    "IP_BLOCK_SOURCE": _group("stays in", ", but takes nothing from one sender.", "ip(7), IP_BLOCK_SOURCE"),
    "IP_DROP_MEMBERSHIP": _group("leaves for this socket", f"; {_LEAVE}", "ip(7), IP_DROP_MEMBERSHIP"),
    "IP_DROP_SOURCE_MEMBERSHIP": _group("leaves", " for one sender.", "ip(7), IP_DROP_SOURCE_MEMBERSHIP"),
    "IP_FREEBIND": switch(
        "bind may take an address that no interface has (yet).",
        "bind takes only addresses that an interface has.",
        "ip(7), IP_FREEBIND",
        "It is set before bind.",
    ),
    "IP_HDRINCL": switch(
        "What a raw socket sends begins with an IP header of the program's own.",
        "The kernel writes the IP header of what a raw socket sends.",
        "ip(7), IP_HDRINCL; raw(7)",
    ),
    "IP_MTU_DISCOVER": always("It says whether packets may be cut up on their way.", "ip(7), IP_MTU_DISCOVER"),
    "IP_MULTICAST_IF": always(
        "Datagrams to multicast groups go out by that network interface.", "ip(7), IP_MULTICAST_IF"
    ),
    "IP_MULTICAST_LOOP": switch(
        "Datagrams to a multicast group also reach sockets of this machine that are in it.",
        "Datagrams to a multicast group do not come back to this machine.",
        "ip(7), IP_MULTICAST_LOOP",
    ),
    "IP_MULTICAST_TTL": number(
        "Datagrams to multicast groups live for {n}.", "ip(7), IP_MULTICAST_TTL", unit="hop",
        zero="Datagrams to multicast groups do not leave this machine.",
    ),
    "IP_OPTIONS": always("Packets are sent with these IP options.", "ip(7), IP_OPTIONS"),
    "IP_PKTINFO": _told("the address and the interface that it came to", "ip(7), IP_PKTINFO"),
    "IP_RECVERR": switch(
        "Errors that ICMP reports are queued, for recvmsg with MSG_ERRQUEUE.",
        "Only a connected socket learns of errors that ICMP reports.",
        "ip(7), IP_RECVERR",
    ),
    "IP_RECVOPTS": _told("its IP options, with routes filled in", "ip(7), IP_RECVOPTS"),
    "IP_RECVRETOPTS": _told("its IP options as they came", "ip(7), IP_RECVRETOPTS"),
    "IP_RECVTOS": _told("its type of service (TOS)", "ip(7), IP_RECVTOS"),
    "IP_RETOPTS": _told("its IP options as they came", "ip(7), IP_RETOPTS"),
    "IP_TOS": _tos("type of service (TOS)"),
    "IP_TRANSPARENT": switch(
        "The socket may use addresses that are not this machine's, as a transparent proxy does.",
        "The socket uses addresses of this machine alone.",
        "ip(7), IP_TRANSPARENT",
        "It is set before bind.",
    ),
    "IP_TTL": number("A packet is dropped after {n}.", "ip(7), IP_TTL", unit="hop"),
    "IP_UNBLOCK_SOURCE": _group("takes again in", " what the blocked sender sends.", "ip(7), IP_UNBLOCK_SOURCE"),
}  # fmt: skip

IPV6: Mapping[str, Sentence] = {
    "IPV6_CHECKSUM": number("The kernel puts a checksum at offset {n} of what a raw socket sends.", _RFC),
    "IPV6_DONTFRAG": switch(
        "A datagram too large for the path fails with EMSGSIZE.", "A datagram too large for the path is cut up.", _RFC
    ),
    "IPV6_DSTOPTS": always("Packets are sent with these destination options.", _RFC),
    "IPV6_HOPLIMIT": always("It is the hop limit of one packet, in sendmsg's ancillary data.", _RFC),
    "IPV6_HOPOPTS": always("Packets are sent with these hop-by-hop options.", _RFC),
    "IPV6_JOIN_GROUP": _group("joins", f": {_JOIN}", "ipv6(7), IPV6_ADD_MEMBERSHIP"),
    "IPV6_LEAVE_GROUP": _group("leaves for this socket", f"; {_LEAVE}", "ipv6(7), IPV6_DROP_MEMBERSHIP"),
    "IPV6_MULTICAST_HOPS": number(
        "Datagrams to multicast groups live for {n}.", "ipv6(7), IPV6_MULTICAST_HOPS", unit="hop"
    ),
    "IPV6_MULTICAST_IF": number(
        "Datagrams to multicast groups go out by the interface with index {n}.", "ipv6(7), IPV6_MULTICAST_IF"
    ),
    "IPV6_MULTICAST_LOOP": switch(
        "Datagrams to a multicast group also reach sockets of this machine that are in it.",
        "Datagrams to a multicast group do not come back to this machine.",
        "ipv6(7), IPV6_MULTICAST_LOOP",
    ),
    "IPV6_NEXTHOP": always("Packets are sent to that router first.", _RFC),
    "IPV6_PATHMTU": always("It holds the largest packet that fits the path to the peer.", _RFC),
    "IPV6_PKTINFO": always("It is the address and the interface that packets are sent from.", _RFC),
    "IPV6_RECVDSTOPTS": _told("its destination options", _RFC),
    "IPV6_RECVHOPLIMIT": _told("its hop limit", _RFC),
    "IPV6_RECVHOPOPTS": _told("its hop-by-hop options", _RFC),
    "IPV6_RECVPATHMTU": _told("news on the largest packet that fits the path", _RFC),
    "IPV6_RECVPKTINFO": _told("the address and the interface that it came to", "ipv6(7), IPV6_RECVPKTINFO"),
    "IPV6_RECVRTHDR": _told("its routing header", _RFC),
    "IPV6_RECVTCLASS": _told("its traffic class", _RFC),
    "IPV6_RTHDR": always("Packets are sent with this routing header.", _RFC),
    "IPV6_RTHDRDSTOPTS": always("Packets are sent with these options before the routing header.", _RFC),
    "IPV6_TCLASS": _tos("traffic class"),
    "IPV6_UNICAST_HOPS": number(
        "A packet to one host is dropped after {n}.", "ipv6(7), IPV6_UNICAST_HOPS", unit="hop"
    ),
    "IPV6_V6ONLY": switch(
        "The socket takes IPv6 alone, so that another can have the port for IPv4.",
        "The socket takes IPv4 too, whose addresses it shows as ::ffff:1.2.3.4.",
        "ipv6(7), IPV6_V6ONLY",
        "It is set before bind.",
    ),
}  # fmt: skip

UDP: Mapping[str, Sentence] = {
    "UDPLITE_RECV_CSCOV": number(
        "A packet is dropped if its checksum covers fewer than {n}.", "udplite(7)", unit="byte",
        zero="A packet is dropped if its checksum does not cover all of it.",
    ),
    "UDPLITE_SEND_CSCOV": number(
        "The checksum of what is sent covers {n}.", "udplite(7)", unit="byte",
        zero="The checksum of what is sent covers all of it.",
    ),
    "UDP_CORK": switch(
        "What is sent is gathered into one datagram, until it is turned off.",
        "Each send makes a datagram; what was gathered goes out now.",
        "udp(7), UDP_CORK",
    ),
    "UDP_GRO": switch(
        "One recv may return several datagrams of one sender end to end.", "One recv returns one datagram.",
        "udp(7), UDP_GRO",
    ),
    "UDP_SEGMENT": number(
        "One large send is cut into datagrams of {n}.", "udp(7), UDP_SEGMENT", unit="byte",
        zero="One send makes one datagram.",
    ),
}  # fmt: skip
