"""`tui_vanish.show`, as a notebook uses it: the HTML of the last value of a cell."""

from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import tui_vanish
from engine.storage.labels import Labels, write_labels
from tests.engine import made_up_watched as made_up
from tests.tui.report.test_report import HOSTILE, Page


def test_show_gives_the_figures_of_the_report_without_a_script() -> None:
    shown = tui_vanish.show("recorded:depth-7", "recorded:relu")
    html = shown._repr_html_()
    page = Page(html)
    assert repr(shown) == "Shown('recorded:depth-7', 'recorded:relu')"
    assert len(list(page.named("svg"))) == len(shown.figures) > 8
    assert "script" not in {tag for tag, _ in page.tags}
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert all(rule.startswith(".vanish-tui-report") for rule in style.split("}") if rule)


def test_show_is_the_latest_run_if_none_is_named(tmp_path: Path) -> None:
    made_up.write(tmp_path, made_up.course([1, 2, 3]))
    write_labels(tmp_path / made_up.RUN, Labels(HOSTILE, ()))
    html = tui_vanish.show(runs_dir=tmp_path)._repr_html_()
    tags = {tag for tag, _ in Page(html).tags}
    assert not tags & {"script", "img"}
    assert "\x1b" not in html


def test_a_run_that_is_not_there_is_a_value_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no run 'gone'"):
        tui_vanish.show("gone", runs_dir=tmp_path)


def test_a_jupyter_kernel_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    cells = ["import tui_vanish", "tui_vanish.show('recorded:relu')", "tui_vanish.show('gone')"]
    notebook = new_notebook()  # type: ignore[no-untyped-call]
    notebook.cells = [new_code_cell(cell) for cell in cells]  # type: ignore[no-untyped-call]
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=60, resources=resources, allow_errors=True).execute()
    _, shown, failed = (cell.outputs for cell in notebook.cells)
    (result,) = shown
    assert result.data["text/plain"] == "Shown('recorded:relu')"
    assert result.data["text/html"].count("<svg") > 8
    assert (failed[-1].ename, "there is no run 'gone'" in failed[-1].evalue) == ("ValueError", True)
