"""The house: every room says what lives in it, the drawings are true, and what is public can be imported."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

import workbench
from workbench.engine import sockets
from workbench.engine.sockets.bench_socket import BenchSocket

HOUSE = Path(workbench.__file__).parent
ROOMS = sorted(".".join(path.parent.relative_to(HOUSE.parent).parts) for path in HOUSE.rglob("__init__.py"))
FLOORS = ["cli", "ui", "testing", "experiments", "report", "engine", "journal", "model", "probe"]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_lives_in_it_and_what_it_may_import(room):
    assert re.search(r"[Ii]mport", importlib.import_module(room).__doc__ or "")


def test_the_drawing_has_every_floor_from_the_top_down():
    assert re.findall(r"^    (\w+)  ", workbench.__doc__, re.MULTILINE) == FLOORS


def test_the_drawing_is_what_the_import_contract_checks():
    contracts = tomllib.loads((HOUSE.parent / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["name"] == "Imports run downward")
    assert [floor for layer in layers for floor in layer.split(" | ")] == ["__main__", *FLOORS]


def test_the_order_of_the_socket_classes_is_the_one_in_the_docstring():
    drawn = re.findall(r"^    ([A-Z]\w+Socket)\b", sockets.__doc__, re.MULTILINE)
    assert [each.__name__ for each in BenchSocket.__mro__[: len(drawn)]] == drawn
    assert BenchSocket.__mro__[len(drawn)].__name__ == "socket"


@pytest.mark.parametrize("name", workbench.__all__)
def test_what_is_public_can_be_imported(name):
    assert getattr(workbench, name)


def test_anything_else_is_no_attribute():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = workbench.nonsense
