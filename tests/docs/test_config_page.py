"""docs/config.md: the page of the rows."""

import shlex

from backbones.config.keys import Compared, Key
from backbones.config.schema import KEYS as CLASSIFIERS
from resdet import config
from resdet.config.schema import KEYS as DETECTORS
from tools.docs import config_page


def test_the_page_is_that_of_the_rows():
    assert config_page.main(["--check"]) == 0, "run make docs"


def test_the_ten_that_matter_are_read_as_they_are_written():
    rows = [line for line in config_page.page().split("\n## ")[1].splitlines() if "`" in line]
    pairs = [row.split("`")[1] for row in rows if row.startswith("| ")]
    assert len(pairs) == len(config_page.FIRST) == 10
    cfg = config.load("own_r18", shlex.split(" ".join(pairs)))
    assert tuple(cfg.INPUT.MIN_SIZE_TRAIN) == (640,)
    assert any(
        row.startswith("| `SOLVER.MAX_ITER 3000` | `--iters 3000`, `--epochs 20` |") for row in rows
    )


def test_every_key_has_a_line():
    _, _, detection, classification = config_page.page().split("\n## ")
    for part, keys in ((detection, DETECTORS), (classification, CLASSIFIERS)):
        assert part.count("\n| `") == len(keys)
        assert all(f"\n| `{key.name}` " in part for key in keys)


def test_a_line_tells_what_the_row_knows():
    key = Key(
        "A.B",
        [1.0, 2.0],
        "a range",
        allowed=([1.0, 2.0],),
        engines={"d2": ([1.0, 2.0], [2.0, 3.0])},
        bounds="> 0",
        length=2,
        compared=Compared(1),
    )
    line = config_page.row(key, config_page.engines(key), config_page.checkpoint(key))
    assert line == (
        "| `A.B` | list of float | `[1.0, 2.0]` | a range | `[1.0, 2.0]`; 2 numbers; > 0 "
        "| all; d2 also `[2.0, 3.0]` | agree; detectron2's: takes |"
    )


def test_a_page_that_differs_is_told_and_mended(tmp_path, monkeypatch):
    page = tmp_path / "config.md"
    page.write_text("older")
    monkeypatch.setattr(config_page, "PAGE", page)
    assert config_page.main(["--check"]) == 1
    assert page.read_text() == "older"
    assert config_page.main([]) == 0
    assert config_page.main(["--check"]) == 0
