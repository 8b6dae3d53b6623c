"""What the person wants of the sockets: messages that the panes post and the app carries out.

The names of endpoints are those of their `EndpointState`: "server", "conn 1", "client 1".
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from workbench.model.call.settings import ClientSettings, ServerSettings


class Wish(Message):
    """Any of the below: `@on(Wish)` takes them all."""


@dataclass
class StartWanted(Wish):
    """Start the server."""

    settings: ServerSettings


@dataclass
class StopWanted(Wish):
    """Stop the server and close its connections."""


@dataclass
class AcceptWanted(Wish):
    """Call accept once."""


@dataclass
class AutoAcceptChanged(Wish):
    """Let the server accept by itself, or only when told."""

    on: bool


@dataclass
class ResponderChanged(Wish):
    """Let the running server answer with this responder; *reply* is its argument."""

    responder: str
    reply: str


@dataclass
class ConnectWanted(Wish):
    """Open one more client."""

    settings: ClientSettings


@dataclass
class EndpointChosen(Wish):
    """The person (or the pane, where there was no choice) now looks at this endpoint."""

    name: str


@dataclass
class SendWanted(Wish):
    """Send data with "send", "sendall" or "sendto"; *to* is what Python's sendto takes, None for the others."""

    name: str
    data: bytes
    how: str
    to: tuple[str, int] | str | None = None


@dataclass
class SendRestWanted(Wish):
    """Send what the last short send did not take."""

    name: str


@dataclass
class RecvWanted(Wish):
    """Receive once, at most *n* bytes."""

    name: str
    n: int


@dataclass
class AutoRecvChanged(Wish):
    """Let the endpoint receive by itself, or only when told; for a listener: the connections to come."""

    name: str
    on: bool


@dataclass
class BufsizeChanged(Wish):
    """The next recv of the endpoint asks for *n* bytes; for a listener: those of the connections to come."""

    name: str
    n: int


@dataclass
class HalfCloseWanted(Wish):
    """Call shutdown(SHUT_WR)."""

    name: str


@dataclass
class CloseWanted(Wish):
    """Call close."""

    name: str


@dataclass
class ResetWanted(Wish):
    """Close so that TCP sends RST."""

    name: str


@dataclass
class CancelWanted(Wish):
    """End the blocked call."""

    name: str


@dataclass
class MenuWanted(Wish):
    """Open the menu of what can be done with the chosen endpoint."""


@dataclass
class ForgetWanted(Wish):
    """Drop a closed endpoint from the list."""

    name: str
