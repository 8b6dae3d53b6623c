"""A claim: something that the product says of the kernel or of a peer, as a value that a test can check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """Everything that can be claimed. What *count*, *of* and *seqs* of a Claim mean stands beside each."""

    # what became of the bytes of a send; count: bytes
    RECEIVED = "received"  # seqs: the recvs that took them
    CUT_OFF = "cut off"  # the rest of a message that did not fit the recv in seqs
    NOT_RECEIVED_YET = "not received yet"
    QUEUE_WAS_FULL = "lost: the receiver's queue was full"
    OVERTAKEN = "lost: what was sent later was received"
    NOT_IN_QUEUE = "lost: the receiver's queue was empty, and no recv had taken it"
    NEVER_RESET = "never received: the connection was reset"  # seqs: the call that learnt of it
    NEVER_CLOSED = "never received: the receiver was closed"  # seqs: its close
    NEVER_REFUSED = "never received: no socket had the port"  # seqs: the call that learnt of it
    NEVER_FILTERED = "never received: the receiver is connected to another address"  # seqs: its connect
    FATE_UNKNOWN = "what became of them is not known"
    SHORT = "only a part went out"  # of: bytes offered

    # what a recv took; count: bytes
    LEFT = "left in the receive queue"
    TRUNCATED = "the rest of the message was thrown away"  # count: bytes kept; of: bytes it had, None: not known
    MAYBE_TRUNCATED = "the buffer was filled, so more may have been thrown away"
    DISCARDED = "taken out of the queue, but not returned"
    PEEKED = "copied, and left in the queue"
    URGENT = "urgent data"
    MESSAGE_SIZE = "the size of the message, most of which was not copied"  # count: bytes it has
    DESCRIPTORS_SENT = "descriptors went with the message"  # count: how many
    DESCRIPTORS_CAME = "descriptors came with the message"
    DESCRIPTORS_LOST = "descriptors that went with the message were dropped"

    # why recv returned b''
    PEER_ENDED = "the peer ended its side"
    OWN_SHUTDOWN = "an own shutdown ended receiving"  # seqs: the shutdown
    AFTER_ERROR = "the connection had failed before"  # seqs: the call that learnt of it
    CONNECTION_GONE = "the connection is gone, and no call here learnt why"

    # what close or shutdown did
    FIN_SENT = "FIN is sent"
    FIN_WAS_SENT = "FIN was sent before"  # seqs: by that shutdown
    RST_SENT = "RST is sent"  # count: bytes that were unread; seqs: the setsockopt of SO_LINGER, if any
    NOTHING_SENT = "neither FIN nor RST is sent"
    PEER_SEES_END = "the other end of a UNIX connection sees its end"
    PEER_SEES_RESET = "the other end of a UNIX connection sees a reset"  # count: bytes that lay unread
    LISTENER_GONE = "nobody listens there any more"
    RECEIVER_GONE = "a datagram socket and its queue are gone"
    HELD_BY_DESCRIPTOR = "another descriptor of the socket is open"  # seqs: the call that made it
    HELD_BY_PROCESS = "a forked process has a copy"  # count: its pid
    HELD_UNSEEN = "somebody else holds the socket, whom no call shows"  # seqs: the peer's call that found no end
    HELD_BY_CALL = "a call in another thread still uses the socket"  # seqs: that call
    TIME_WAIT_HERE = "TIME_WAIT is on this side"
    TIME_WAIT_HERE_IF = "TIME_WAIT will be on this side, if the peer ends cleanly"
    TIME_WAIT_THERE = "TIME_WAIT, if any, is on the peer's side"
    NO_TIME_WAIT = "there is no TIME_WAIT here"

    # connecting
    ACCEPTED = "a client's connection was accepted"  # seqs: by that accept
    WAITS_FOR_ACCEPT = "complete on this side, not accepted so far"
    REFUSED = "no socket listens at that address"
    LISTENS_ELSEWHERE = "the port listens at another address"  # seqs: that listen
    QUEUE_FULL = "the accept queue is full"  # count: connections that wait; of: the most; seqs: the listen
    SYN_REPEATED = "the SYN was repeated"  # count: times
    QUEUE_ROOM = "the accept queue lets connections wait"  # count: how many

    # addresses
    PORT_CHOSEN = "the kernel chose a free port"  # count: the port
    HELD_BY_SOCKET = "an open socket has the address"  # seqs: its bind
    HELD_BY_CONNECTION = "an open connection keeps the address"  # seqs: the call that made it
    HELD_BY_TIME_WAIT = "TIME_WAIT keeps the address"  # seqs: the close that led to it
    NAME_STAYS = "the file of a UNIX socket stays"
    NAME_FREED = "an abstract name is free again"

    # waiting
    TIMED_OUT = "the time was up"  # count: milliseconds
    DID_NOT_WAIT = "the call did not wait"

    # options
    OPTION_IS = "the kernel made another value of an option"  # count: the value it has now; of: the one asked for


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim with its numbers; what they mean stands beside each Kind."""

    kind: Kind
    count: int = 0
    of: int | None = None
    seqs: tuple[int, ...] = ()

    @property
    def seq(self) -> int:
        """The first call that it rests on, 0 where there is none."""
        return self.seqs[0] if self.seqs else 0


def find(claims: tuple[Claim, ...], *kinds: Kind) -> Claim | None:
    """Return the first claim of one of *kinds*."""
    return next((claim for claim in claims if claim.kind in kinds), None)
