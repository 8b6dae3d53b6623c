"""socket-workbench: a bench for real sockets, with every call and every byte in a journal.

The house, from the top floor down; imports run downward only, and lint-imports checks it:

    cli            parses a command line, then calls one function below
    ui             the screens; the only folder that imports Textual
    testing        the pytest plugin
    experiments    questions about sockets, each a plain Python script; and what runs them
    report         a session for others: text, JSON, HTML, pcapng, ladder, findings, Python scripts
    engine         real sockets and threads: sockets, endpoints, tracing, replay
    journal        the session file, read: index, search, order of cause, neighbours of a call
    model          pure: call, text, words, lineage, lens, claims, why, findings, ladder, session
    probe          goes into any process and writes the session file; standard library alone
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.engine.tracing.own_process import record
    from workbench.probe.recorder import Recorder
    from workbench.probe.traced_socket import TracedSocket

__version__ = "0.2.0"
__all__ = ["Recorder", "TracedSocket", "__version__", "record"]

_HOMES = {
    "Recorder": "workbench.probe.recorder",
    "TracedSocket": "workbench.probe.traced_socket",
    "record": "workbench.engine.tracing.own_process",
}


def __getattr__(name: str) -> Any:
    """Import what is public when it is asked for, so that `import workbench` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
