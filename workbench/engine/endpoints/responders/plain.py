"""Responders that are one function of the bytes."""

from __future__ import annotations

from workbench.engine.endpoints.responders.responder import pure

NONE = pure("none", "only receives", lambda data: None)
ECHO = pure("echo", "what it received", bytes)
UPPER = pure("upper", "what it received, in upper case", bytes.upper)
