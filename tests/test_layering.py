"""The import graph: a room of the package imports only what is below it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "classicvision"

# From top to bottom; the rooms of one row do not import each other.
ROWS = [
    ["__main__"],
    ["cli"],
    ["compat"],
    ["detection", "retrieval"],
    ["regions"],
    ["features", "color", "hough", "learning", "neural", "evaluation"],
    ["edges"],
    ["filters"],
    ["drawing"],
    ["results"],
    ["_npz"],
    ["boxes", "images"],
    ["_parallel"],
    ["_checks", "_jit", "_opencv"],
]
LEVEL = {room: level for level, row in enumerate(ROWS) for room in row}
FILES = sorted(PACKAGE.rglob("*.py"))
ONLY_IMPORTERS = {"numba": "_jit", "joblib": "_parallel", "cv2": "_opencv"}


def room_of(module):
    return module.split(".")[1] if "." in module else None


def module_of(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def imported_modules(path):
    """Absolute names of all modules that a file imports, wherever in it, however."""
    package = module_of(path).split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            if module == "classicvision":
                yield from (f"classicvision.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_point_down(path):
    own = room_of(module_of(path))
    for module in imported_modules(path):
        if not module.startswith("classicvision."):
            continue
        other = room_of(module)
        if own in (None, "__init__") or other == own or other not in LEVEL:
            continue
        assert LEVEL[own] < LEVEL[other], f"{own} must not import {module}"


def test_every_room_has_a_row():
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}
    assert rooms - {"__init__"} <= set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_one_module_imports_each_heavy_library(path):
    for module in imported_modules(path):
        importer = ONLY_IMPORTERS.get(module.split(".")[0])
        assert importer in (None, room_of(module_of(path)))


def test_the_walk_sees_relative_imports(tmp_path):
    folder = tmp_path / "classicvision" / "filters"
    folder.mkdir(parents=True)
    (folder / "x.py").write_text("from ..detection import cascade\nfrom . import y\n")
    global PACKAGE
    original, PACKAGE = PACKAGE, tmp_path / "classicvision"
    try:
        found = list(imported_modules(folder / "x.py"))
    finally:
        PACKAGE = original
    assert found == ["classicvision.detection", "classicvision.filters"]
