"""train_det: --precision, --compile and --batch reach the training, or the measurement."""

import importlib
from pathlib import Path

import pytest

from resdet.detector.speed import Speed
from resdet.training import train as training

TOOLS = Path(__file__).parents[3] / "tools"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the tool up to the call that works; returns (name, config, speed)."""
    monkeypatch.syspath_prepend(str(TOOLS))
    seen = []

    def train(cfg, *args, **kwargs):
        seen.append(("train", cfg, None))
        return {"metrics": {}}

    def measure(cfg, engine, name, output, path, overrides, speed):
        seen.append(("measure", cfg, speed))
        return {"metrics": {}}

    monkeypatch.setattr(training, "train_detector", train)
    monkeypatch.setattr(training, "evaluate_checkpoint", measure)

    def call(*options):
        argv = ["--config", "shapes_r18", "--output", str(tmp_path / "run"), *options]
        importlib.import_module("train_det").main(argv)
        return seen.pop()

    return call


def solver(cfg):
    amp = cfg.SOLVER.AMP
    return amp.ENABLED, amp.PRECISION, cfg.MODEL.COMPILE, cfg.SOLVER.IMS_PER_BATCH


def test_training_takes_them_as_keys_of_the_config(run):
    plain = solver(run()[1])
    assert plain[:3] == (False, "bf16", False)
    name, cfg, _ = run("--precision", "fp16", "--compile", "--batch", "6")
    assert name == "train"
    assert solver(cfg) == (True, "fp16", True, 6)
    assert solver(run("--precision", "fp32", "SOLVER.AMP.ENABLED", "True")[1]) == plain


def test_measuring_takes_them_as_they_are(run):
    assert run("--eval-only")[::2] == ("measure", Speed())
    options = ("--precision", "bf16", "--compile", "--batch", "3")
    assert run("--eval-only", *options)[::2] == ("measure", Speed("bf16", True, 3))


def test_words_that_people_type_are_keys_of_the_config(run):
    cfg = run("--device", "cpu", "--iters", "7", "--workers", "0")[1]
    assert (cfg.MODEL.DEVICE, cfg.SOLVER.MAX_ITER, cfg.DATALOADER.NUM_WORKERS) == ("cpu", 7, 0)
    assert run("--eval-only", "--workers", "3")[1].DATALOADER.NUM_WORKERS == 3


def test_a_size_keeps_the_shape_of_the_config(run):
    sides = ("MIN_SIZE_TRAIN", "MAX_SIZE_TRAIN", "MIN_SIZE_TEST", "MAX_SIZE_TEST")

    def given(*options):
        inputs = run("--config", "coco_r50_fpn", *options)[1].INPUT
        return [list(v) if isinstance(v := inputs[side], tuple) else v for side in sides]

    assert given("--imgsz", "400") == [[400], 666, 400, 666]  # of 640 to 800, at most 1333
    assert given("--img-size", "400", "INPUT.MAX_SIZE_TEST", "500") == [[400], 666, 400, 500]
    assert given("--eval-only", "--imgsz", "400") == [[400], 666, 400, 666]
    with pytest.raises(ValueError, match=r"--imgsz says INPUT\.MIN_SIZE_TEST; leave one of them"):
        given("--imgsz", "400", "INPUT.MIN_SIZE_TEST", "320")


def test_anchors_are_fitted_at_the_size_that_is_said(run, shapes_root):
    sizes = [
        run("--data", str(shapes_root), "--imgsz", size)[1].MODEL.ANCHOR_GENERATOR.SIZES
        for size in ("96", "192")
    ]
    assert sum(map(sum, sizes[1])) > 1.5 * sum(map(sum, sizes[0]))


def test_epochs_count_the_images(run, shapes_root, capsys):
    root = ["DATASETS.ROOT", str(shapes_root), "SOLVER.IMS_PER_BATCH", "2"]  # 14 in trainval
    cfg = run("--epochs", "3", "--learning-rate", "0.5", *root)[1].SOLVER
    assert (cfg.MAX_ITER, cfg.WARMUP_ITERS, cfg.BASE_LR) == (21, 2, 0.5)
    told = capsys.readouterr().out
    assert "length   3 epochs of 14 images, 2 in an iteration" in told
    assert "SOLVER.WARMUP_ITERS 2, was 50" in told
    cfg = run("--data", str(shapes_root), "--epochs", "0.1", "--batch", "4", "--resume")[1]
    assert (cfg.SOLVER.MAX_ITER, cfg.TEST.EVAL_PERIOD) == (1, 1)
    kept = run("--epochs", "3", "SOLVER.WARMUP_ITERS", "50", *root)[1].SOLVER
    assert (kept.MAX_ITER, kept.WARMUP_ITERS) == (21, 50)


def test_epochs_are_of_a_training_and_said_once(run, capsys):
    with pytest.raises(ValueError, match="--epochs goes with training, not with --eval-only"):
        run("--epochs", "3", "--eval-only")
    with pytest.raises(ValueError, match="--epochs and --iters both say how long to train; give"):
        run("--epochs", "3", "--iters", "3", "SOLVER.MAX_ITER", "3")
    with pytest.raises(ValueError, match=r"DATASETS\.TRAIN must name a dataset"):
        run("--epochs", "3", "DATASETS.TRAIN", "[]")
    assert "epochs of" not in capsys.readouterr().out


@pytest.mark.parametrize("options", [("--batch", "0"), ("--batch", "x"), ("--precision", "int8")])
def test_other_values_are_refused(run, options, capsys):
    with pytest.raises(SystemExit):
        run(*options)
    assert options[0] in capsys.readouterr().err


def test_classes_of_a_folder_are_those_that_are_said(run, shapes_root):
    names = ["ring", "cross", "star", "triangle", "square", "circle", "more"]
    cfg = run("--data", str(shapes_root), "--classes", ",".join(names), "--eval-only")[1]
    assert (list(cfg.DATASETS.CLASSES), cfg.MODEL.ROI_HEADS.NUM_CLASSES) == (names, 7)
    with pytest.raises(ValueError, match=r"--classes goes with --data; a config says DATASETS\.CL"):
        run("--classes", "cat")


def test_corners_are_said_by_option_or_key_and_go_on_as_before(run, shapes_root, tmp_path, capsys):
    data = ("--data", str(shapes_root))
    for way in (("--voc-corners", "0-continuous"), ("DATASETS.VOC_CORNERS", "0-continuous")):
        for where in (data, ()):
            assert run(*where, *way)[1].DATASETS.VOC_CORNERS == "0-continuous"
    cfg = run(*data)[1]
    assert cfg.DATASETS.VOC_CORNERS == "auto"
    assert "corners  " not in capsys.readouterr().out  # the run tells of them
    cfg.DATASETS.VOC_CORNERS = "0-inclusive"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text(cfg.dump())
    assert run(*data)[1].DATASETS.VOC_CORNERS == "auto"
    assert run(*data, "--resume")[1].DATASETS.VOC_CORNERS == "0-inclusive"
    assert "corners  0-inclusive, as in training" in capsys.readouterr().out
    anew = run(*data, "--resume", "--voc-corners", "1-inclusive")[1]
    assert anew.DATASETS.VOC_CORNERS == "1-inclusive"
    with pytest.raises(ValueError, match=r"--voc-corners says DATASETS\.VOC_CORNERS; leave one"):
        run("--voc-corners", "1-inclusive", "DATASETS.VOC_CORNERS", "1-inclusive")
