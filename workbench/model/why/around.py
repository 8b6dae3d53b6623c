"""What an explanation is made from: a call's neighbours in the session, and what a table says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from workbench.model.call.call import Call
from workbench.model.lineage.lineage import Part
from workbench.model.text.fit import duration_text
from workbench.model.words.about import address_of
from workbench.model.words.as_python import expression, outcome

UNKNOWN = -1.0
_MAKERS = ("socket", "socketpair", "fromfd")


class Reason(NamedTuple):
    """Sentences on a call, most important first; what would happen next; the man page or function it rests on."""

    sentences: tuple[str, ...]
    next: str
    source: str


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a call in its session; all of it may be missing, and nothing is claimed then."""

    before: tuple[Call, ...] = ()
    """Earlier calls of the same socket, oldest first."""
    all_before: bool = False
    """Whether those are all, from the one that made the socket."""
    after: tuple[Call, ...] = ()
    """Later calls of the same socket, oldest first."""
    kin: tuple[Call, ...] = ()
    """The sends that a recv's bytes came from, or the recvs that took a send's."""
    elsewhere: tuple[Call, ...] = ()
    """Calls near it of other sockets that make, name or close one."""
    sources: tuple[Part, ...] | None = ()
    """Of a recv: see Lineage.sources."""
    takers: tuple[Part, ...] | None = None
    """Of a send: see Lineage.takers; None where the receiver is not in the session."""
    lost: bool = False
    """Of a datagram sent: see Lineage.lost."""
    all_setup: bool = False
    """Whether all that made the socket and set it up are in *before*; some that moved bytes or failed may lack."""
    knows_sender: bool = False
    """Of a recv: whether its sender is in the session."""

    def whole(self, part: Part) -> int | None:
        """Return how many bytes the call that *part* belongs to moved in all, None where it is not at hand."""
        return next((len(call.data) for call in self.kin if call.seq == part.seq), None)

    def waits(self, call: Call) -> float | None:
        """Return how long such a call may wait, as timeout does; MSG_DONTWAIT counts where the socket has no timeout.

        With a timeout CPython waits in poll before it makes the call with its flags (sock_call_impl).
        """
        timeout = self.timeout
        return 0.0 if timeout in (None, UNKNOWN) and "MSG_DONTWAIT" in str(call.args) else timeout

    @property
    def timeout(self) -> float | None:
        """The socket's timeout as its calls before tell: None for none, 0 for non-blocking, -1 if not known."""
        for call in reversed(self.before):
            match call.call, call.args:
                case "settimeout", [(int() | float() | None) as value, *_] if call.error is None:
                    return value
                case "setblocking", [flag, *_] if call.error is None:
                    return None if flag else 0.0
        return None if self.all_before or self.all_setup else UNKNOWN

    def kind(self, call: Call) -> tuple[str, str]:
        """Return family and type of the call's socket, by name; "" for what its session does not tell."""
        for each in (call, *self.before, *self.elsewhere):
            args = each.args[each.call == "fromfd" :]
            if each.call in _MAKERS and len(args) >= 2 and call.socket in (each.socket, *each.made):
                return str(args[0]), str(args[1]).partition(" ")[0]
        made = self.made_by(call)
        if made is None:
            return "AF_UNIX" if isinstance(address_of(call), str) else "", "" if call.datagram else "SOCK_STREAM"
        return (
            "AF_UNIX" if isinstance(made.local, str) else "",
            "SOCK_SEQPACKET" if call.datagram else "SOCK_STREAM",
        )

    def had_peer(self, call: Call) -> bool:
        """Whether the socket was connected as far as its calls tell."""
        if self.did("connect") or self.made_by(call) or self.did("socketpair") or not self.did("socket"):
            return True
        return any(each.data or (each.call == "connect_ex" and each.result == 0) for each in self.before)

    def twin(self, call: Call) -> Call | None:
        """Return the dup by which another descriptor of the call's socket is still open, if there is one."""
        calls = [each for each in (*self.before, *self.elsewhere) if each.seq < call.seq]
        dups = [each for each in calls if each.call == "dup" and call.socket in (each.socket, *each.made)]
        closed = {each.socket for each in calls if each.call == "close" and each.error is None} | {call.socket}
        return next((each for each in dups if not {each.socket, *each.made} <= closed), None)

    def made_by(self, call: Call) -> Call | None:
        """Return the accept that made the call's socket, if it is at hand."""
        return next((each for each in self.elsewhere if each.call == "accept" and call.socket in each.made), None)

    def other_process(self, call: Call) -> int | None:
        """Return a process that has the call's socket too, by a fork, and has not closed it before the call."""
        others = {each.pid for each in (*self.before, *self.after)} - {call.pid}
        closed = {each.pid for each in self.before if each.call == "close" and each.error is None}
        return min(others - closed, default=None)

    def did(self, name: str, *args: str) -> Call | None:
        """Return the last call before of that name that succeeded and has *args* among its arguments."""
        for call in reversed(self.before):
            if call.call == name and call.error is None and all(arg in map(str, call.args) for arg in args):
                return call
        return None

    def failed(self, errno: str) -> Call | None:
        """Return the last call before that raised *errno*."""
        return next((call for call in reversed(self.before) if call.error and call.error.errno == errno), None)

    def next_of(self, like: Call) -> Call | None:
        """Return the next call of the same kind on the socket: a recv for a recv, a send for a send."""
        for call in self.after:
            same = (call.sends, call.receives) == (like.sends, like.receives) != (False, False)
            if (same or call.call == like.call) and not call.unfinished:
                return call
        return None


def ends_stream(call: Call) -> bool:
    """Whether a recv returned b'' for the end of the stream, or of a SEQPACKET connection."""
    returned = call.receives and call.error is None and not call.unfinished
    return returned and not call.data and not call.result and call.requested != 0


def protocol_page(call: Call, around: Around) -> str:
    """Return the man page of the socket's kind."""
    if around.kind(call)[0] == "AF_UNIX":
        return "unix(7)"
    return "udp(7)" if call.datagram else "tcp(7)"


def system_page(call: Call) -> str:
    """Return the man page of the system call behind a method."""
    name = next((name for name in ("send", "recv", "connect") if call.call.startswith(name)), call.call)
    return f"{name}(2)"


def count(number: int, what: str = "byte") -> str:
    """Write a number with its noun: "1 byte", "7 bytes"."""
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def seqs(parts: Sequence[Part], most: int = 4) -> str:
    """Name calls: "#12 and #13", "#12, #13, #14, #15 and 3 more"."""
    names = [f"#{part.seq}" for part in parts]
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def told(call: Call) -> str:
    """Name a call and what came of it: "#17 recv(4) = b'hell'"."""
    return f"#{call.seq} {expression(call, 40)} {outcome(call, 40)}"


def waits_how(timeout: float | None, ready: str) -> str:
    """Say what a call does until *ready*: by the socket's timeout."""
    if timeout is None or timeout == UNKNOWN:
        return f"waits until {ready}"
    if timeout == 0:
        return f"raises BlockingIOError until {ready}, as it does not wait"
    return f"waits at most {duration_text(timeout)} until {ready}"
