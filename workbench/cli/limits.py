"""The limit on descriptors: a server with many clients meets it soon, and may raise it by itself."""

from __future__ import annotations

from contextlib import suppress


def raise_descriptor_limit() -> None:
    """Raise the soft limit on open files to the hard one (getrlimit(2)), where the system lets us."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):  # macOS names a hard limit that it does not grant
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
