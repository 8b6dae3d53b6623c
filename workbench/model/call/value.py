"""What a call took and returned: what JSON can hold, an address among it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

PlainAddress: TypeAlias = list[str | int] | str
"""[host, port], of IPv6 [host, port, flow, scope]; a UNIX path, "@name" for an abstract one, "" for unnamed."""

if TYPE_CHECKING:
    Value: TypeAlias = bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"] | None
else:  # msgspec can't decode into a type that names itself
    Value = Any


def as_address(value: Value) -> PlainAddress | None:
    """Return *value* if it is an address, else None."""
    match value:
        case str():
            return value
        case list():
            parts = [part for part in value if isinstance(part, str | int)]
            return parts if len(parts) == len(value) else None
        case _:
            return None
