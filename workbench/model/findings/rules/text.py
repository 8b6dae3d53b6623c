"""Rules on where recvs cut a stream of text, and where they join it."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import NamedTuple

from workbench.model.call.call import Call
from workbench.model.findings.finding import Finding
from workbench.model.findings.rule import Rule
from workbench.model.findings.sock import Moved, Sock, brief
from workbench.model.text.fit import counted

_MOST_TEXT = 1 << 16


class _Text(NamedTuple):
    """A stream that was text so far: how its decoder stands, and the first recv that ended inside a character."""

    decoder: codecs.IncrementalDecoder
    cut: Moved | None
    last_is_cut: bool


class CutCharacter(Rule):
    """A recv that ends inside a character."""

    id = "cut-character"
    severity = "error"
    on = ("recv",)
    title = "a recv ended inside a UTF-8 character"
    remedy = "Decode whole messages, or use codecs.getincrementaldecoder('utf-8'), or makefile('r', encoding='utf-8')."
    experiment = "split-character"
    text = """A character beyond ASCII has two to four bytes in UTF-8, and recv cuts the stream anywhere: decoding
each piece by itself raises UnicodeDecodeError now and then. A note, as the program may join the pieces first; an
error where it was the last recv of the socket although more had been sent. Only streams that are text as a whole are
looked at, and no recvs of libraries that decode piece by piece."""

    def take(self, call: Call, sock: Sock) -> None:
        """Follow the text, until it is none."""
        known = sock.facts.get(self.id)
        if known is False or not sock.stream or call.datagram or call.call != "recv":
            return
        if call.data.isascii() and (known is None or not known.last_is_cut):
            return
        decoder = codecs.getincrementaldecoder("utf-8")() if known is None else known.decoder
        try:
            decoder.decode(call.data)
        except UnicodeDecodeError:
            sock.facts[self.id] = False
            return
        is_cut = bool(decoder.getstate()[0])
        cut = known.cut if known is not None else None
        sock.facts[self.id] = _Text(decoder, brief(call) if is_cut and cut is None else cut, is_cut)

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report a cut, the graver one if the program went no further."""
        known = sock.facts.get(self.id)
        if not isinstance(known, _Text) or known.cut is None or known.cut.source.startswith(("asyncio/", "http/")):
            return
        last, peer = sock.last_received, self.scene.peer(sock)
        left = 0 if peer is None else peer.sent - sock.received
        if known.last_is_cut and last is not None and left > 0 and sock.last is last:
            message = (
                f"{last.call} ended inside a character, and it was the last: {counted(left, 'byte')} never received"
            )
            yield self.finding(message, last, sock=sock, others=(peer,))
        elif not known.last_is_cut:
            message = f"{known.cut.call}({known.cut.asked}) ended inside a character of UTF-8 text"
            yield self.finding(message, known.cut, sock=sock, others=(peer,), severity="note")


class GluedMessages(Rule):
    """Several messages in one recv."""

    id = "glued-messages"
    severity = "error"
    on = ("recv",)
    title = "one recv brought several JSON texts that had been sent one by one"
    remedy = "Mark where a message ends (a line end, a length) and split what comes; a stream keeps no borders."
    experiment = "json-extra-data"
    text = """Two sends may arrive in one recv: TCP carries a stream of bytes, not messages. json.loads of both raises
JSONDecodeError "Extra data". Reported for sends that each are a whole JSON text without a line end; a note, as the
program may know how to split them, and an error where nothing was received afterwards although more had been sent or
the loop had received single ones before."""

    def take(self, call: Call, sock: Sock) -> None:
        """Cut a recv where its sends were cut."""
        data = call.data
        if not sock.stream or call.datagram or data[:1] not in (b"{", b"[") or len(data) > _MOST_TEXT:
            return
        parts = self.scene.lineage.sources(call) or []
        lengths = self.scene.lengths
        whole = all(part.start == 0 and part.stop == lengths[part.seq - 1] for part in parts)
        if len(parts) < 2 or not whole:
            return
        at, texts = 0, []
        for part in parts:
            texts.append(data[at : at + part.size])
            at += part.size
        if all(_is_json(text) for text in texts):
            alone = sock.last_received is not None and sock.last_received.source == call.source
            sock.facts[self.id] = brief(call), [part.seq for part in parts], alone

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report them."""
        known = sock.facts.get(self.id)
        if known is None:
            return
        recv, seqs, looped = known
        peer = self.scene.peer(sock)
        last = sock.last_received is not None and sock.last_received.seq == recv.seq and sock.last is sock.last_received
        more = peer is not None and peer.sent > sock.received
        sends = [send for send in peer.sends if send.seq in seqs] if peer is not None else []
        listed = " and ".join([", ".join(f"#{seq}" for seq in seqs[:-1][:6]), f"#{seqs[-1]}"])
        message = f"{recv.call} brought {len(seqs)} JSON texts as one, which {listed} had sent one by one"
        grave = last and (looped or more) and sock.closed is None
        message += ", and nothing was received afterwards" if grave else ""
        yield self.finding(message, recv, *sends[:2], sock=sock, others=(peer,), severity=None if grave else "note")


def _is_json(text: bytes) -> bool:
    if text[:1] not in (b"{", b"[") or text[-1:] not in (b"}", b"]"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
