"""What a person wishes of an endpoint, done: each wish is one or two calls, made on the endpoint's own thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from workbench.engine.endpoints.bench import Bench
from workbench.engine.endpoints.driven import READS
from workbench.engine.endpoints.endpoint import Endpoint
from workbench.engine.endpoints.responders.registry import responder
from workbench.engine.state import EndpointState
from workbench.ui.bench import wishes
from workbench.ui.parts.endpoint_list import listens

_TICK = 0.05  # seconds between two looks
_READING = READS | {"accept"}
_NO_CALLS = (wishes.EndpointChosen, wishes.AutoRecvChanged, wishes.BufsizeChanged, wishes.CancelWanted)
"""What one may also do with an endpoint that is closed: it makes no call."""


async def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for something that another task or thread brings about; tell whether it came."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_TICK)
    return True


def carry_out(bench: Bench, wish: wishes.Wish) -> str | None:
    """Do what *wish* asks for; return a sentence where there is something to say about it."""
    match wish:
        case wishes.StopWanted() if bench.server is not None:
            bench.server.stop()
        case wishes.ConnectWanted(settings):
            bench.open_client(settings)
        case wishes.AutoAcceptChanged(on) if bench.server is not None:
            bench.server.listener.set_auto(on)
        case wishes.ResponderChanged(name, reply) if bench.server is not None:
            bench.server.answer_with(responder(name, reply))
        case wishes.AcceptWanted() if bench.server is not None:
            return _accept(bench)
        case wishes.ForgetWanted(name):
            bench.forget(name)
        case wishes.AutoRecvChanged("server", on) if bench.server is not None and bench.server.listens:
            bench.server.settings = replace(bench.server.settings, auto_recv=on)
        case wishes.BufsizeChanged("server", n) if bench.server is not None and bench.server.listens:
            bench.server.settings = replace(bench.server.settings, bufsize=n)
        case _:
            endpoint = bench.find(getattr(wish, "name", ""))
            return None if endpoint is None else _at(endpoint, wish)
    return None


def call(endpoint: Endpoint, method: str, *args: object) -> str | None:
    """Make any call of the endpoint; return a sentence where it is not made, or not at once."""
    if endpoint.closed:
        return closed(endpoint.name)
    if method in _READING:
        return _reading(endpoint, method, lambda: endpoint.call(method, *args))
    said = None if method == "close" else _comes_after(endpoint)
    endpoint.call(method, *args)
    return said


def _accept(bench: Bench) -> str | None:
    server = bench.server
    if server is None or server.listener.closed:
        return closed("server")
    return _reading(server.listener, "accept", server.listener.accept)


def _at(endpoint: Endpoint, wish: wishes.Wish) -> str | None:
    if endpoint.closed:
        return None if isinstance(wish, _NO_CALLS) else closed(endpoint.name)
    match wish:
        case wishes.SendWanted(_, data, how, to):
            said = _comes_after(endpoint)
            endpoint.send(data, how, to)
            return said
        case wishes.SendRestWanted():
            endpoint.send_rest()
        case wishes.RecvWanted(_, n):
            return _reading(endpoint, "recv", lambda: endpoint.recv(n))
        case wishes.AutoRecvChanged(_, on):
            endpoint.set_auto(on)
        case wishes.BufsizeChanged(_, n):
            endpoint.set_bufsize(n)
        case wishes.HalfCloseWanted():
            said = _comes_after(endpoint)
            endpoint.half_close()
            return said
        case wishes.CloseWanted():
            endpoint.close()
        case wishes.ResetWanted():
            endpoint.reset()
        case wishes.CancelWanted():
            endpoint.cancel()
    return None


def _reading(endpoint: Endpoint, method: str, make: Callable[[], object]) -> str | None:
    """Make a call that reads, unless another one is at it: both would wait in line, unseen."""
    if why := cannot_read(endpoint.state(), method):
        return why
    make()
    return None


def cannot_read(state: EndpointState, method: str) -> str:
    """Say why an endpoint cannot be told to receive (or accept) now; empty if it can."""
    name = state.name
    if state.closed:
        return closed(name)
    if state.auto and listens(state):
        if method == "accept":
            return f"{name} accepts by itself: turn auto accept off to accept by hand."
        return f"{name} listens: choose one of its connections to receive from a client."
    if state.auto:
        return f"{name} receives by itself: turn auto off to receive by hand."
    if waiting := _blocked(state, reads=True):
        return f"{name} waits in {waiting} already: escape ends its wait."
    return ""


def _comes_after(endpoint: Endpoint) -> str | None:
    """Say what a call has to wait for that is made now."""
    waiting = _blocked(endpoint.state(), reads=False)
    return f"{endpoint.name} waits in {waiting}: this call comes after it. Escape ends its wait." if waiting else None


def _blocked(state: EndpointState, *, reads: bool) -> str | None:
    """Return the call that is under way among those that read, or among the others."""
    return next((one.call for one in state.pending if (one.call in _READING) is reads), None)


def closed(name: str) -> str:
    """Say why no call can be made."""
    return f"{name} is closed: there is no socket to call."
