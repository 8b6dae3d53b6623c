"""Why a call came out as it did, in plain words with its own numbers, made from its record and its neighbours'.

The tables: why_received, why_sent, why_other (calls that move no bytes), why_options, why_errors.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.text.fit import duration_text
from workbench.model.text.safe import safe
from workbench.model.why.around import Reason, call_with_outcome
from workbench.model.why.causes import waited_for
from workbench.model.why.errors import failed
from workbench.model.why.python import python_lines
from workbench.model.why.received import received
from workbench.model.why.sent import sent
from workbench.model.why.setup import OTHER, fallback
from workbench.model.words.as_python import expression, outcome
from workbench.model.words.error_sentence import errno_name
from workbench.model.words.injected import injected_notes

_ALONE = Around()
SENTENCES = 3
"""An explanation has no more; they come in order of weight."""


@dataclass(frozen=True, slots=True)
class Why:
    """An explanation; every text went through safe()."""

    title: str
    sentences: tuple[str, ...]
    next: str
    """What would happen next, or what to do."""
    python: tuple[str, ...]
    """Lines of Python that make this call."""
    source: str
    """The man page or CPython function that it rests on."""


def why(call: Call, around: Around = _ALONE) -> Why:
    """Explain *call*. *around*: its neighbours, as far as they are known."""
    reason = _reason(call, around)
    next_ = reason.next
    if call.receives and call.error is None and not call.unfinished and (later := around.next_of(call)) is not None:
        next_ += f" Here {call_with_outcome(later)} came next."
    return Why(
        title=f"#{call.seq} {safe(call.name)} {expression(call, 60)} {outcome(call, 60)}",
        sentences=tuple(safe(sentence) for sentence in reason.sentences[:SENTENCES]),
        next=safe(next_),
        python=tuple(map(safe, python_lines(call, around))),
        source=safe(reason.source),
    )


def _reason(call: Call, around: Around) -> Reason:
    """Explain a call; what --inject did to it comes first."""
    injected = tuple(f"{note[0].upper()}{note[1:]}." for note in injected_notes(call))
    if call.injected and "error" in call.injected:
        return Reason(injected, "Nothing reached the system: the socket is as it was before.", "trace --inject")
    reason = _unchanged(call, around)
    return reason._replace(sentences=(*injected, *reason.sentences)) if injected else reason


def _unchanged(call: Call, around: Around) -> Reason:
    if call.unfinished:
        return _unfinished(call, around)
    if call.error is not None or errno_name(call):
        return failed(call, around)
    if call.receives:
        return received(call, around)
    if call.sends:
        return sent(call, around)
    explain = OTHER.get(call.call)
    return explain(call, around) if explain else fallback(call)


def _unfinished(call: Call, around: Around) -> Reason:
    waited = "" if call.duration is None else f" after {duration_text(call.duration)}"
    return Reason(
        (
            f"{call.call} had not returned when the recording ended{waited}: {waited_for(call, around)}.",
            "What came of it is not known.",
        ),
        "It would have waited on, at most as long as the socket's timeout, if it had one.",
        "CPython: sock_call_impl (Modules/socketmodule.c)",
    )
