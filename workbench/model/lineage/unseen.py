"""What the kernel counted on a TCP connection, as positions in its two streams.

Where bytes pass the calls by (os.read on the descriptor, a C extension, a child that is not traced), it counted more.
tcp(7), TCP_INFO: bytes_received goes up by one for the peer's FIN, bytes_acked for our SYN and our FIN.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_FIELDS = 5
_SLACK = 1
"""The SYN of the side that connected, or an urgent byte, which is not in the receive queue."""
_CLOSE = 7
_WE_ENDED = frozenset((4, 5, 6, _CLOSE, 9, 11))
"""States after our FIN, as in net/tcp_states.h; in CLOSE there was one, or a reset."""
_PEER_ENDED = frozenset((6, _CLOSE, 8, 9, 11))


def counts(tcp: Sequence[int]) -> Iterator[tuple[bool, int]]:
    """Yield for bytes received, then for those sent (True), how many passed at least.

    *tcp*: state, bytes_acked, bytes_received, bytes in the receive and in the send queue; anything else yields none.
    """
    if len(tcp) == _FIELDS:
        state, acked, received, incoming, outgoing = tcp
        yield False, received - incoming - (state in _PEER_ENDED) - _SLACK
        yield True, acked + outgoing - (state in _WE_ENDED) - _SLACK
