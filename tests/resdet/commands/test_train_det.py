"""tools/train_det.py --engine: what it says, what it writes, and one checkpoint for both."""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch

from backbones.config import load as loader
from backbones.files.json_file import read_json
from resdet import config
from resdet.checkpoints import checkpoint

TOOLS = Path(__file__).parents[3] / "tools"
OTHER = {"tv": "d2", "d2": "tv"}
SURE = ("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.0")


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return lambda name, *argv: importlib.import_module(name).main([str(a) for a in argv])


@pytest.fixture
def written(small_config, tmp_path: Path) -> Path:
    """A small config as a file."""
    path = tmp_path / "small.yaml"
    path.write_text(small_config(*SURE).dump())
    return path


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if detectron2 were not installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "detectron2" else find(name)
    )


def per_class(path: Path) -> dict:
    return json.loads(path.read_text())["metrics"]["shapes_test"]["area"]["per_class"]


@pytest.mark.detectron2
@pytest.mark.parametrize("engine", ["tv", "d2"])
def test_what_one_engine_trains_the_other_measures(tool, written, tmp_path: Path, engine) -> None:
    pytest.importorskip("detectron2")
    run, other = tmp_path / "run", tmp_path / "other"
    tool("train_det", "--config", written, "--engine", engine, "--output", run)
    assert read_json(run / "results.json")["engine"] == engine
    weights = ("--eval-only", "--init-from", run / "model_final.pth", "MODEL.WEIGHTS", "")
    more = ("--engine", OTHER[engine], "--output", other)
    tool("train_det", "--config", written, *more, *weights)
    assert read_json(other / "results.json")["engine"] == OTHER[engine]
    a, b = per_class(run / "results.json"), per_class(other / "results.json")
    assert a.keys() == b.keys()
    for name, values in a.items():
        assert values["0.50"] == pytest.approx(b[name]["0.50"], abs=1e-4), name
    found = [json.loads((f / "coco_instances_results.json").read_text()) for f in (run, other)]
    assert len(found[0]) == len(found[1]) > 0
    scores = [sorted(e["score"] for e in entries) for entries in found]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)


@pytest.mark.detectron2
def test_a_killed_run_on_d2_is_resumed_bit_for_bit(tool, written, tmp_path: Path) -> None:
    pytest.importorskip("detectron2")
    whole, part = tmp_path / "whole", tmp_path / "part"
    common = ("--config", written, "--engine", "d2")
    tool("train_det", *common, "--output", whole)
    tool("train_det", *common, "--output", part, "DATASETS.TEST", "()")
    (part / "model_final.pth").unlink()
    (part / "results.json").unlink()
    (part / "last_checkpoint").write_text("model_0000001.pth")
    tool("train_det", *common, "--output", part, "--resume")
    one, two = (checkpoint.load(f / "model_final.pth").model for f in (whole, part))
    assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.detectron2
@pytest.mark.parametrize("name", ["eval_voc", "eval_coco"])
def test_the_evaluation_tools_take_an_engine(
    tool, written, shapes_root: Path, tmp_path: Path, name: str
) -> None:
    pytest.importorskip("detectron2")
    run = tmp_path / "run"
    short = ("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()")
    tool("train_det", "--config", written, "--engine", "tv", "--output", run, *short)
    coco = shapes_root / "annotations/instances_test.json"
    data = {
        "eval_voc": ("--data", shapes_root, "--split", "test"),
        "eval_coco": ("--annotations", coco, "--images", shapes_root / "JPEGImages"),
    }[name]
    results = []
    for engine in ("tv", "d2"):
        out = ("--engine", engine, "--json", tmp_path / f"{engine}.json")
        tool(name, "--checkpoint", run / "model_final.pth", *data, *out)
        results.append(read_json(tmp_path / f"{engine}.json"))
    assert results[0]["num_detections"] == results[1]["num_detections"] > 0


def test_without_detectron2_the_tool_says_so_in_one_message(written: Path, tmp_path: Path) -> None:
    code = (
        "import importlib.util, runpy, sys\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda n, *a: None if n == 'detectron2' else find(n, *a)\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    tool_line = [TOOLS / "train_det.py", "--config", written, "--engine", "d2"]
    done = subprocess.run(
        [sys.executable, "-c", code, *tool_line, "--output", tmp_path / "run"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "error: --engine must be tv where detectron2 is absent, got 'd2'; --engine tv gives the "
        "same numbers, or install detectron2: pip install --no-build-isolation "
        "'git+https://github.com/facebookresearch/detectron2.git'\n"
    )
    assert not (tmp_path / "run").exists()


def test_auto_says_what_it_chose_and_results_record_it(
    tool, written: Path, tmp_path: Path, absent, capsys
) -> None:
    tool("train_det", "--config", written, "--output", tmp_path / "run", "SOLVER.MAX_ITER", "1")
    assert f"small, engine tv -> {tmp_path}/run/" in capsys.readouterr().out
    assert read_json(tmp_path / "run" / "results.json")["engine"] == "tv"


@pytest.mark.detectron2
def test_auto_is_d2_where_there_is_one(tool, written: Path, tmp_path: Path, capsys) -> None:
    pytest.importorskip("detectron2")
    more = ("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()")
    tool("train_det", "--config", written, "--output", tmp_path / "run", *more)
    out = capsys.readouterr().out
    assert "small, engine d2 ->" in out
    assert "engine d2 on cpu" in out
    assert read_json(tmp_path / "run" / "results.json")["engine"] == "d2"


def test_detectron2s_plain_loop_would_begin_at_zero(tool, written: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = ("--config", written, "--engine", "tv", "--output", run)
    tool("train_det", *command, "SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()")
    payload = torch.load(run / "model_final.pth", weights_only=True)
    assert "iteration" not in payload  # from which it would go on
    assert checkpoint.load(run / "model_final.pth").iteration == 1


def test_an_engine_that_does_not_exist(tool, written: Path) -> None:
    with pytest.raises(ValueError, match="--engine must be auto, d2 or tv, got 'mmdet'"):
        tool("train_det", "--config", written, "--engine", "mmdet")


def test_every_key_of_the_other_engine_is_refused_at_once(tool, written: Path) -> None:
    keys = {
        "MODEL.ANCHOR_GENERATOR.OFFSET": ("0.5", "must be 0.0, got 0.5"),
        "MODEL.ROI_BOX_HEAD.CLS_AGNOSTIC_BBOX_REG": ("True", "must be False, got True"),
        "MODEL.RPN.BBOX_REG_LOSS_TYPE": ("giou", "must be 'smooth_l1', got 'giou'"),
    }
    overrides = [text for key, (value, _) in keys.items() for text in (key, value)]
    with pytest.raises(ValueError, match="config: 3 faults") as caught:
        tool("train_det", "--config", written, "--engine", "tv", *overrides)
    for key, (_, expected) in keys.items():
        assert f"{key} {expected}; give --engine d2, which can" in str(caught.value)


FAULTS = {
    "an unregistered name": (
        ("MODEL.BACKBONE.NAME", "build_resnet_backbone"),
        r"MODEL.BACKBONE.NAME must be 'build_resdet_resnet_backbone' or .*got 'build_resnet_backb",
    ),
    "a misspelt key": (
        ("MODEL.RESNETS.DEPHT", "34"),
        r"MODEL.RESNETS.DEPHT \(command line\) is not a known key; did you mean MODEL.RESNETS",
    ),
    "a wrong class count": (
        ("MODEL.ROI_HEADS.NUM_CLASSES", "5"),
        r"NUM_CLASSES must be 6, the classes of .*, got 5; set it to 6",
    ),
}


@pytest.mark.detectron2
@pytest.mark.parametrize("fault", FAULTS)
def test_faults_on_engine_d2_are_told_as_on_tv(tool, written: Path, tmp_path: Path, fault) -> None:
    pytest.importorskip("detectron2")
    overrides, text = FAULTS[fault]
    for engine in ("d2", "tv"):
        command = ("--config", written, "--engine", engine, "--output", tmp_path / "run")
        with pytest.raises(ValueError, match=text) as caught:
            tool("train_det", *command, *overrides, "DATASETS.TEST", "()")
        assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.detectron2
def test_a_checkpoint_of_another_depth_or_other_weights_on_d2(
    tool, written: Path, tmp_path: Path
) -> None:
    pytest.importorskip("detectron2")
    run, short = tmp_path / "run", ("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()")
    tool("train_det", "--config", written, "--engine", "tv", "--output", run, *short)
    path = run / "model_final.pth"
    command = ("--config", written, "--engine", "d2", "--output", tmp_path / "b")
    with pytest.raises(ValueError, match=r"MODEL.RESNETS.DEPTH must be 18, as in .*, got 34"):
        tool("train_det", *command, "--init-from", path, "MODEL.RESNETS.DEPTH", "34")
    payload = torch.load(path, weights_only=True)
    payload["model"]["rpn_head.other.bias"] = payload["model"].pop("rpn_head.conv.bias")
    torch.save(payload, path)
    head = "proposal_generator.rpn_head"
    with pytest.raises(ValueError, match=rf"missing: {head}.conv.bias; unknown: {head}.other.b"):
        tool("train_det", *command, "--init-from", path)
    payload["model"]["trunk.res9.weight"] = payload["model"].pop("trunk.stem.conv1.weight")
    torch.save(payload, path)
    expected = r"missing: trunk.stem.conv1.weight; unknown: trunk.res9.weight"
    with pytest.raises(ValueError, match=expected):
        tool("train_det", *command, "--init-from", path)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter:
    """How many files are read for configs, and how many configs are checked."""
    counts: Counter = Counter()

    def counting(what: str, act):
        def count(*args, **kwargs):
            counts[what] += 1
            return act(*args, **kwargs)

        return count

    monkeypatch.setattr(loader, "read_yaml", counting("read", loader.read_yaml))
    monkeypatch.setattr(config, "check", counting("checked", config.check))
    return counts


def test_a_config_is_read_once_and_checked_once(
    tool, written: Path, counted: Counter, shapes_root: Path, tmp_path: Path
) -> None:
    run, weights = tmp_path / "run", tmp_path / "run/model_final.pth"
    commands = [
        ("--output", run, "SOLVER.MAX_ITER", "1"),
        ("--output", run, "--resume", "SOLVER.MAX_ITER", "2"),
        ("--output", tmp_path / "measured", "--eval-only", "--init-from", weights),
        ("--output", tmp_path / "own", "--data", shapes_root, "SOLVER.MAX_ITER", "1"),
        ("--output", tmp_path / "more", "--init-from", weights, "SOLVER.MAX_ITER", "1"),
    ]
    for command in commands:
        counted.clear()
        tool("train_det", "--config", written, "--engine", "tv", *command)
        assert counted == {"read": 1, "checked": 1}, command
