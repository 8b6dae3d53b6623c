"""The keys of the bench, and which of them the footer shows first."""

from __future__ import annotations

from textual.binding import Binding

MANY = 8
"""Clients that one key opens."""
EMPTY = (
    "No calls yet.",
    "",
    "F5  starts the server, connects a client to it",
    "    and sends what stands in the composer.",
    "^r  then receives the answer: recv(1024).",
    "",
    "F7  starts the server alone, F8 connects a client:",
    "    the other side may be any program.",
    "F1  explains the screen.",
)
"""What stands in the log until there is a call: how to come to one."""


def _key(key: str, action: str, text: str, help: str) -> Binding:
    return Binding(key, action, text, id=f"bench.{action}", tooltip=help, priority=True)


KEYS = (
    _key("f5", "quick_start", "Quick", "Start the server, connect a client, send what stands in the composer"),
    _key("ctrl+s", "send", "Send", "Send what stands in the composer"),
    _key("f6", "toggle_send", "send/all", "Change between send and sendall"),
    _key("ctrl+r", "recv", "recv", "Call recv(n) once at the chosen endpoint"),
    _key("escape", "cancel", "Cancel", "End the wait of the blocked call at the chosen endpoint"),
    _key("f7", "start_stop", "Start/stop", "Start the server, or stop it and close its connections"),
    _key("f8", "connect", "Connect", "Connect one more client"),
    _key("f9", "accept", "accept", "Call accept once"),
    _key("alt+a", "auto_accept", "auto accept", "Let the server accept by itself, or only when told"),
    _key("alt+r", "auto_recv", "auto recv", "Let the chosen endpoint receive by itself, or only when told"),
    _key("alt+o", "open_many", "8 clients", f"Open {MANY} clients at once, as to fill an accept queue"),
    _key("alt+s", "small_buffers", "small buffers", "Fill the forms so that sends come short: small buffers, 64 KiB"),
    _key("ctrl+t", "half_close", "half-close", "shutdown(SHUT_WR) at the chosen endpoint: its peer reads to the end"),
    _key("ctrl+l", "close_endpoint", "close", "Close the chosen endpoint"),
    _key("ctrl+b", "reset", "reset", "Close the chosen endpoint with a TCP reset"),
    _key("ctrl+o", "call", "Call…", "Make any call of the chosen endpoint, with arguments you type"),
    _key("alt+d", "drop_closed", "drop closed", "Drop closed clients and connections from the lists"),
    _key("alt+p", "plots", "plots", "Show the chosen endpoint's queues over time, or as they are now"),
    _key("f12", "experiments", "Experiments", "Predict what sockets do, and see: the bench stays as it is"),
    _key("alt+t", "trace", "Trace…", "Trace a program: run it, and see its sockets and every call"),
    _key("ctrl+n", "new_session", "New", "Close every socket and begin a new session"),
    _key("ctrl+g", "save", "Save", "Save a copy of the session in a file"),
    _key("f2", "view_server", "Server", "Go to the server"),
    _key("f3", "view_client", "Client", "Go to the client"),
    _key("f4", "view_log", "Log", "Go to the log"),
)

_ENDS = ("half_close", "close_endpoint", "reset", "call")
FIRST = {
    "log": ("help",),
    "server": (
        *("help", "quick_start", "start_stop", "accept", "auto_accept", "recv", "auto_recv", "send", "cancel"),
        *_ENDS,
        *("connect", "toggle_send", "drop_closed", "plots"),
    ),
    "client": (
        *("help", "quick_start", "connect", "send", "toggle_send", "recv", "auto_recv", "cancel"),
        *_ENDS,
        *("start_stop", "accept", "auto_accept", "drop_closed", "plots"),
    ),
}
"""Actions by the pane that has the focus, what one needs most in front."""
