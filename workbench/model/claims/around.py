"""What stands around a call in its session, from which claims are made."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.model.call.call import Call
from workbench.model.claims.history import Process
from workbench.model.lineage.lineage import Part
from workbench.model.words.about import address_of

UNKNOWN = -1.0
_MAKERS = ("socket", "socketpair", "fromfd")
_SYN_SENT, _CLOSED = 2, 7  # as in net/tcp_states.h


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
    knows_fate: bool = False
    """Of a send: whether *takers* tells which of its bytes were received: see Lineage.knows_fate."""
    overtaken: bool = True
    """Of a datagram that was lost: whether a later one was received, or else the queue was found empty."""
    whole_life: bool = False
    """Whether all that made, named, set up, shut down or failed on the socket is among *before* and *after*."""
    peers: tuple[str, ...] = ()
    """The sockets at the other end of the connection; their lives are in *elsewhere*."""
    twins: tuple[str, ...] = ()
    """Other ids of the same socket: a dup, a fromfd; their lives are in *elsewhere*."""
    nearby: bool = True
    """Whether the sends and recvs near the call are among *before* and *after*, not its socket's life alone."""
    beside: tuple[Call, ...] = ()
    """Calls near it of the other end of its connection."""
    processes: tuple[Process, ...] = ()
    """The processes of the session."""

    def whole(self, part: Part) -> int | None:
        """Return how many bytes the call that *part* belongs to moved in all, None where it is not at hand."""
        return next((len(call.data) for call in self.kin if call.seq == part.seq), None)

    def waits(self, call: Call) -> float | None:
        """Return how long such a call may wait, as timeout does; MSG_DONTWAIT counts where the socket has no timeout.

        With a timeout CPython waits in poll before it makes the call with its flags (sock_call_impl).
        """
        timeout = self.timeout
        return 0.0 if timeout in (None, UNKNOWN) and has_flag(call, "MSG_DONTWAIT") else timeout

    @property
    def timeout(self) -> float | None:
        """The socket's timeout as its calls before tell: None for none, 0 for non-blocking, -1 if not known."""
        for call in reversed(self.before):
            match call.call, call.args:
                case "settimeout", [(int() | float() | None) as value, *_] if call.error is None:
                    return value
                case "setblocking", [flag, *_] if call.error is None:
                    return None if flag else 0.0
                case (("socket" | "fromfd" | "socketpair" | "bind" | "connect"), _) if call.timeout is not None:
                    return call.timeout  # of socket.setdefaulttimeout, or of SOCK_NONBLOCK
                case "accept", _ if call.timeout is not None and not self.did("listen"):
                    return call.timeout
        return None if self.all_before or self.all_setup else UNKNOWN

    def connected(self, call: Call) -> bool:
        """Whether the socket had a connection, by the kernel's state or by its calls; True where it is not known."""
        if call.tcp_state is not None:
            return call.tcp_state not in (_CLOSED, _SYN_SENT) or self.had_peer(call)
        return not (self.whole_life or self.all_before) or self.had_peer(call)

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
        if (
            self.peers
            or self.did("connect")
            or self._accepted({call.socket, *self.twins})
            or self.did("socketpair")
            or not self.did("socket")
        ):
            return True
        return any(each.data or (each.call == "connect_ex" and each.result == 0) for each in self.before)

    def made_by(self, call: Call) -> Call | None:
        """Return the accept that made the call's socket, if it is at hand."""
        return self._accepted({call.socket})

    def _accepted(self, ids: set[str]) -> Call | None:
        """Return the accept that made one of the sockets *ids*."""
        calls = (*self.before, *self.elsewhere)
        return next((each for each in calls if each.call == "accept" and ids.intersection(each.made)), None)

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


def has_flag(call: Call, flag: str) -> bool:
    """Whether a send or a recv was given that flag."""
    return any(isinstance(value, str) and flag in value.split(" | ") for value in call.args)
