"""socket-workbench: a bench for real sockets, with every call and every byte in a journal."""

from __future__ import annotations

from workbench.probe.record import Recorder
from workbench.probe.sockets import TracedSocket

__version__ = "0.1.0"
__all__ = ["Recorder", "TracedSocket", "__version__"]
