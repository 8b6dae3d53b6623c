"""What is expected of the peer: bytes, or a regular expression, somewhere in what was received."""

from __future__ import annotations

import re

from workbench.model.text.fit import quoted

_KEPT = 1 << 20
"""Bytes in which an expected text may lie: of more that was received, the last ones."""


class Expected:
    """TEXT, 0xHEX or /RE/; *came* once it stands in what was received."""

    def __init__(self, text: str) -> None:
        """Read it; raises ValueError with a sentence."""
        self._text = text
        if len(text) > 2 and text[0] == text[-1] == "/":
            try:
                self._pattern = re.compile(text[1:-1].encode("utf-8", "surrogateescape"), re.DOTALL | re.MULTILINE)
            except re.error as error:
                raise ValueError(f"{quoted(text)} is no regular expression: {error}") from None
        else:
            from workbench.model.session.query import parse_find

            self._pattern = re.compile(re.escape(parse_find(text)))
        self._kept = b""
        self.came = False

    def again(self) -> Expected:
        """Return the same, that has seen nothing yet."""
        return Expected(self._text)

    def feed(self, data: bytes) -> None:
        """Look at what was received now."""
        self._kept = (self._kept + data)[-_KEPT:]
        self.came = self.came or self._pattern.search(self._kept) is not None

    def __str__(self) -> str:
        return quoted(self._text)
