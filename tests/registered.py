"""What a room defines of a kind: held beside its registry, it shows what someone wrote and forgot to register."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def defined_in(room: ModuleType, kind: type[T]) -> list[T]:
    """Return all values of the type *kind* at the top level of the modules in the folder *room*, without doubles."""
    modules = [import_module(found.name) for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")]
    values = [value for module in modules for value in vars(module).values() if isinstance(value, kind)]
    return list({id(value): value for value in values}.values())
