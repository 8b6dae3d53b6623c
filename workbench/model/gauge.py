"""What the gauges show of a socket's way in and way out: frozen values, fetched by whoever asks the system."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Connecting:
    """A client whose connect has not returned. *seconds* since it began; *retries* of its SYN, None if not known."""

    name: str
    state: str
    """Such as "SYN_SENT"; "waiting" for a UNIX socket, whose connect has no states."""
    seconds: float
    retries: int | None = None


@dataclass(frozen=True, slots=True)
class SendSide:
    """The send buffer of a stream, in bytes; None where the system does not tell.

    *unacknowledged*: TIOCOUTQ, on TCP only (on UNIX it counts kernel memory, so pass None); *unsent*: SIOCOUTQNSD, of
    those what is not on the wire yet. *free*: room that is left; *size*: SO_SNDBUF as the kernel counts it.
    """

    unacknowledged: int | None = None
    unsent: int | None = None
    free: int | None = None
    size: int | None = None
