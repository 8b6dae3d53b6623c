"""The lenses that there are: one line each, in the order in which they are offered."""

from __future__ import annotations

from workbench.model.lens import delimited, fixed, header_json, http, json_texts, length_text, netstring, packed
from workbench.model.lens.format import Format

LENSES = {
    format.name: format
    for format in (
        delimited.LINES,
        delimited.NUL,
        packed.U8,
        packed.U16,
        packed.U16BE,
        packed.U16LE,
        packed.U32,
        packed.U32BE,
        packed.U32LE,
        length_text.LENGTH_TEXT,
        netstring.NETSTRING,
        json_texts.JSON,
        header_json.HEADER_JSON,
        header_json.HEADER_JSON_LE,
        http.HTTP,
    )
}
"""The formats by name; "fixed-N" stands for any N."""

LENS_NAMES = (*LENSES, fixed.NAME)


class UnknownLens(ValueError):
    """No lens goes by that name; the message says which ones there are."""


def find_format(name: str) -> Format:
    """Return the format of that name, such as "lines" or "fixed-16"; raises UnknownLens."""
    if found := LENSES.get(name) or fixed.fixed(name):
        return found
    raise UnknownLens(f"there is no lens {name!r}: there are {', '.join(LENS_NAMES)}")
