"""One tapped connection: two sockets, and a channel in each direction."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from workbench.engine.endpoints.driven import NO_LINGER, Driven
from workbench.engine.sockets.bench_socket import BenchSocket
from workbench.engine.sockets.declared_socket import DeclaredSocket
from workbench.engine.sockets.waker import POLLERR, POLLHUP, POLLIN, POLLOUT
from workbench.engine.tap.channel import Channel
from workbench.engine.tap.loop import Loop

_END_OF_RECORD = int(getattr(socket, "MSG_EOR", 0))
"""On TCP, what is sent after this does not go into the same segment (Linux' tcp_sendmsg)."""
_MESSAGE = 1 << 18
"""Bytes of a SEQPACKET message that are received; no longer one can be sent (unix(7), SO_SNDBUF)."""


class Side:
    """One of the two sockets, and the channel whose bytes go out there."""

    def __init__(self, endpoint: Driven, out: Channel) -> None:
        assert endpoint.socket is not None
        self.endpoint, self.out = endpoint, out
        self.socket: BenchSocket = endpoint.socket
        self.fd = self.socket.fileno()
        self.keeps_messages = self.socket.type == socket.SOCK_SEQPACKET
        self.full = self.shut = self.hung_up = False
        DeclaredSocket.setblocking(self.socket, False)


class Stream:
    """Forwards between *client* and *target* until both have ended or one is reset; then it calls *closed*."""

    def __init__(
        self,
        loop: Loop,
        client: Driven,
        target: Driven,
        up: Channel,
        down: Channel,
        bufsize: int,
        closed: Callable[[], None],
    ) -> None:
        self._loop, self._bufsize, self._closed = loop, bufsize, closed
        self._client, self._target = Side(client, down), Side(target, up)
        self._sides = (self._client, self._target)
        self._timed: set[int] = set()
        self._open = True
        for toxics in (up.toxics, down.toxics):
            if toxics.slice:
                for side in self._sides:
                    _at_once(side)
            if toxics.reset_at is not None:
                loop.call_at(loop.clock() + toxics.reset_at, self.reset)
        for side in self._sides:
            self._watch(side)

    @property
    def client(self) -> Driven:
        """The socket towards the client."""
        return self._client.endpoint

    def close(self) -> None:
        """Close both sockets, as when the tap ends."""
        self._end()

    def reset(self) -> None:
        """Close both with RST."""
        if self._open:
            for side in self._sides:
                side.endpoint.make("setsockopt", *NO_LINGER)
            self._end()

    # --- events -----------------------------------------------------------------------------------------------------

    def _other(self, side: Side) -> Side:
        return self._target if side is self._client else self._client

    def _watch(self, side: Side) -> None:
        """Wait for what can be used: bytes where the way they go has room, room where bytes wait for it."""
        if not self._open:
            return
        events = (POLLIN if self._other(side).out.has_room else 0) | (POLLOUT if side.full else 0)
        if side.hung_up and not events:
            self._loop.forget(side.fd)  # nothing of it is of use now, and poll would tell the same again and again
        else:
            self._loop.watch(side.fd, events, partial(self._ready, side))

    def _ready(self, side: Side, events: int) -> None:
        side.hung_up = side.hung_up or bool(events & (POLLERR | POLLHUP))
        try:
            if events & POLLOUT:
                side.full = False
                self._pump(side)
            if events & (POLLIN | POLLERR | POLLHUP) and self._open and not self._other(side).out.ended:
                self._receive(side)
        except OSError:
            self.reset()
            return
        for one in self._sides:
            self._watch(one)

    def _receive(self, side: Side) -> None:
        """Receive once; the end goes the same way as the bytes, behind them."""
        out = self._other(side).out
        if not (out.has_room or side.hung_up):
            return
        data = self._received(side)
        if data is None:
            return
        if data or (side.keeps_messages and not side.socket.may_be_at_end()):
            out.feed(data, self._loop.clock())
        else:
            out.ended = True
        self._pump(self._other(side))
        if getattr(side.socket, "holds_plain", False):  # decrypted already: poll tells of ciphertext alone
            self._loop.call_soon(partial(self._ready, side, POLLIN))

    def _received(self, side: Side) -> bytes | None:
        if side.keeps_messages:
            with suppress(BlockingIOError):
                return side.socket.recv(_MESSAGE)
            return None
        found: list[bytes] = []
        side.socket.drain(self._bufsize, lambda data: found.append(data))
        return found[0] if found else None

    # --- forwarding -------------------------------------------------------------------------------------------------

    def _pump(self, side: Side) -> None:
        """Send what is due at one side, and then the end, once all before it has gone."""
        out = side.out
        flags = _END_OF_RECORD if out.toxics.slice and not side.keeps_messages else 0
        while not side.full and (piece := out.head(self._loop.clock())) is not None:
            sent = side.socket.send_now(piece, flags)
            if sent is None:
                side.full = True
            else:
                out.sent(sent)
                side.full = sent < len(piece)
        if out.resets:
            self.reset()
        elif out.cut:
            self._end()
        elif out.empty and out.ended and not out.stalled and not side.shut:
            side.shut = True
            side.endpoint.make("shutdown", socket.SHUT_WR)
            if self._other(side).shut:
                self._end()
        elif not side.full:
            self._wait_for(side)

    def _wait_for(self, side: Side) -> None:
        """Come back when the next piece is due."""
        due = side.out.next_due()
        if due is not None and side.fd not in self._timed:
            self._timed.add(side.fd)
            self._loop.call_at(due, partial(self._due, side))

    def _due(self, side: Side) -> None:
        self._timed.discard(side.fd)
        if self._open:
            try:
                self._pump(side)
            except OSError:
                self.reset()
            for one in self._sides:
                self._watch(one)

    def _end(self) -> None:
        if self._open:
            self._open = False
            for side in self._sides:
                self._loop.forget(side.fd)
                side.endpoint.give_back()
            self._closed()


def _at_once(side: Side) -> None:
    """Let each piece go out by itself: Nagle would hold small ones back."""
    if side.socket.family != getattr(socket, "AF_UNIX", None):
        side.endpoint.make("setsockopt", socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
