"""Actions that have no key of their own: they stand in a menu and in the palette, and settings.toml may give them one.

Textual's keymap gives a key to a binding only: so each has one, to a key that no keyboard sends.
"""

from __future__ import annotations

from textual.binding import Binding

_NO_KEY = "no-key-"


def unbound(action: str, text: str, help: str, *, id: str) -> Binding:
    """Return the binding of an action without a key."""
    return Binding(f"{_NO_KEY}{id}", action, text, id=id, tooltip=help, show=False, priority=True)


def is_bound(binding: Binding) -> bool:
    """Whether a keyboard has its key."""
    return not binding.key.startswith(_NO_KEY)
