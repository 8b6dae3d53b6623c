"""The address field of a form: an address with or without a scheme, and what it tells about family and type."""

from __future__ import annotations

from workbench.model.call.address import Address, AddressError

DEFAULTS = {"AF_INET": "127.0.0.1:6789", "AF_INET6": "[::1]:6789", "AF_UNIX": "@socket-workbench"}


def guess(text: str) -> tuple[str | None, str | None]:
    """Return the family and type that the text tells; None for what it leaves open (a name, no scheme, half typed)."""
    text = text.strip()
    whole = "://" in text
    if text.startswith(("/", "@", ".")):
        return "AF_UNIX", None
    try:
        address = Address.parse(text if whole else f"tcp://{text}")
    except AddressError:
        return None, None
    family, kind = address.kind
    return family, kind if whole else None


def read(text: str, family: str, type: str) -> Address:
    """Read the field; without a scheme, the family tells whether it is a path. Raises AddressError."""
    text = text.strip()
    if "://" in text:
        return Address.parse(text)
    if family == "AF_UNIX":
        return Address("unix", path=text)
    return Address.parse(f"{'udp' if type == 'SOCK_DGRAM' else 'tcp'}://{text}")


def without_scheme(text: str) -> str:
    """Return the text as one types it where family and type are chosen elsewhere."""
    return text.strip().partition("://")[2] or text.strip()


def fits(text: str, family: str) -> bool:
    """Tell whether the text can be an address of the family (a name can be of either internet family)."""
    try:
        address = read(text, family, "")
    except AddressError:
        return False
    guessed = guess(text)[0]
    return address.is_unix == (family == "AF_UNIX") and guessed in (None, family)
