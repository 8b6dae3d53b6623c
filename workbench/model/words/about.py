"""What a call was about, in words for a sentence: its address, host, port or path, an argument, how long it took.

What comes from outside is cut short here; the sentence goes through safe() as a whole.
"""

from __future__ import annotations

from workbench.model.call.address import show
from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress, as_address
from workbench.model.text.fit import counted, cut, duration_text


def address_of(call: Call) -> PlainAddress | None:
    """Return the address that the call was given, None if it takes or has none."""
    match call.call, call.args:
        case (("bind" | "connect" | "connect_ex"), [address, *_]) | ("sendto", [*_, address]):
            return as_address(address)
        case _:
            return None


def place(call: Call) -> str:
    """Name the call's address, or else its peer, for a sentence."""
    address = address_of(call)
    if address is None:
        address = call.peer
    return "the peer" if address is None else cut(show(address))


def host_of(call: Call) -> str:
    """Name the host of the call's address, or else its place."""
    match address_of(call):
        case [str() as host, *_]:
            return cut(host) or "the host"
        case _:
            return place(call)


def port_of(call: Call) -> int | None:
    """Return the port of the call's address, if it has one."""
    match address_of(call):
        case [_, int() as port, *_]:
            return port
        case _:
            return None


def path_of(call: Call) -> str | None:
    """Return the UNIX path ("@name": abstract) that the call was given, if it was."""
    address = address_of(call)
    return cut(address) if isinstance(address, str) else None


def argument(call: Call, index: int) -> str:
    """Return an argument for a sentence: a constant's name, a number."""
    return cut(str(call.args[index])) if index < len(call.args) else "this"


def within(call: Call) -> str:
    """Return how long the call took, such as "within 5 s"."""
    return "in time" if call.duration is None else f"within {duration_text(call.duration)}"


def not_kept(calls: int) -> str:
    """Say how many calls have no record."""
    return (
        f"{counted(calls, 'call')} {'was' if calls == 1 else 'were'} not kept (full disk, size limit, or interrupted)"
    )
