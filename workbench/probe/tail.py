"""Values as the tail of a record holds them: JSON, whatever a program passed to a call."""

from __future__ import annotations

import os

from .shield import let_through

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
    except UnicodeEncodeError as error:
        let_through(error)  # else a surrogate stands for no byte
        data = text.encode("utf-8", "backslashreplace")
    return data.decode("utf-8", "backslashreplace")


def argument(value: Any) -> Any:
    """Return *value* as JSON can hold it: addresses as lists, bytes as names, objects of the program as their type."""
    if value is None or type(value) is int or isinstance(value, (str, bool, float)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (bytes, bytearray)):
        return os.fsdecode(bytes(value))
    if isinstance(value, (list, tuple)):
        return [argument(item) for item in value]
    return "<" + type(value).__name__ + ">"


def option(value: Any) -> Any:
    """Return an argument or the result of setsockopt and getsockopt, bytes as text of as many characters (latin-1)."""
    return value.decode("latin-1") if isinstance(value, (bytes, bytearray)) else argument(value)


def source_text(value: Any) -> str:
    """Return an argument as Python writes it, cut after 80 characters; objects of the program as their type."""
    kind = type(value)
    if kind in _WRITTEN:
        text = repr(value if kind not in _LONG else value[:_MOST_TEXT])
    elif kind is int:
        text = dumps(value)
    elif kind in (tuple, list) and len(value) <= _MOST_ITEMS:
        items = [source_text(item) for item in value]
        text = f"[{', '.join(items)}]" if kind is list else f"({', '.join(items)}{',' * (len(items) == 1)})"
    else:
        text = f"<{kind.__name__}>"
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"


_LONG = (str, bytes, bytearray)
_WRITTEN = (*_LONG, bool, float, type(None))
_MOST_TEXT, _MOST_ITEMS = 80, 8
