"""Rules on datagrams and messages: what was cut, what was lost, what was never answered."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from ipaddress import ip_address

from workbench.model.call.address import show
from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress
from workbench.model.findings.finding import Finding
from workbench.model.findings.rule import Rule
from workbench.model.findings.scene import Scene, place
from workbench.model.findings.sock import At, Moved, Sock
from workbench.model.text.fit import counted, cut, duration_text
from workbench.model.words.about import address_of


class TruncatedDatagram(Rule):
    """A datagram that was larger than the buffer."""

    id = "truncated-datagram"
    severity = "error"
    on = ("recv",)
    title = "a datagram was larger than recv's buffer, and its rest is gone"
    remedy = "Receive with a buffer for the largest datagram there can be: recvfrom(65535) for UDP."
    experiment = "udp-truncated"
    hides = ("maybe-truncated", "short-recv", "byte-order")
    text = """A recv takes one whole datagram out of the queue; what does not fit into its buffer is thrown away
without an error (recv(2), udp(7)). recvmsg tells by MSG_TRUNC in the flags that it returns. Peeks, and calls that ask
for the real size with MSG_TRUNC, are not reported."""

    def take(self, call: Call, sock: Sock) -> None:
        """Compare what was taken with what there was."""
        if not call.datagram or _asks_size(call):
            return
        size, source = call.size, None
        if size is None and len(call.data) == call.requested:
            parts = self.scene.lineage.sources(call) or []
            if len(parts) == 1 and 0 < parts[0].seq <= len(self.scene.lengths):
                source, size = parts[0].seq, self.scene.lengths[parts[0].seq - 1]
        if size is None and call.truncated:
            message = f"{call.call}({call.requested}) took {_bytes(call)}, and the rest of the datagram was thrown away"
            self.report(message, call, sock=sock)
        elif size is not None and size > len(call.data):
            sent = "" if source is None else f" of #{source}"
            message = (
                f"{call.call}({call.requested}) took {len(call.data)} of the {counted(size, 'byte')}{sent}: "
                f"the other {size - len(call.data)} were thrown away"
            )
            self.report(message, call, *([At(source)] if source else []), sock=sock)


class MaybeTruncated(Rule):
    """A datagram that filled the buffer."""

    id = "maybe-truncated"
    severity = "note"
    on = ("recv",)
    title = "a datagram filled recv's buffer, so a part of it may be gone"
    remedy = "Receive with a larger buffer, or with recvmsg, which tells by MSG_TRUNC."
    experiment = "udp-truncated"
    text = """A datagram that is as long as the buffer may have been longer: the rest would have been thrown away
without a word (recv(2)). Where the sender is in the session its size is known, and this rule is quiet."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look for a full buffer of which nothing else is known."""
        if not call.datagram or call.truncated is not None or not call.data or _asks_size(call):
            return
        if len(call.data) == call.requested and not self.scene.lineage.sources(call):
            self.report(f"the datagram filled the buffer of {counted(call.requested, 'byte')}", call, sock=sock)


class LostDatagrams(Rule):
    """Datagrams that a full queue did not take."""

    id = "lost-datagrams"
    severity = "warning"
    on = ("send",)
    title = "datagrams were dropped, as the receiver's queue was full"
    remedy = "Let the receiver read faster or have a larger SO_RCVBUF, or let it acknowledge what it got."
    experiment = "udp-lost"
    text = """UDP has no flow control: a datagram that finds the receiver's queue full is dropped, and neither side is
told (udp(7), socket(7): SO_RCVBUF). Only datagrams of which it is certain are counted: the kernel's drop counter or
the order of those that arrived tells."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._sent: dict[tuple[str, str], tuple[Sock, str, array[int]]] = {}

    def take(self, call: Call, sock: Sock) -> None:
        """Note a datagram of which it may turn out that it was lost: 4 bytes each."""
        if call.datagram:
            to = address_of(call) or call.peer or sock.peer_address
            key = sock.id, _shown(to)
            if key not in self._sent:
                self._sent[key] = sock, call.source, array("I")
            self._sent[key][2].append(call.seq)

    def end(self) -> Iterator[Finding]:
        """Count the lost ones by their destination."""
        for (_, to), (sock, source, seqs) in self._sent.items():
            gone = self.scene.lineage.lost_among(seqs)
            if gone:
                were = "was" if len(gone) == 1 else "were"
                message = (
                    f"{len(gone)} of {counted(len(seqs), 'datagram')} to {cut(to)} {were} dropped: "
                    "the receiver's queue was full"
                )
                yield self.finding(message, *(At(seq, source) for seq in gone[:3]), sock=sock)


class NoAnswer(Rule):
    """A datagram socket that waits for an answer to what nobody got."""

    id = "no-answer"
    severity = "warning"
    on = ()
    title = "an answer is awaited to a datagram that nobody received"
    remedy = "Check the port and the address, and send again after a timeout: UDP promises no delivery."
    experiment = "udp-refused"
    hides = ("no-timeout",)
    text = """sendto succeeds whether or not anybody receives at the address (udp(7)), so a program with a wrong port
waits for its answer as if the server were slow. Reported where the socket has never received anything, and its last
datagram went to an address of this machine and was never taken. Broadcasts and multicasts are not reported."""

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report a wait behind a send that was never taken."""
        last, sent = sock.last, sock.last_sent
        if sock.stream or sock.received or last is None or sent is None or not last.in_vain or sock.last_received:
            return
        to = sock.to or sock.peer_address
        if not _is_here(to) or self.scene.lineage.taken(sent.seq) or last.call.startswith("send"):
            return
        bound = self._bound(to, sent.start)
        who = f"{bound.label} never took it" if bound else "no socket of this session is bound there"
        message = f"waited for an answer {_how_long(last)}, but nobody took #{sent.seq} to {cut(_shown(to))}: {who}"
        yield self.finding(message, last, sent, sock=sock, others=(bound,))

    def _bound(self, to: PlainAddress | None, moment: float) -> Sock | None:
        """Return the socket that had that address then."""
        known = (each for each in self.scene if not each.stream and each.gone > moment)
        return next((each for each in known if place(each.local) == place(to)), None)


def _asks_size(call: Call) -> bool:
    return any("MSG_TRUNC" in each for each in call.args if isinstance(each, str))


def _bytes(call: Call) -> str:
    return counted(len(call.data), "byte")


def _shown(address: PlainAddress | None) -> str:
    return show(address) if isinstance(address, list) else str(address)


def _is_here(address: PlainAddress | None) -> bool:
    match address:
        case [str() as host, int(), *_]:
            try:
                return host == "localhost" or ip_address(host.partition("%")[0]).is_loopback
            except ValueError:
                return False
        case str():
            return bool(address)
    return False


def _how_long(wait: Moved) -> str:
    return "until the program ended" if wait.failure == "unfinished" else f"for {duration_text(wait.seconds)}"
