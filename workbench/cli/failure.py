"""How a command says that it could not do what was asked; apart, because --help and --version need no more."""

from __future__ import annotations


class Failure(Exception):
    """The command ran and the answer is no, or it can't run: one sentence, and the exit code."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code
