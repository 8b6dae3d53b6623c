"""How a client comes about: its socket, its options, and the connect."""

from __future__ import annotations

import errno
import os

from workbench.engine.endpoints.driven import Driven
from workbench.engine.endpoints.setup import NODELAY, set_options, try_each
from workbench.engine.sockets.bench_socket import BenchSocket
from workbench.engine.state import Outcome
from workbench.model.call.settings import ClientSettings


def dial(endpoint: Driven, kind: type[BenchSocket], settings: ClientSettings) -> Outcome:
    """Let *endpoint* be a client: make its socket, set it up and connect, to one address of a name after another."""
    return try_each(endpoint, settings, lambda one: _dial(endpoint, kind, one))


def _dial(endpoint: Driven, kind: type[BenchSocket], settings: ClientSettings) -> Outcome:
    outcome = endpoint.open(kind, settings.family, settings.type, settings.protocol)
    if not outcome.ok:
        return outcome
    if settings.nodelay:
        endpoint.make("setsockopt", *NODELAY)
    set_options(endpoint, settings)
    if settings.timeout is not None:
        endpoint.make("settimeout", settings.timeout)
    if settings.bind is not None:
        outcome = endpoint.make("bind", settings.bind.sockaddr())
    if outcome.ok and settings.connect != "none":
        outcome = _connect(endpoint, settings)
    return outcome


def _connect(endpoint: Driven, settings: ClientSettings) -> Outcome:
    outcome = endpoint.make(settings.connect, settings.sockaddr())
    if isinstance(outcome.error, BlockingIOError) and outcome.error.errno == errno.EINPROGRESS:
        return Outcome()  # under way, as asked for with timeout 0
    if outcome.ok and outcome.result not in (None, 0, errno.EINPROGRESS):  # connect_ex returns the errno
        error = OSError(outcome.result, os.strerror(outcome.result))
        return Outcome(None, error, settings.connect, (settings.sockaddr(),))
    return outcome
