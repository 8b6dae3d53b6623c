"""Values as the tail of a record holds them: JSON, whatever a program passed to a call."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

try:
    from _json import encode_basestring_ascii as _quote
except ImportError:  # another interpreter than CPython
    from json.encoder import py_encode_basestring_ascii as _quote


_WORD = 1 << 63


def dumps(value: Any) -> str:
    """Return *value* as JSON; bytes become text as the file system decodes names, what JSON lacks becomes its repr.

    Written here because importing json would change what the program under trace finds imported.
    """
    kind = type(value)  # the common ones first: every address comes by here
    if kind is str:
        return _string(value)
    if kind is int and -_WORD < value < _WORD:
        return repr(value)
    if kind is list:
        return "[" + ", ".join([dumps(item) for item in value]) + "]"
    if kind is dict:
        return "{" + ", ".join([_string(str(key)) + ": " + dumps(item) for key, item in value.items()]) + "}"
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        # The interpreter may refuse to write a longer one in digits (sys.set_int_max_str_digits).
        return str(int(value)) if value.bit_length() <= 64 else _string(hex(value))
    if isinstance(value, float):
        return repr(float(value)) if value - value == 0 else _string(repr(float(value)))
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(dumps, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(_string(str(key)) + ": " + dumps(item) for key, item in value.items()) + "}"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _string(os.fsdecode(bytes(value)))
    return _string(value if isinstance(value, str) else repr(value))


def _string(text: str) -> str:
    quoted: str = _quote(text if text.isascii() else encodable(text))
    return quoted


def encodable(text: str) -> str:
    """Return *text* as UTF-8 can write it: a byte that could not be decoded (PEP 383) as Python writes it, "\\xff"."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        data = text.encode("utf-8", "backslashreplace")
    return data.decode("utf-8", "backslashreplace")
