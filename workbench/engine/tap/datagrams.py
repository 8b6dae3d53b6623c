"""A tap for datagrams: each sender gets a socket of its own towards the target, so that answers find their way back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from workbench.engine.endpoints.dial import dial
from workbench.engine.endpoints.driven import Driven
from workbench.engine.sockets.bench_socket import BenchSocket
from workbench.engine.sockets.declared_socket import DeclaredSocket
from workbench.engine.sockets.waker import POLLIN
from workbench.engine.tap.channel import Datagrams
from workbench.engine.tap.loop import Loop

if TYPE_CHECKING:
    from workbench.engine.tap.tap import TapSettings

_LARGEST = 65536
_SENDERS = 1024
"""Senders that are remembered; the one that has been silent the longest makes room for the next."""


class Sender:
    """One of them: its socket towards the target, and what is on its way."""

    def __init__(self, target: Driven, up: Datagrams, down: Datagrams) -> None:
        self.target, self.up, self.down = target, up, down


class DatagramTap:
    """Forwards each datagram as it is. One whose send fails is lost, as on any way."""

    def __init__(
        self,
        loop: Loop,
        listener: Driven,
        kind: type[BenchSocket],
        settings: TapSettings,
        random: Callable[[int, str], Random],
    ) -> None:
        self._loop, self._listener, self._kind, self._settings, self._random = loop, listener, kind, settings, random
        self._senders: OrderedDict[Any, Sender] = OrderedDict()
        self._count = 0
        assert listener.socket is not None
        loop.watch(listener.socket.fileno(), POLLIN, lambda events: self._from_client())

    def close(self) -> None:
        """Close the sockets towards the target."""
        while self._senders:
            self._forget()

    def _from_client(self) -> None:
        outcome = self._listener.make("recvfrom", _LARGEST)
        if outcome.ok:
            data, address = outcome.result
            sender = self._senders.get(address) or self._new_sender(address)
            if sender is not None:
                self._senders.move_to_end(address)
                sender.up.feed(data, self._loop.clock())
                self._pump_up(sender)

    def _new_sender(self, address: Any) -> Sender | None:
        """Make a socket for one that was not heard of before; a datagram's connect does not wait."""
        self._count += 1
        target = Driven(f"target {self._count}", "client", self._count, clock=self._loop.clock)
        outcome = dial(target, self._kind, self._settings.target)
        if not outcome.ok or target.socket is None:
            if target.socket is not None:
                target.give_back()
            return None
        if len(self._senders) >= _SENDERS:
            self._forget()
        channels = (
            Datagrams(toxics, self._random(self._count, direction))
            for toxics, direction in ((self._settings.up, "up"), (self._settings.down, "down"))
        )
        sender = self._senders[address] = Sender(target, *channels)
        DeclaredSocket.setblocking(target.socket, False)
        self._loop.watch(target.socket.fileno(), POLLIN, lambda events: self._from_target(sender, address))
        return sender

    def _forget(self) -> None:
        _, oldest = self._senders.popitem(last=False)
        if oldest.target.socket is not None:
            self._loop.forget(oldest.target.socket.fileno())
            oldest.target.give_back()

    def _from_target(self, sender: Sender, address: Any) -> None:
        outcome = sender.target.make("recv", _LARGEST)
        if outcome.ok:
            sender.down.feed(outcome.result, self._loop.clock())
            self._pump_down(sender, address)

    def _pump_up(self, sender: Sender) -> None:
        if sender.target.closed:
            return
        for data in sender.up.take_due(self._loop.clock()):
            sender.target.make("send", data)
        self._again(sender.up, partial(self._pump_up, sender))

    def _pump_down(self, sender: Sender, address: Any) -> None:
        if self._listener.closed or not address:  # one without a name gets no answer
            return
        for data in sender.down.take_due(self._loop.clock()):
            self._listener.make("sendto", data, address)
        self._again(sender.down, partial(self._pump_down, sender, address))

    def _again(self, way: Datagrams, pump: Callable[[], None]) -> None:
        due = way.next_due()
        if due is not None:
            self._loop.call_at(due, pump)
