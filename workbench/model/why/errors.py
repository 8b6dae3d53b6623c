"""What stands behind an error, what to do, and where that is written: one entry for each errno or exception.

The first sentence of an explanation is explain's; these go on from there. Facts: the ERRORS sections of the man pages
named with each; CPython's Modules/socketmodule.c.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.text.fit import cut
from workbench.model.why import causes, refusals
from workbench.model.why.around import Reason, count, protocol_page, system_page
from workbench.model.words.error_sentence import errno_name, error_sentence, is_interrupt

More: TypeAlias = str | Callable[[Call, Around], str]


class Entry(NamedTuple):
    """The sentence after the first, what would happen next, the source.

    In a source, {call} stands for the man page of the system call, {socket} for that of the socket's kind.
    """

    more: More
    next: More
    source: More


def failed(call: Call, around: Around) -> Reason:
    """Explain a call that raised, or a connect_ex that returned an errno."""
    name, kind = errno_name(call), call.error.type if call.error else ""
    if is_interrupt(call):
        return _interrupted(call, around)
    entry = (ERRNOS.get(name) if name else TYPES.get(kind)) or _UNKNOWN
    first = _plain(causes.instead(call, around, name) or error_sentence(call), name)
    sentences = (first, *_went_out(call), _say(entry.more, call, around))
    source = _say(entry.source, call, around).format(call=system_page(call), socket=protocol_page(call, around))
    return Reason(tuple(filter(None, sentences)), _say(entry.next, call, around), source)


def _interrupted(call: Call, around: Around) -> Reason:
    kind = cut(call.error.type if call.error else "")
    by = " (Ctrl-C)" if kind == "KeyboardInterrupt" else ""
    sentences = [f"{kind}{by} ended the call from outside.", causes.interrupted(call, around)]
    if call.sends and call.requested:
        least = f": at least {len(call.data)}" if call.data else ""
        sentences.insert(1, f"How many of the {count(call.requested)} went out is not known{least}.")
    return Reason(tuple(sentences), causes.interrupted_next(call, around), "signal(7); CPython: sock_call_impl")


def _plain(sentence: str, name: str) -> str:
    """Turn "ECONNREFUSED: nobody listens on …" into a sentence of its own."""
    text = sentence.removeprefix(f"{name}: ") if name else sentence
    end = "" if text.endswith(("?", ".")) and not name else "."
    text = text.removesuffix(".") if name else text
    return f"{text[:1].upper()}{text[1:]}" + (f" ({name})." if name else end)


def _went_out(call: Call) -> tuple[str, ...]:
    """Say how much of a failed send went out, which Python can't tell."""
    if not call.sends or not call.requested or call.datagram or not (call.data or call.call == "sendall"):
        return ()
    some = f"{len(call.data)} of {count(call.requested)} went out before" if call.data else "None of it went out"
    return (f"{some}; the exception does not say so.",)


def _say(more: More, call: Call, around: Around) -> str:
    return more if isinstance(more, str) else more(call, around)


_ASK = "Nothing happened; the call can be made again with other arguments."
_GONE = "Close the socket: this TLS connection can't be used again."
_UNKNOWN = Entry("The system's own message says most of it.", _ASK, "errno(3)")

ERRNOS: Mapping[str, Entry] = {
    "EACCES": Entry(
        refusals.denied, "Use another address, or give the program the permission.", "{call}, ERRORS; ip(7)"
    ),
    "EADDRINUSE": Entry(refusals.in_use, refusals.in_use_next, refusals.in_use_source),
    "EADDRNOTAVAIL": Entry(refusals.not_available, refusals.not_available_next, "{call}, ERRORS; ip(7)"),
    "EAFNOSUPPORT": Entry(causes.no_family, _ASK, "socket(2); connect(2), ERRORS"),
    "EAGAIN": Entry(causes.again, causes.again_next, "{call}, ERRORS; {socket}"),
    "EALREADY": Entry(
        "A non-blocking connect goes on by itself after it raised EINPROGRESS.",
        "poll says when it is done (POLLOUT), SO_ERROR how it ended.",
        "connect(2), ERRORS",
    ),
    "EBADF": Entry(
        causes.no_descriptor,
        "Make a new socket: a closed one can't be opened again.",
        "close(2); CPython: sock_close",
    ),
    "ECONNABORTED": Entry("The client had gone before accept took it.", "Call accept again.", "accept(2), ERRORS"),
    "ECONNREFUSED": Entry(refusals.refused, refusals.refused_next, "{call}, ERRORS; {socket}"),
    "ECONNRESET": Entry(
        causes.reset,
        "The next recv returns b'', the next send raises EPIPE: the connection is gone, so close.",
        "{call}, ERRORS; {socket}",
    ),
    "EDESTADDRREQ": Entry("A datagram socket has no peer until connect notes one.", _ASK, "send(2), ERRORS"),
    "EHOSTUNREACH": Entry(
        "A router, or this machine, could not find the host on its network.", "Try again later.", "connect(2); ip(7)"
    ),
    "EINPROGRESS": Entry(
        "That is no failure: the SYN is out, and the kernel goes on by itself.",
        "poll says when it is done (POLLOUT), connect_ex or SO_ERROR how it ended.",
        "connect(2), ERRORS",
    ),
    "EINVAL": Entry(causes.invalid, _ASK, "{call}, ERRORS"),
    "EISCONN": Entry(refusals.is_connected, "Use it as it is, or make a new one.", "{call}, ERRORS"),
    "EMFILE": Entry("ulimit -n tells how many that are.", "Close some, or raise the limit.", "socket(2), ERRORS"),
    "EMSGSIZE": Entry(
        "A message is sent whole or not at all, so nothing of it went out.",
        "Cut the message into smaller ones, or use a stream.",
        "{call}, ERRORS; {socket}",
    ),
    "ENETUNREACH": Entry("No interface leads there.", "ip route shows where to this machine can send.", "ip(7)"),
    "ENFILE": Entry("All programs together have reached it.", "Close some.", "socket(2), ERRORS"),
    "ENOBUFS": Entry("It means the kernel's network memory.", "Try again, or send less.", "send(2), ERRORS"),
    "ENOENT": Entry(
        "A UNIX socket's address is a file name.",
        "Make the folder, or start the server that makes it.",
        "{call}; unix(7)",
    ),
    "ENOPROTOOPT": Entry(causes.no_option, _ASK, "setsockopt(2), ERRORS"),
    "ENOTCONN": Entry(refusals.not_connected, refusals.not_connected_next, "{call}, ERRORS"),
    "ENOTSOCK": Entry("The number may have been used anew for a file.", _ASK, "socket(7)"),
    "EOPNOTSUPP": Entry(causes.not_supported, _ASK, "{call}, ERRORS"),
    "EPERM": Entry(refusals.not_permitted, refusals.not_permitted_next, "{call}, ERRORS; {socket}"),
    "EPIPE": Entry(causes.piped, causes.piped_next, "send(2), ERRORS; {socket}"),
    "EPROTONOSUPPORT": Entry("Protocol 0 takes the usual one of the type.", _ASK, "socket(2), ERRORS; raw(7)"),
    "EPROTOTYPE": Entry("Both ends of a UNIX connection need the same type.", _ASK, "connect(2), ERRORS; unix(7)"),
    "ESOCKTNOSUPPORT": Entry(
        "On Linux, INET has STREAM, DGRAM and RAW, UNIX has STREAM, DGRAM and SEQPACKET.", _ASK, "socket(2), ERRORS"
    ),
    "ETIMEDOUT": Entry(causes.unanswered, causes.unanswered_next, "connect(2), ERRORS; tcp(7), tcp_syn_retries"),
}

TYPES: Mapping[str, Entry] = {
    "Cancelled": Entry(causes.cancelled, causes.cancelled_next, "socket-workbench, its help"),
    "OSError": Entry("CPython found it before it asked the system.", _ASK, "CPython: getsockaddrarg; unix(7)"),
    "OverflowError": Entry("CPython checks numbers before it asks the system.", _ASK, "CPython: getsockaddrarg"),
    "SSLEOFError": Entry(
        "The peer ended the connection without TLS's close_notify.", _GONE, "CPython: Lib/ssl.py; SSL_get_error(3)"
    ),
    "SSLError": Entry(
        "TLS could not go on: what came, or what the peer said, was not what it expected.",
        _GONE,
        "CPython: Lib/ssl.py; SSL_get_error(3)",
    ),
    "SSLWantReadError": Entry(
        "The socket does not wait, and TLS needs more ciphertext from the peer first.",
        "Try again when select or poll says that it is ready to read (POLLIN).",
        "CPython: Lib/ssl.py; SSL_get_error(3)",
    ),
    "SSLWantWriteError": Entry(
        "The socket does not wait, and TLS has to send ciphertext first, for which there is no room.",
        "Try again when select or poll says that there is room (POLLOUT).",
        "CPython: Lib/ssl.py; SSL_get_error(3)",
    ),
    "TimeoutError": Entry(causes.unanswered, causes.unanswered_next, "CPython: sock_call_impl; {socket}"),
    "TypeError": Entry("No system call was made.", _ASK, "CPython: Modules/socketmodule.c"),
    "UnicodeError": Entry("A name is encoded (IDNA) before it is looked up.", _ASK, "CPython: idna codec"),
    "ValueError": Entry("No system call was made.", _ASK, "CPython: Modules/socketmodule.c"),
    "gaierror": Entry(
        refusals.bad_name,
        refusals.bad_name_next,
        "getaddrinfo(3); CPython: setipaddr",
    ),
    "timeout": Entry(causes.unanswered, causes.unanswered_next, "CPython: sock_call_impl; {socket}"),
}
