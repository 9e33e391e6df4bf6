"""tools/benchmark.py on a handful of tiny images."""

import json
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

TOOL = Path(__file__).resolve().parents[3] / "tools" / "benchmark.py"
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
    main(["eval", "--share", "0.002", "--only", "coco", "bootstrap", "--json", str(out)])
    measured = json.loads(out.read_text())
    assert measured["coco"]["images"] == measured["bootstrap"]["images"] == 10
    assert measured["coco"]["detections"] == 974
    assert measured["coco"]["difference"]["numpy"] == 0
    assert measured["bootstrap"]["seconds"] > 0
    printed = capsys.readouterr().out
    assert "COCO, 10 images, 974 detections" in printed
    assert "pycocotools" in printed
    main(["eval", "--share", "0.002", "--only", "bootstrap"])
    assert "COCO" not in capsys.readouterr().out


@pytest.mark.parametrize("share", ["0", "2", "-1"])
def test_a_share_is_a_part(main, share):
    with pytest.raises(ValueError, match=r"share must be in \(0, 1\], got"):
        main(["eval", "--share", share])


@pytest.mark.parametrize("what", ["infer-backbone", "train-backbone"])
def test_networks_at_a_small_size(main, known_limits, tmp_path, capsys, what):
    out = tmp_path / "out.json"
    small = ["--side", "32", "--batch", "2", "--rounds", "1", "--networks", "resnet18"]
    main([what, *small, "--json", str(out)])
    printed = " ".join(capsys.readouterr().out.split())  # a title wraps where it must
    measured = json.loads(out.read_text())
    assert (measured["side"], measured["batch"]) == (32, 2)
    assert list(measured["networks"]) == ["resnet18"]
    assert all(word in printed for word in ("resnet18", "torchvision", "of the limit", "torch 2."))


@pytest.fixture
def known_limits(monkeypatch):
    from backbones.benchmarks import inference, synthetic

    rates = {"matrix_rate": {"fp32": 1e12}, "bandwidth": 1e10}
    for module in (inference, synthetic):
        monkeypatch.setattr(module, "measure_limits", lambda device, threads: rates)


@pytest.mark.parametrize(
    ("argv", "fault"),
    [
        (["--variant", "a: SEED 1"], "--variant must be given with --config; give --config NAME"),
        (["--iterations", "0"], "--iterations must be given with --config"),
        (["SEED", "3"], "KEY VALUE must be given with --config"),
        (
            ["--config", "cifar10_resnet20", "--batch", "8", "--compile"],
            "--batch, --compile must be given without --config; give it as KEY VALUE",
        ),
    ],
)
def test_either_form_of_training_has_its_own_options(main, argv, fault):
    with pytest.raises(ValueError, match=fault):
        main(["train-backbone", *argv])


def test_options_stand_where_they_do_something(main, capsys):
    with pytest.raises(SystemExit):
        main(["input", "--side", "32"])
    assert "unknown option --side" in capsys.readouterr().err


@pytest.fixture
def fakes(monkeypatch):
    """Benchmarks that measure nothing and tell how they were called."""
    from resdet.benchmarks import suite

    asked = {}

    def fake(name):
        def benchmark(**options):
            asked[name] = options
            return {"seconds": {"a": 1.0}}

        return benchmark

    fakes = {name: fake(name) for name in suite.BENCHMARKS}
    monkeypatch.setattr(suite, "BENCHMARKS", fakes)
    monkeypatch.setattr(suite, "tables", lambda name, measured: [])
    monkeypatch.setattr("resdet.benchmarks.goals.GOALS", ())
    return asked


def test_everything_is_everything(main, fakes, tmp_path):
    from resdet.benchmarks import suite

    images = tmp_path / "photos"
    out = tmp_path / "all.json"
    main(["all", "--images", str(images), "--device", "cpu", "--json", str(out)])
    assert set(fakes) == set(suite.BENCHMARKS) - {"files", "visualize"}  # of one's own
    assert set(json.loads(out.read_text())) == {*fakes, "goals"}
    assert fakes.pop("input") == {"images": images}
    assert fakes.pop("eval") == {}
    assert all(options == {"device": "cpu"} for options in fakes.values())


def test_some_of_everything(main, fakes):
    main(["all", "--only", "eval", "infer-det"])
    assert fakes == {"eval": {}, "infer-det": {}}  # eval has an --only of its own


def test_each_option_is_the_functions_word(main, fakes):
    argv = ["--kinds", "R-50-C4", "--compile", "--profile", "--precision", "bf16", "--batch", "2"]
    main(["infer-det", *argv])
    assert fakes["infer-det"] == {
        "kinds": ["R-50-C4"],
        "compiled": True,
        "profiled": True,
        "precision": "bf16",
        "batch": 2,
    }


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
