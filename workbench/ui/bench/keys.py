"""The keys of the bench, its menus, and the words under which the palette finds them.

No key is one that a terminal keeps to itself: no alt+letter (macOS types a letter, readline and Textual move by words),
not ctrl+b (tmux's own), no F10 or F11 (menu and full screen).
"""

from __future__ import annotations

from textual.binding import Binding

from workbench.ui.parts.unbound import unbound
from workbench.ui.session.screen import LOG_KEYS

MANY = 8
"""Clients that one command opens."""


def _key(key: str, action: str, text: str, help: str) -> Binding:
    return Binding(key, action, text, id=f"bench.{action}", tooltip=help, priority=True)


def _other(action: str, text: str, help: str) -> Binding:
    return unbound(action, text, help, id=f"bench.{action}")


KEYS = (
    _key("f5", "quick_start", "quick start", "Start the server, connect a client, send what is in the composer"),
    _key("ctrl+s", "send", "send", "Send what is in the composer"),
    _key("f6", "toggle_send", "send/sendall", "Switch between send and sendall"),
    _key("ctrl+r", "recv", "recv", "Call recv(n) once at the chosen endpoint"),
    _key("escape", "cancel", "cancel", "End the wait of the blocked call at the chosen endpoint"),
    _key("f7", "start_stop", "start/stop", "Start the server, or stop it and close its connections"),
    _key("f8", "connect", "connect", "Connect one more client"),
    _key("f9", "accept", "accept", "Call accept once"),
    _key("ctrl+o", "endpoint_menu", "actions…", "What can be done with the chosen endpoint: close, reset, any call …"),
    _key("ctrl+t", "half_close", "half-close", "shutdown(SHUT_WR) at the chosen endpoint: its peer reads to the end"),
    _key("ctrl+l", "close_endpoint", "close", "Close the chosen endpoint"),
    _key("f12", "experiments", "experiments", "Predict what sockets do, then see: the bench stays as it is"),
    _key("ctrl+n", "new_session", "new session", "Close every socket and begin a new session"),
    _key("f2", "view_server", "server", "Go to the server; once more: its settings for the next start"),
    _key("f3", "view_client", "client", "Go to the client; once more: its settings for the next connect"),
    _key("f4", "view_log", "log", "Go to the log"),
    _other("auto_accept", "auto accept", "Let the server accept by itself, or only when you say so"),
    _other("auto_recv", "auto recv", "Let the chosen endpoint receive by itself, or only when you say so"),
    _other("reset", "reset", "Close the chosen endpoint with a TCP reset"),
    _other("call", "call…", "Make any call of the chosen endpoint, with arguments you type"),
    _other("drop_closed", "drop closed", "Drop closed clients and connections from the lists"),
    _other("open_many", f"{MANY} clients", f"Connect {MANY} clients at once, to fill an accept queue for example"),
    _other("small_buffers", "small buffers", "Fill the forms so that sends come short; once more: back as it was"),
    _other("plots", "queues over time", "Show the chosen endpoint's queues over time, or as they are now"),
    _other("server_settings", "server settings", "Fill in the form for the next start of the server"),
    _other("client_settings", "client settings", "Fill in the form for the next connect of a client"),
    _other("save_setup", "save set-up…", "Save how both forms are filled in under a name"),
    _other("setups", "set-ups…", "Fill in both forms as you saved them under a name"),
    _other("save_message", "save message…", "Save what is in the composer under a name"),
    _other("messages", "messages…", "Put a saved message into the composer"),
    _other("import_settings", "import settings…", "Take set-ups and messages from another settings.toml"),
    _other("trace", "trace…", "Trace a program: run it, and see its sockets and every call"),
)

WORDS = {
    "bench.quick_start": "F5, first steps",
    "bench.start_stop": "server, bind, listen",
    "bench.accept": "accept queue",
    "bench.connect": "client",
    "bench.cancel": "stop waiting, blocked",
    "bench.half_close": "shutdown, FIN",
    "bench.reset": "RST, SO_LINGER, abort",
    "bench.call": "setsockopt, getsockname, any method",
    "bench.open_many": "backlog, fill the accept queue",
    "bench.small_buffers": "short send, SO_SNDBUF, SO_RCVBUF",
    "bench.plots": "plot, graph",
    "bench.server_settings": "address, port, family, IPv6, UNIX, UDP, backlog, timeout, options",
    "bench.client_settings": "address, family, IPv6, UNIX, UDP, source, timeout, options",
    "bench.setups": "load, recall, configuration",
    "bench.messages": "load, recall, text, JSON",
    "bench.trace": "program, script, debug, strace",
    "bench.new_session": "clear the log, start over",
    "session.export": "html, text, jsonl, json, pcapng, Wireshark, Python scripts",
    "session.save": "keep, write file",
    "session.open": "load, recording, file",
    "session.recent": "history, earlier recordings",
}
"""What people call it, by the id of a binding."""

SERVER_MENU = (("accept", "a"), ("auto_accept", "u"), ("server_settings", "s"), ("close_endpoint", "c"), ("call", "o"))
CONNECTION_MENU = (
    *(("recv", "r"), ("auto_recv", "u"), ("half_close", "h"), ("close_endpoint", "c"), ("reset", "x"), ("call", "o")),
    *(("cancel", "e"), ("drop_closed", "d")),
)
CLIENT_MENU = (*CONNECTION_MENU, ("client_settings", "s"), ("open_many", "8"))
"""The menu ^o by the kind of endpoint: actions, and the letter that each is on."""
SESSION_MENU = (
    *(("new_session", "n"), ("setups", "u"), ("save_setup", "U"), ("messages", "m"), ("save_message", "M")),
    *(("import_settings", "i"), ("small_buffers", "b"), ("trace", "t")),
)
"""What the menu ^g has on the bench beside what it has everywhere."""

FIRST = {
    "log": (*LOG_KEYS, "session_menu"),
    "idle": ("quick_start", "start_stop", "connect", "toggle_send", "experiments", "session_menu"),
    "server": ("accept", "recv", "send", "cancel", "endpoint_menu", "start_stop", "connect"),
    "client": ("send", "recv", "toggle_send", "cancel", "endpoint_menu", "connect", "half_close"),
}
"""Actions by the pane that has the focus (idle: while nothing runs), what one needs most in front; eight at most."""
