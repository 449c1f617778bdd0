"""The examples run as they stand."""

import ast
import runpy
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda script: script.name)
def test_scripts_run(script, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", [str(script), str(tmp_path / "out")])
    runpy.run_path(str(script), run_name="__main__")
    assert "checked: True" in capsys.readouterr().out


def shown_by(cell, names):
    """Run a cell here and return what it shows last, as a notebook does."""
    body = ast.parse(cell.source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    return last and eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def test_the_first_notebook_shows_what_its_cells_make():
    """Without the seconds that a kernel takes to start."""
    cells = nbformat.read(EXAMPLES / "first_plan.ipynb", as_version=4).cells
    names = {}
    shown = [shown_by(cell, names) for cell in cells if cell.cell_type == "code"]
    assert {type(each).__name__ for each in shown} >= {"Instance", "Plan", "DataFrame", "Report", "Diff"}
    assert any(hasattr(each, "_repr_png_") for each in shown)
    for each in shown:
        for form in ("_repr_html_", "_repr_png_"):
            assert getattr(each, form, lambda: "shown")()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the kernel's own start-up warns; the notebook's cells run in another process
@pytest.mark.parametrize("notebook", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda notebook: notebook.name)
def test_notebooks_run(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parent))
    content = nbformat.read(notebook, as_version=4)
    NotebookClient(content, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in content.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("text/html" in output.get("data", {}) for output in shown)


def test_notebooks_are_committed_without_outputs():
    for notebook in EXAMPLES.glob("*.ipynb"):
        cells = nbformat.read(notebook, as_version=4).cells
        assert not any(cell.get("outputs") for cell in cells), f"{notebook.name}: clear its outputs"
