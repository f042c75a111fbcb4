"""The notebooks run from top to bottom, quietly, on the public API alone."""

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
ALLOWED = {
    "classicvision",
    "matplotlib",
    "numpy",
    "os",
    "skimage.data",
    "skimage.metrics",
    "skimage.transform",
    "sklearn.svm",
    "tempfile",
}


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def modules(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def allowed(module):
    return any(module == name or module.startswith(f"{name}.") for name in ALLOWED)


def private(name):
    return any(part.startswith("_") for part in name.split("."))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_valid_and_without_outputs(path):
    nbformat.validate(read(path))
    for cell in code_cells(path):
        assert cell.outputs == []
        assert cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_imports_and_uses_public_names_only(path):
    for cell in code_cells(path):
        tree = ast.parse(cell.source)
        for module in modules(tree):
            assert allowed(module)
            assert not private(module)
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.Attribute) and private(node.attr)), ast.unparse(node)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_without_a_word_on_standard_error(path, tmp_path):
    import matplotlib.font_manager  # noqa: F401  makes its cache here, which it may tell of

    notebook = read(path)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()  # raises at an error
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output.text
            assert output.output_type != "error"
