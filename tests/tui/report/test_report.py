"""What a report says, of runs of every kind, and that nothing in a run's folder gets power over it."""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from engine.storage.labels import Labels, write_labels
from tests.engine import made_up_watched as made_up
from tests.tui.cli.test_many_runs import small
from tui_vanish.cli.main import main
from tui_vanish.report import build, drawing, write
from tui_vanish.report.figures import Chart, Heat, Line, Schedule
from tui_vanish.report.page import behind

__all__ = ["small"]  # a fixture

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x1b[2J\u202e</style></title>"
SIX = [f"recorded:{name}" for name in ("depth-7", "relu", "adam", "batchnorm", "depth-3", "init-std-1")]


class Page(HTMLParser):
    """The elements of a page, and the text of each section."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._raw = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self._raw = tag if tag in ("script", "style") else ""

    def handle_data(self, data: str) -> None:
        if not self._raw:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def named(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.tags if name == tag)


def reported(tmp_path: Path, *names: str) -> tuple[str, Page]:
    path = tmp_path / "report.html"
    assert main(["report", *names, "-o", str(path), "--force"]) == 0
    html = path.read_text(encoding="utf-8")
    return html, Page(html)


def data_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', html)
    assert found
    record = json.loads(found[1])
    assert isinstance(record, dict)
    return record


def test_a_report_of_six_runs_keeps_its_budgets_and_says_what_differs(tmp_path: Path) -> None:
    begin = perf_counter()
    html, page = reported(tmp_path, *SIX)
    assert perf_counter() - begin < 5
    assert len(html.encode()) < 2_500_000
    for words in ("What differs", "optimizer.name", "model.norm", "87.37 %", "How to make it again"):
        assert words in page.text, words
    assert "vanish-tui run batchnorm --seed 42" in page.text
    charts = data_of(html)["charts"]
    lines = [line for line in charts["curve-test-accuracy"]["lines"] if "published" not in line["label"]]
    assert [len(line["xs"]) for line in lines] == [100] * 6


def test_a_report_loads_nothing_and_runs_only_its_own_scripts(tmp_path: Path) -> None:
    html, page = reported(tmp_path, "recorded:depth-7")
    for tag, attributes in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form"), tag
        assert not {"src", "onclick", "onload", "onerror"} & attributes.keys()
        if "href" in attributes:
            assert str(attributes["href"]).startswith("#")
    assert "@import" not in html
    assert "url(" not in html
    (policy,) = (each["content"] for each in page.named("meta") if "http-equiv" in each)
    assert str(policy).startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
    assert "unsafe-inline" not in str(policy).partition("script-src")[2]


def test_every_verdict_of_a_run_is_there_with_the_steps_that_it_held(tmp_path: Path) -> None:
    _, page = reported(tmp_path, "recorded:relu")
    assert re.search(r"STUCK from \d+ to \d", page.text)
    assert re.search(r"LEARNING from [\d ]+ to the end", page.text)
    assert "of the units" in page.text


def test_names_from_a_folder_are_inert(tmp_path: Path) -> None:
    events = [
        made_up.started(made_up.description(HOSTILE, config={HOSTILE: HOSTILE})),
        *list(made_up.course([1, 2, 3]))[1:],
    ]
    made_up.write(tmp_path, events, watched=made_up.description(HOSTILE, config={HOSTILE: HOSTILE}))
    write_labels(tmp_path / made_up.RUN, Labels(HOSTILE, ()))
    html, page = reported(tmp_path, made_up.RUN, "--runs-dir", str(tmp_path))
    assert len(list(page.named("script"))) == 3
    assert not list(page.named("img"))
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "<script>alert(1)</script>" in page.text
    labels = {line["label"] for chart in data_of(html)["charts"].values() for line in chart["lines"]}
    assert all("<script>" in label for label in labels)
    figures = tmp_path / "figures"
    assert main(["report", made_up.RUN, "--runs-dir", str(tmp_path), "-o", str(tmp_path / "x.html"),
                 "--svg", str(figures)]) == 0  # fmt: skip
    for path in figures.iterdir():
        tags = {each.tag.rpartition("}")[2] for each in ElementTree.parse(path).iter()}
        assert tags <= {"svg", "title", "desc", "style", "rect", "text", "g", "path", "circle"}


def test_a_watched_run_is_reported_with_its_blocks_and_script(tmp_path: Path) -> None:
    made_up.write(tmp_path, made_up.course([1, 2, 3, 4]))
    html, page = reported(tmp_path, made_up.RUN, "--runs-dir", str(tmp_path))
    for words in ("/home/anna/gpt/train.py --layers 4", "h.3", "torch 2.8.0", "model.layers"):
        assert words in page.text, words
    assert data_of(html)["charts"]["curve-loss"]["lines"][0]["xs"] == [1, 2, 3, 4]


def test_a_sweep_is_reported_as_a_map_and_a_table(tmp_path: Path, small: list[str]) -> None:
    base = str(tmp_path / "slow.toml")
    grid = ["--grid", "optimizer.lr=0.01,0.1", "--grid", "model.hidden_layers=1,2", "--epochs", "1"]
    assert main(["sweep", base, *grid, "--name", "grid", "--jobs", "1", "--yes", *small]) == 0
    _, page = reported(tmp_path, "grid", "--runs-dir", str(tmp_path / "runs"), "--svg", str(tmp_path / "svg"))
    assert "Report of a sweep of 4 runs" in page.text
    assert "The runs of the sweep" in page.text
    for path in ("sweep-1.svg", "curve-test-accuracy.svg"):
        assert (tmp_path / "svg" / path).is_file()


def test_changes_by_hand_and_stages_are_in_the_timeline() -> None:
    rows = (("a", 100, ((1, "stage 1"), (50, "stage 2")), ((30, "by hand: lr 0.1"),)),)
    timeline = Schedule("stages", "Stages", "…", 100, rows)
    text = drawing.svg(timeline)
    assert text.count('class="bar"') == 2
    assert "by hand: lr 0.1" in text
    assert [row[1] for row in behind(timeline).rows] == ["1", "30", "50"]


def test_a_file_that_exists_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.html"
    path.write_text("mine")
    assert main(["report", "recorded:relu", "-o", str(path)]) == 2
    assert "--force" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_the_report_is_in_vietnamese(tmp_path: Path) -> None:
    html, page = reported(tmp_path, "recorded:depth-7", "--lang", "vi")
    assert '<html lang="vi"' in html
    assert "Từng layer" in page.text
    assert "What was trained" not in page.text


def test_png_files_are_pictures_with_text(tmp_path: Path) -> None:
    figures = tmp_path / "png"
    assert main(["report", "recorded:depth-7", "-o", str(tmp_path / "x.html"), "--png", str(figures)]) == 0
    data = (figures / "layers-delta_norm-first.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert int.from_bytes(data[16:20]) == 2 * drawing.WIDTH


def test_without_resvg_png_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    args = ["report", "recorded:relu", "-o", str(tmp_path / "x.html"), "--png", str(tmp_path / "png")]
    assert main(args) == 1
    assert "vanish-tui[png]" in capsys.readouterr().err


def test_strange_numbers_are_drawn() -> None:
    """A gradient of 0 has no place on a logarithmic axis, and a constant line has no height."""
    for ys in ((0.0, 0.0), (1.0, 1.0), (None, None), (1e-300, 1e300), (-1.0, 0.0)):
        for is_log in (False, True):
            chart = Chart("x", "x", "", "x", "y", (Line("a", (0.0, 1.0), ys, 0, has_dots=True),), is_log)
            text = drawing.svg(chart, alone=True)
            assert "nan" not in text
            assert "inf" not in text
    heat = Heat("x", "x", "", "x", "y", ("1", "2"), ("a",), ((None, 0.0),), is_log=True)
    assert "nan" not in drawing.svg(heat)


def test_a_name_for_the_file_is_safe() -> None:
    assert write.file_name(["recorded:depth-7"]) == "report-recorded-depth-7.html"
    assert write.file_name(["../../etc/x", "b"]) == "report--..-etc-x-and-1-more.html"
    assert build._file_name("loss/ü <x>") == "loss----x"
