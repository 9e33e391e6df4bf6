"""tools/benchmark.py on a handful of tiny images."""

import json
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "benchmark.py"
KEYS = {
    "MODEL.NAME": "cifar_resnet8",
    "MODEL.DEVICE": "cpu",
    "DATASETS.HOLD_OUT": 0,
    "DATALOADER.NUM_WORKERS": 0,
    "INPUT.SIZE": 8,
    "SOLVER.IMS_PER_BATCH": 4,
}


@pytest.fixture(scope="module")
def main():
    return runpy.run_path(str(TOOL))["main"]


@pytest.fixture
def data(tmp_path):
    for split in ("train", "test"):
        for name in "ab":
            path = tmp_path / "data" / split / name / "0.png"
            path.parent.mkdir(parents=True)
            cv2.imwrite(str(path), np.full((8, 8, 3), ord(name), np.uint8))
    return tmp_path / "data"


def test_every_variant_is_timed_in_every_round(main, data, tmp_path, capsys):
    keys = {**KEYS, "DATASETS.ROOT": data}
    argv = ["train-backbone", "--config", "cifar10_resnet20", "--iterations", "3", "--rounds", "2"]
    argv += ["--variant", "bf16: SOLVER.AMP.ENABLED True", "--json", tmp_path / "out.json"]
    main([str(x) for x in (*argv, *(text for pair in keys.items() for text in pair))])
    measured = json.loads((tmp_path / "out.json").read_text())
    names = ["config", "bf16", "usual loop"]
    assert list(measured["iterations_per_second"]) == names
    assert all(len(rounds) == 2 for rounds in measured["all_rounds"].values())
    assert measured["ratio"]["usual loop"] == 1
    assert measured["variants"]["bf16"] == ["SOLVER.AMP.ENABLED", "True"]
    assert "usual loop" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "fault"),
    [
        (["--iterations", "0"], "--iterations must be >= 1, got 0"),
        (["--iterations", "1"], "--iterations must be at least 2"),
        (["--variant", "bf16"], "--variant must be \"NAME: KEY VALUE ...\", got 'bf16'"),
        (["--variant", "usual loop: SEED 3"], "names must differ"),
        (["--variant", "config: SEED 3"], "names must differ"),
    ],
)
def test_faults(main, data, argv, fault):
    keys = [str(x) for pair in {**KEYS, "DATASETS.ROOT": data}.items() for x in pair]
    with pytest.raises(ValueError, match=fault):
        main(["train-backbone", "--config", "cifar10_resnet20", *argv, *keys])


def test_evaluation_at_a_small_size(main, tmp_path, capsys):
    out = tmp_path / "out.json"
    main(["eval", "--share", "0.002", "--json", str(out)])
    measured = json.loads(out.read_text())
    assert measured["voc"]["images"] == measured["bootstrap"]["images"] == 10
    assert measured["voc"]["detections"] == 940
    assert measured["coco"]["difference"]["numpy"] == 0
    assert measured["bootstrap"]["seconds"] > 0
    printed = capsys.readouterr().out
    assert "VOC, 10 images, 940 detections" in printed
    assert "pycocotools" in printed
    main(["eval", "--share", "0.002", "--only", "bootstrap"])
    assert "COCO" not in capsys.readouterr().out


@pytest.mark.parametrize("share", ["0", "2", "-1"])
def test_a_share_is_a_part(main, share):
    with pytest.raises(ValueError, match=r"share must be in \(0, 1\], got"):
        main(["eval", "--share", share])


def test_ways_stand_beside_their_ratio_however_deep(main):
    from resdet.benchmarks.suite import lines

    speeds = {"images_per_second": {"a": 10.0, "b": 5.0}, "ratio": {"a": 2.0, "b": 1.0}}
    steps = {"seconds": {"a": 0.5}, "ratio": {"a": 1.0}}
    measured = {"rounds": 3, "one": {"deep": speeds, "versions": {"x": "1"}}, "two": steps}
    assert list(lines(measured)) == [
        ("one deep", "a", "10.0 img/s", 2.0),
        ("one deep", "b", "5.0 img/s", 1.0),
        ("two", "a", "0.500 s", 1.0),
    ]


def test_networks_at_a_small_size(main, tmp_path, capsys):
    out = tmp_path / "out.json"
    small = ["--side", "32", "--batch", "1", "--rounds", "1"]
    main(["infer-backbone", *small, "--json", str(out)])
    printed = capsys.readouterr().out
    measured = json.loads(out.read_text())
    assert measured["side"] == 32
    assert all(name in printed for name in measured["networks"])
    assert "torchvision" in printed


def test_options_stand_where_they_do_something(main, capsys):
    with pytest.raises(SystemExit):
        main(["input", "--side", "32"])
    assert "unrecognized arguments: --side 32" in capsys.readouterr().err


def test_everything_is_everything(main, monkeypatch, tmp_path, capsys):
    from resdet.benchmarks import suite

    asked = []
    fakes = {
        name: lambda name=name: asked.append(name) or {"seconds": {"a": 1.0}, "ratio": {"a": 1.0}}
        for name in suite.BENCHMARKS
    }
    monkeypatch.setattr(suite, "BENCHMARKS", fakes)
    monkeypatch.setattr(suite, "tables", lambda name, measured: [])
    main(["all", "--json", str(tmp_path / "all.json")])
    assert set(asked) == set(json.loads((tmp_path / "all.json").read_text())) == set(fakes)


def test_growth_is_drawn(main, monkeypatch, tmp_path, capsys):
    from resdet.benchmarks import suite

    only_one = suite.benchmark_scaling
    monkeypatch.setattr(
        suite, "benchmark_scaling", lambda device: only_one(["scoring, images"], device)
    )
    main(["scaling", "--plot", str(tmp_path / "growth.png")])
    assert cv2.imread(str(tmp_path / "growth.png")) is not None
    assert "scoring, images" in capsys.readouterr().out
    with pytest.raises(OSError, match="got the folder"):
        main(["scaling", "--plot", str(tmp_path)])
