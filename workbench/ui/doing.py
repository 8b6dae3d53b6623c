"""What a person wishes of an endpoint, done: each wish is one or two calls, made on the endpoint's own thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from workbench.engine.bench import Bench
from workbench.engine.endpoint import Endpoint
from workbench.ui import wishes

_TICK = 0.05  # seconds between two looks

_NO_CALLS = (wishes.EndpointChosen, wishes.AutoRecvChanged, wishes.BufsizeChanged)


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


def _accept(bench: Bench) -> str | None:
    listener = bench.server.listener if bench.server is not None else None
    if listener is None or listener.auto:
        return "The server accepts by itself: turn auto accept off to accept by hand."
    listener.accept()
    return None


def _at(endpoint: Endpoint, wish: wishes.Wish) -> str | None:
    if endpoint.closed and isinstance(wish, _NO_CALLS):
        return None
    if endpoint.closed:
        return f"{endpoint.name} is closed: there is no socket to call."
    match wish:
        case wishes.SendWanted(_, data, how, to):
            endpoint.send(data, how, to)
        case wishes.SendRestWanted():
            endpoint.send_rest()
        case wishes.RecvWanted(name, n):
            if endpoint.auto and "listen" in endpoint.state().done:
                return f"{name} listens: choose one of its connections to receive from a client."
            if endpoint.auto:
                return f"{name} receives by itself: turn auto off to receive by hand."
            if any(call.call.startswith("recv") for call in endpoint.state().pending):
                return f"{name} waits in recv already: escape ends its wait."
            endpoint.recv(n)
        case wishes.AutoRecvChanged(_, on):
            endpoint.set_auto(on)
        case wishes.BufsizeChanged(_, n):
            endpoint.set_bufsize(n)
        case wishes.HalfCloseWanted():
            endpoint.half_close()
        case wishes.CloseWanted():
            endpoint.close()
        case wishes.ResetWanted():
            endpoint.reset()
        case wishes.CancelWanted():
            endpoint.cancel()
    return None
