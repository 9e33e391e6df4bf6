"""`python -m tools.runtimes`: what needs no other runtime of it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from resdet.export.pairing import Difference
from tools.runtimes import measure
from tools.runtimes.__main__ import main
from tools.runtimes.detector import FORMS, threshold_of
from tools.runtimes.measure import Bench, worst
from tools.runtimes.pictures import photographs, strange
from tools.runtimes.runtimes import NODE, RUNTIMES
from tools.runtimes.served import Refused, Served

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = """
import json, sys
print(json.dumps({first}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked["shape"][0] == 1:
        print(json.dumps({{"refused": "too small"}}), flush=True)
        continue
    if asked["shape"][0] == 2:
        sys.exit(3)
    sums = sum(open(asked["file"], "rb").read())
    found = [[[1, 2, 3, 4]], [5], [0.1]]
    told = {{"found": found, "seconds": sums, "peak_megabytes": 9.5}}
    print(json.dumps(told), flush=True)
"""


def driver(folder: Path, first: str = "{'loaded': True}") -> list[str]:
    script = folder / "driver.py"
    script.write_text(ANSWERS.format(first=first))
    return [sys.executable, str(script)]


def test_a_process_answers_picture_by_picture(tmp_path: Path) -> None:
    with Served(driver(tmp_path), tmp_path / "m.onnx") as run:
        boxes, labels, scores = run(np.full((3, 2, 3), 2, np.uint8))
        assert (boxes.tolist(), labels.tolist()) == ([[1, 2, 3, 4]], [5])
        assert (boxes.dtype, labels.dtype, scores.dtype) == (np.float32, np.int64, np.float32)
        assert (run.seconds, run.peak_megabytes) == (36, 9.5)
        with pytest.raises(Refused, match="too small"):
            run(np.zeros((1, 2, 3), np.uint8))
        assert len(run(np.zeros((3, 2, 3), np.uint8))) == 3
        for _ in range(2):
            with pytest.raises(Refused, match="its process ended with 3"):
                run(np.zeros((2, 2, 3), np.uint8))


def test_a_file_that_is_refused_is_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no such operator"):
        Served(driver(tmp_path, "{'refused': 'no such operator'}"), tmp_path / "m.onnx")
    with pytest.raises(Refused, match="ended with"):
        Served([sys.executable, "-c", "0"], tmp_path / "m.onnx")


def test_what_cannot_be_installed_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def command(*_: object) -> list[str]:
        raise FileNotFoundError("no npm")

    monkeypatch.setattr(measure, "command", command)
    bench = Bench.__new__(Bench)
    told = bench.measured(RUNTIMES["onnxruntime-node"], Path("x"))
    assert (told["loads"], told["why"]) == (None, "not installed: no npm")
    assert told["version"] == RUNTIMES["onnxruntime-node"].tool.version


def test_the_threshold_leaves_a_picture_with_one_object_and_one_with_none() -> None:
    scores = [np.array(s) for s in ([0.9, 0.8, 0.7], [0.6, 0.4], [0.2, 0.1], [0.3], [])]
    between = threshold_of(scores)
    assert [int((s > between).sum()) for s in scores] == [3, 2, 1, 1, 0]


def test_the_worst_of_all_pictures_is_told() -> None:
    rows = [Difference(3, 0.1, 0.0, 0, 1), Difference(2, 0.2, 0.5, 4, 0)]
    told = {"pairs": 5, "box": 0.2, "score": 0.5, "alone": 4, "at_limit": 1}
    assert worst(rows) == told
    assert worst([]) == dict.fromkeys(told, 0)


def test_pictures_are_the_same_again() -> None:
    drawn, again = ({**photographs(), **strange()} for _ in range(2))
    assert {"1 x 1", "4000 x 1", "1 x 4000"} < set(drawn)
    for name, picture in drawn.items():
        assert (picture == again[name]).all(), name
        assert name == "grey" or name == f"{picture.shape[1]} x {picture.shape[0]}"


def test_each_runtime_has_a_form_and_what_opens_it() -> None:
    adapters = (ROOT / "tools/runtimes/drivers/adapters.py").read_text(encoding="utf-8")
    for name, runtime in RUNTIMES.items():
        assert runtime.form in {*FORMS, "int8", "web"}, name
        assert runtime.by == NODE or f"def {runtime.opened_by}(" in adapters, name


def test_an_unknown_runtime_is_told_before_anything_is_made(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "onnxrt"])
    assert "--only must name some of onnxruntime-1.17, " in capsys.readouterr().err
