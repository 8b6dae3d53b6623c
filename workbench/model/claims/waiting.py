"""How long a call waited, and what bounded it. Facts: socket(7), SO_RCVTIMEO; CPython's sock_call_impl."""

from __future__ import annotations

from workbench.model.call.call import Call
from workbench.model.claims.around import UNKNOWN, Around, has_flag
from workbench.model.claims.claim import Claim, Kind
from workbench.model.words.error_sentence import errno_name

_CONNECTS = ("connect", "connect_ex")


def waiting(call: Call, around: Around) -> Claim | None:
    """Return whether a call that failed for want of time had waited: TIMED_OUT, with the option that bounded it.

    Where Python's own timeout was up there is no option. DID_NOT_WAIT of a call that must not wait.
    """
    milliseconds = round((call.duration or 0.0) * 1000)
    if errno_name(call) == "EAGAIN":
        option = _bounds(call, around)
        if option is not None:
            return Claim(Kind.TIMED_OUT, milliseconds, seqs=(option.seq,))
        return Claim(Kind.DID_NOT_WAIT)
    if call.error is not None and call.error.type in ("TimeoutError", "timeout") and not errno_name(call):
        return Claim(Kind.TIMED_OUT, milliseconds)
    return None


def _bounds(call: Call, around: Around) -> Call | None:
    """Return the option of the kernel's that bounds how long a blocking call waits, where it is set."""
    name = "SO_SNDTIMEO" if call.sends or call.call in _CONNECTS else "SO_RCVTIMEO"
    option = around.did("setsockopt", name)
    value = option.args[2] if option is not None and len(option.args) > 2 else ""
    blocking = around.timeout in (None, UNKNOWN) and not has_flag(call, "MSG_DONTWAIT")
    return option if blocking and isinstance(value, str) and value.strip("\0") else None


def limit(call: Call, around: Around) -> float | None:
    """Return how long the call may wait in seconds: None without end, UNKNOWN where that is not known."""
    return around.waits(call)
