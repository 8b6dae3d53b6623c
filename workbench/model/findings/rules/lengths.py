"""Rules on messages that begin with their length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from workbench.model.call.call import Call
from workbench.model.findings.exchange import EXCHANGE
from workbench.model.findings.finding import Finding
from workbench.model.findings.rule import Rule
from workbench.model.findings.sock import At, Moved, Sock, brief
from workbench.model.text.fit import counted

Order: TypeAlias = Literal["big", "little"]
_ORDERS: tuple[Order, Order] = ("big", "little")
_HEADS = (1, 2, 4, 8)
_LONGEST_HEAD = 64
_MOST_TEXT = 1 << 20
_MARKS = (b"\r", b"\n", b",", b"\0")
"""Where one stands behind so many bytes as a length tells, it counted bytes: it ends a chunk, a line, a netstring."""


class _Body(NamedTuple):
    """A recv for a body whose length the recv before it had brought, and what came."""

    head: Moved
    recv: Moved


class ShortRecv(Rule):
    """A recv that is taken for "receive exactly"."""

    id = "short-recv"
    severity = "error"
    on = ("recv", "recv end", "recv failed", "send", "close")
    title = "recv(n) was taken to return n bytes, and what came later was read as the next length"
    remedy = "Receive in a loop until all n bytes are there; recv(n) returns what has arrived, up to n."
    experiment = "recv-size"
    hides = ("both-wait", "no-timeout", "cut-message", "closed-unread", "byte-order", "waits-after-answer")
    text = """recv(n) returns as soon as anything is there, at most n bytes (recv(2)). A program that reads a length,
calls recv(length) once and takes the result for the whole message loses its place in the stream. Reported where a
recv asked for exactly the number that the recv before it had brought, got less, and the next one did not ask for the
rest. Loops that do are not reported."""

    def take(self, call: Call, sock: Sock) -> None:
        """Follow the pairs of a head and a body."""
        if not sock.stream or call.datagram:
            return
        body: _Body | None = sock.facts.pop(self.id, None)
        if not call.receives:
            if body is not None:  # it goes on without the rest
                sock.facts[self.id] = body
            return
        rest = body.recv.asked - body.recv.size if body is not None else 0
        if body is not None and call.requested == body.head.asked != rest:
            got = f"#{body.recv.seq} asked for the {body.recv.asked} bytes that #{body.head.seq} had told and got "
            message = f"{got}{body.recv.size}: #{call.seq} then read the rest as the next length"
            self.report(message, body.recv, body.head, call, sock=sock, others=(self.scene.peer(sock),))
            return
        asked = call.requested or 0
        short = call.error is None and 0 < len(call.data) < asked
        if short and (head := _head_of(asked, sock)) is not None:
            sock.facts[self.id] = _Body(head, brief(call))

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report a body that came short, behind which nothing was received though there was more."""
        body: _Body | None = sock.facts.get(self.id)
        peer = self.scene.peer(sock)
        if body is None or peer is None or sock.last_received is None or sock.last_received.seq != body.recv.seq:
            return
        if sock.last is not None and sock.last.seq > body.recv.seq and sock.last.call.startswith("recv"):
            return
        waiting = peer.sent - sock.received
        if waiting > 0:
            message = (
                f"#{body.recv.seq} asked for the {body.recv.asked} bytes that #{body.head.seq} had told and got "
                f"{body.recv.size}, which was taken for all: {counted(waiting, 'byte')} {_was(waiting)} never received"
            )
            yield self.finding(message, body.recv, body.head, sock=sock, others=(peer,))


class ByteOrder(Rule):
    """A length that is written in one byte order and read in the other."""

    id = "byte-order"
    severity = "error"
    on = ("recv", "recv failed", "recv end")
    title = "a length was sent in one byte order and read in the other"
    remedy = (
        "Use one byte order on both sides, by custom the network's: struct.pack('>I', n) and struct.unpack('>I', …)."
    )
    experiment = "length-first"
    hides = ("both-wait", "no-timeout", "short-recv", "cut-message", "closed-unread", "waits-after-answer")
    text = """struct.pack("I", n) and int.to_bytes write the bytes of a number in the order they are told, or that of
the machine; a receiver that reads them in the other order takes 5 for 83,886,080 and waits for that many bytes.
Reported where the bytes before a message give its exact length in one order, and the receiver asked for what they
give in the other."""

    def take(self, call: Call, sock: Sock) -> None:
        """Note the first recv that asks for what the bytes before it give in the order that makes it larger."""
        head = sock.recvs[-1] if sock.recvs else None
        asked = call.requested
        if not sock.stream or head is None or asked is None or head.size not in _HEADS[1:] or self.id in sock.facts:
            return
        big, little = (int.from_bytes(head.head, order) for order in _ORDERS)
        if asked == max(big, little) != min(big, little):
            sock.facts[self.id] = head, sock.received - head.size, brief(call)

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report it, or a receiver that took the whole body in pieces and waits for more."""
        if not sock.stream:
            return
        if (noted := sock.facts.get(self.id)) is not None:
            head, at, asked = noted
            yield from self._judge(head, at, asked, sock)
        elif sock.last is not None and sock.last.in_vain and 2 <= len(sock.recvs) < (sock.recvs.maxlen or 0):
            head, second = sock.recvs[0], sock.recvs[1]
            body, asked = sock.received - head.size, sock.last
            wrong = max(int.from_bytes(head.head, order) for order in _ORDERS)
            more = asked.asked != head.asked and asked.asked in (wrong - body, second.asked)
            whole = body == min(int.from_bytes(head.head, order) for order in _ORDERS)
            if head.size in _HEADS[1:] and more and whole:
                yield from self._judge(head, 0, asked, sock)

    def _judge(self, head: Moved, at: int, asked: Moved, sock: Sock) -> Iterator[Finding]:
        """Report a head at offset *at* that its sender wrote in the other order."""
        big, little = (int.from_bytes(head.head, order) for order in _ORDERS)
        right, wrong = sorted((big, little))
        send = self._follows(at, head.size, right, sock)
        if send:
            written, read = _ORDERS if right == big else _ORDERS[::-1]
            message = (
                f"#{head.seq} brought the length {right} ({written} endian, as #{send} has it), and #{asked.seq} "
                f"asked for more: read as {read} endian it is {wrong}"
            )
            yield self.finding(message, head, asked, At(send), sock=sock, others=(self.scene.peer(sock),))

    def _follows(self, at: int, width: int, length: int, sock: Sock) -> int:
        """Return the send that holds a head at offset *at* before exactly *length* bytes; 0 where that is not so."""
        lineage, lengths = self.scene.lineage, self.scene.lengths
        parts = lineage.queued(sock.id, at, at + width) or []
        if len(parts) != 1 or not length:
            return 0
        rest = lengths[parts[0].seq - 1] - parts[0].stop
        if rest == 0:
            behind = lineage.queued(sock.id, at + width, at + width + 1)
            rest = lengths[behind[0].seq - 1] if behind else 0
        return parts[0].seq if rest == length else 0


class LengthInCharacters(Rule):
    """A length that counts characters before text that has more bytes."""

    id = "length-in-characters"
    severity = "error"
    on = ("send",)
    title = "a length counts the characters of a text that has more bytes"
    remedy = "Encode first, and send len(data) of the bytes: data = text.encode(); length = len(data)."
    experiment = "length-in-characters"
    hides = (
        "both-wait",
        "no-timeout",
        "short-recv",
        "cut-message",
        "cut-character",
        "waits-after-answer",
        "byte-order",
    )
    text = """len(text) counts characters, and what goes over a socket are bytes: in UTF-8 every character beyond
ASCII takes two to four. A receiver that takes the length for bytes gets a part, and reads the rest as the next
message. Reported where a number stands before text of exactly that many characters and more bytes."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look for a number before text that is not ASCII."""
        data = call.data
        if call.datagram or data.isascii() or len(data) > _MOST_TEXT:
            return
        for number, where, text in _numbered(data, sock.last_sent):
            characters = _characters(text)
            if characters is not None and number == characters < len(text) and text[number : number + 1] not in _MARKS:
                message = (
                    f"{where or f'#{call.seq}'} gives the length {number} for a text of {characters} characters "
                    f"that has {len(text)} bytes"
                )
                proof = (call,) if not where or sock.last_sent is None else (call, sock.last_sent)
                self.report(message, *proof, sock=sock, others=(self.scene.peer(sock),))
                return


class CutMessage(Rule):
    """A stream that ends inside a message."""

    id = "cut-message"
    severity = "error"
    on = ("recv", "recv end", "recv failed")
    title = "the stream ended inside a message"
    remedy = "Let the sender send everything (sendall) before it closes, and the receiver treat b'' as an error here."
    experiment = "transfer-end"
    hides = ("not-closed",)
    text = """A receiver that knows how many bytes a message has, and gets b'' before, has only a part of it: the
sender closed too early, crashed, or promised more than it sent. Reported where recvs asked for exactly the rest of a
length that had come before, and for HTTP messages with a Content-Length or in chunks."""

    def take(self, call: Call, sock: Sock) -> None:
        """Follow the loops that receive a known number of bytes."""
        if not sock.stream or call.datagram or call.peek:
            return
        known: tuple[Moved, int, int] | None = sock.facts.pop(self.id, None)
        asked = call.requested or 0
        if call.error is None and call.data:
            if known is not None and asked == known[1] - known[2]:
                if asked > len(call.data):
                    sock.facts[self.id] = known[0], known[1], known[2] + len(call.data)
            elif len(call.data) < asked and (head := _head_of(asked, sock)) is not None:
                sock.facts[self.id] = head, asked, len(call.data)
        elif not call.data and call.error is None and (http := sock.facts.get(EXCHANGE)) is not None:
            if (cut := http.cut()) is not None:
                have, whole = cut
                message = f"the connection ended after {have} of the {whole} bytes that the answer announced"
                last = list(sock.recvs)[-1:]
                self.report(message, call, *last, sock=sock, others=(self.scene.peer(sock),))
        elif not call.data and known is not None and asked == known[1] - known[2] and call.error is None:
            message = f"the stream ended after {known[2]} of the {known[1]} bytes that #{known[0].seq} had told"
            self.report(message, call, known[0], sock=sock, others=(self.scene.peer(sock),))


def _head_of(asked: int, sock: Sock) -> Moved | None:
    """Return the last recv of a socket if it was a head, taken whole, that tells *asked* as the length."""
    head = sock.recvs[-1] if sock.recvs else None
    if head is not None and head.size == head.asked <= _LONGEST_HEAD and _tells(head.head, asked):
        return head
    return None


def _tells(head: bytes, number: int) -> bool:
    """Whether *head* is, or holds, *number*: in bytes of either order, or in digits."""
    if number < 2:
        return False
    if len(head) in _HEADS and any(int.from_bytes(head, order) == number for order in _ORDERS):
        return True
    if (digits := _digits(head)) is not None:
        return digits == number
    if number < 16:
        return False
    widths = (width for width in (2, 4, 8) if width < len(head) and number < 1 << 8 * width)
    return any(number.to_bytes(width, order) in head for width in widths for order in _ORDERS)


_DIGITS = re.compile(rb"\s*(?:[A-Za-z-]+[:= ])?\s*0*([0-9]{1,12})\s*[:;,|]?\s*\0*")
_FIRST = re.compile(rb"([0-9]{1,18})[\r\n:;,| ]{0,64}")
_CONTENT_LENGTH = re.compile(rb"\r?\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r?\n", re.IGNORECASE)


def _digits(head: bytes) -> int | None:
    found = _DIGITS.fullmatch(head)
    return int(found[1]) if found else None


def _characters(text: bytes) -> int | None:
    try:
        return len(text.decode())
    except UnicodeDecodeError:
        return None


def _numbered(data: bytes, before: Moved | None) -> Iterator[tuple[int, str, bytes]]:
    """Yield the numbers that may be a text's length, where each stands ("": in the same send), and the text."""
    if before is not None and before.size <= _LONGEST_HEAD:
        where = f"#{before.seq}"
        if before.size in _HEADS:
            yield from ((int.from_bytes(before.head, order), where, data) for order in _ORDERS)
        if (digits := _digits(before.head)) is not None:
            yield digits, where, data
    for width in _HEADS[1:]:
        yield from ((int.from_bytes(data[:width], order), "", data[width:]) for order in _ORDERS)
    if found := _FIRST.match(data):
        yield int(found[1]), "", data[found.end() :]
        yield int(found[1]), "", data[found.end(1) :]
        yield int(found[1]), "", data[found.end() :].rstrip(b"\r\n,")
    if found := _CONTENT_LENGTH.search(data[:8192]):
        blank = re.compile(rb"\r?\n\r?\n").search(data, found.start())
        if blank:
            body = data[blank.end() :]
            yield int(found[1]), "", body
    if before is not None and (found := _CONTENT_LENGTH.search(before.head)):
        yield int(found[1]), f"#{before.seq}", data


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
