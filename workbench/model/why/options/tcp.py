"""Options of level IPPROTO_TCP. Facts: tcp(7); do_tcp_setsockopt in Linux's net/ipv4/tcp.c."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.model.why.options.sentence import Sentence, Value, always, number, number_of, switch

STATES = {
    1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECV", 4: "FIN_WAIT1", 5: "FIN_WAIT2", 6: "TIME_WAIT", 7: "CLOSE",
    8: "CLOSE_WAIT", 9: "LAST_ACK", 10: "LISTEN", 11: "CLOSING",
}  # fmt: skip
_SOURCE = "Linux, net/ipv4/tcp.c, do_tcp_setsockopt"
_REPAIR = "It is for saving and restoring connections (CRIU), under TCP_REPAIR, with CAP_NET_ADMIN."


def _info(value: Value) -> str:
    state = value[0] if isinstance(value, bytes) and value else number_of(value)
    state = state & 0xFF if isinstance(state, int) else None
    now = f" It is in state {STATES[state]}." if state in STATES else ""
    return f"It holds the connection's state and figures; of a listener, its accept queue.{now}"


def _congestion(value: Value) -> str:
    raw = value if isinstance(value, bytes) else b""
    name = raw.split(b"\0")[0].decode("ascii", "replace")
    if name and name.isprintable():
        return f"How fast TCP sends is up to the algorithm {name}."
    return "It names the algorithm that decides how fast TCP sends."


TCP: Mapping[str, Sentence] = {
    "TCP_CC_INFO": always("It holds figures of the congestion control algorithm.", _SOURCE),
    "TCP_CONGESTION": Sentence(_congestion, "tcp(7), TCP_CONGESTION"),
    "TCP_CORK": switch(
        "Partial segments are held back until it is turned off, but for 200 ms at most.",
        "Nothing is held back by TCP_CORK: what it held goes out now.",
        "tcp(7), TCP_CORK",
    ),
    "TCP_DEFER_ACCEPT": number(
        "accept gets a connection only once its first data has come; the kernel waits about {n} for it.",
        "tcp(7), TCP_DEFER_ACCEPT",
        "It is set on the listener.",
        unit="second",
        zero="accept gets a connection as soon as the handshake is complete.",
    ),
    "TCP_FASTOPEN": number(
        "The listener takes data that comes with the SYN; {n} such connections may wait for their handshake to end.",
        "tcp(7), TCP_FASTOPEN; net.ipv4.tcp_fastopen has to allow it",
        "It is set on the listener.",
        zero="The listener takes no data with the SYN.",
    ),
    "TCP_FASTOPEN_CONNECT": switch(
        "connect returns at once, and the SYN goes out with the first send's data, if a cookie is known.",
        "connect sends the SYN by itself.",
        "tcp(7), TCP_FASTOPEN_CONNECT",
        "It is set before connect.",
    ),
    "TCP_FASTOPEN_KEY": always("It is the key of the cookies that the listener gives for TCP Fast Open.", _SOURCE),
    "TCP_FASTOPEN_NO_COOKIE": switch(
        "Data may come with the SYN without a cookie.", "Data with the SYN needs a cookie.", _SOURCE
    ),
    "TCP_INFO": Sentence(_info, "tcp(7), TCP_INFO; linux/tcp.h"),
    "TCP_INQ": switch(
        "recvmsg gets with the data how many bytes are still queued.", "recvmsg gets no count of queued bytes.", _SOURCE
    ),
    "TCP_KEEPCNT": number(
        "With SO_KEEPALIVE the connection ends after {n} without an answer.", "tcp(7), TCP_KEEPCNT", unit="probe"
    ),
    "TCP_KEEPIDLE": number(
        "With SO_KEEPALIVE the first probe goes out when nothing has come for {n}.", "tcp(7), TCP_KEEPIDLE",
        unit="second",
    ),
    "TCP_KEEPINTVL": number(
        "With SO_KEEPALIVE {n} pass between two probes.", "tcp(7), TCP_KEEPINTVL", unit="second"
    ),
    "TCP_LINGER2": number(
        "A closed socket waits {n} at most in FIN_WAIT2 for the peer's FIN.", "tcp(7), TCP_LINGER2", unit="second"
    ),
    "TCP_MAXSEG": number(
        "A segment carries {n} at most.", "tcp(7), TCP_MAXSEG",
        "Set before connect it bounds what the peer sends, too; the kernel may still use less.", unit="byte",
    ),
    "TCP_MD5SIG": always("Segments are signed with MD5 (RFC 2385).", _SOURCE, "It is set before connect."),
    "TCP_MD5SIG_EXT": always(
        "Segments to a range of addresses are signed with MD5 (RFC 2385).", _SOURCE, "It is set before connect."
    ),
    "TCP_NODELAY": switch(
        "Nagle's algorithm is off: a small send goes out at once, though earlier bytes are not acknowledged. "
"It does not "
        "keep sends apart in the peer's recv.",
        "Nagle's algorithm is on: a small send waits while earlier bytes are not acknowledged.",
        "tcp(7), TCP_NODELAY",
    ),
    "TCP_NOTSENT_LOWAT": number(
        "select and poll find the socket writable only while fewer than {n} in its buffer are unsent.",
        "Linux, Documentation/networking/ip-sysctl.rst, tcp_notsent_lowat",
        unit="byte",
        zero="select and poll go by net.ipv4.tcp_notsent_lowat.",
    ),
    "TCP_QUEUE_SEQ": always(f"It is the position in a stream. {_REPAIR}", _SOURCE),
    "TCP_QUICKACK": switch(
        "Acknowledgements go out at once, for now: the kernel may delay them again later.",
        "Acknowledgements may be delayed (40 ms or more), to go out with an answer.",
        "tcp(7), TCP_QUICKACK",
    ),
    "TCP_REPAIR": switch(
        "The connection is frozen, to be saved or restored (CRIU).",
        "The connection works as ever.",
        _SOURCE,
    ),
    "TCP_REPAIR_OPTIONS": always(f"It sets what the handshake would have agreed. {_REPAIR}", _SOURCE),
    "TCP_REPAIR_QUEUE": always(f"It chooses the queue to save or restore. {_REPAIR}", _SOURCE),
    "TCP_REPAIR_WINDOW": always(f"It holds the windows. {_REPAIR}", _SOURCE),
    "TCP_SAVED_SYN": always("It holds the headers of the SYN, if TCP_SAVE_SYN was set on the listener.", _SOURCE),
    "TCP_SAVE_SYN": switch(
        "The kernel keeps the headers of each SYN for TCP_SAVED_SYN.", "The headers of a SYN are not kept.", _SOURCE,
        "It is set on the listener.",
    ),
    "TCP_SYNCNT": number(
        "connect repeats its SYN {n} before it gives up.", "tcp(7), TCP_SYNCNT", "It is set before connect.",
        unit="time",
    ),
    "TCP_THIN_DUPACK": switch(
        "Since Linux 4.19 it has no effect.", "Since Linux 4.19 it has no effect.",
        "Linux, net/ipv4/tcp.c: tcp_sock.unused",
    ),
    "TCP_THIN_LINEAR_TIMEOUTS": switch(
        "With few segments under way, repeats come at even intervals at first.",
        "The interval between repeats doubles each time.",
        "Linux, Documentation/networking/tcp-thin.rst",
    ),
    "TCP_TIMESTAMP": always("It is the clock of the connection's timestamps.", _SOURCE),
    "TCP_TX_DELAY": number(
        "Each packet is held back for {n} before it goes out.", _SOURCE, unit="microsecond",
        zero="Packets are not held back.",
    ),
    "TCP_ULP": always("It names a protocol on top of TCP in the kernel, such as tls.", _SOURCE),
    "TCP_USER_TIMEOUT": number(
        "The connection ends with ETIMEDOUT when sent bytes are not acknowledged for {n}.",
        "tcp(7), TCP_USER_TIMEOUT",
        unit="millisecond",
        zero="How long sent bytes may stay unacknowledged is up to net.ipv4.tcp_retries2.",
    ),
    "TCP_WINDOW_CLAMP": number(
        "The window that is offered to the peer is {n} at most.", "tcp(7), TCP_WINDOW_CLAMP", unit="byte",
        zero="The window has no bound of its own.",
    ),
    "TCP_ZEROCOPY_RECEIVE": always("It maps received pages into memory instead of copying them.", _SOURCE),
}  # fmt: skip
