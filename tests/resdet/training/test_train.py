from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from resdet import config, engines
from resdet.checkpoints import checkpoint
from resdet.config import ConfigError
from resdet.training.train import evaluate_checkpoint, train_detector

FILES = {
    "config.yaml",
    "log.txt",
    "metrics.json",
    "last_checkpoint",
    "model_final.pth",
    "model_best.pth",
    "results.json",
    "coco_instances_results.json",
    "comp4",
}


def train(cfg, directory: Path, **options):
    return train_detector(cfg, engines.load("tv"), "test", directory, **options)


def weights(path: Path) -> dict[str, torch.Tensor]:
    return checkpoint.load(path).model


def test_a_run_leaves_its_files(small_config, tmp_path: Path) -> None:
    results = train(small_config("TEST.EVAL_PERIOD", "2"), tmp_path / "run")
    names = {p.name for p in (tmp_path / "run").iterdir()}
    assert names >= FILES
    assert any(n.startswith("events.out.tfevents") for n in names)
    assert "model_0000001.pth" in names
    assert results == json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["engine"] == "tv"
    assert results["seed"] == 1
    numbers = results["metrics"]["shapes_test"]
    assert set(numbers) == {"11point", "area"}
    assert numbers["area"]["num_images"] == 4
    assert results["environment"]["packages"]["torch"]
    lines = [json.loads(x) for x in (tmp_path / "run" / "metrics.json").read_text().splitlines()]
    assert {"total_loss", "loss_cls", "lr", "images_per_second", "data_time_share"} <= set(lines[0])
    assert [x["iteration"] for x in lines if "shapes_test/mAP@0.50-area" in x] == [1, 3]
    log = (tmp_path / "run" / "log.txt").read_text()
    assert re.search(r"train on shapes_\w+: \d+ images, \d+ classes, \d+ objects", log)
    assert log.count("corners: 1-inclusive, as resdet writes them") == 1
    kept = config.load(str(tmp_path / "run" / "config.yaml"))
    assert kept.DATASETS.VOC_CORNERS == "1-inclusive"  # found, no longer to be found
    saved = checkpoint.load(tmp_path / "run" / "model_final.pth")
    assert saved.cfg.DATASETS.VOC_CORNERS == "1-inclusive"


def test_resumed_equals_uninterrupted_bit_for_bit(small_config, tmp_path: Path) -> None:
    cfg = small_config("MODEL.RESNETS.NORM", "BN")
    train(cfg.clone(), tmp_path / "whole")
    part = tmp_path / "part"
    train(cfg.clone(), part)
    # as if killed after iteration 2
    (part / "model_final.pth").unlink()
    (part / "results.json").unlink()
    (part / "last_checkpoint").write_text("model_0000001.pth")
    train(cfg.clone(), part, resume=True)
    whole, resumed = weights(tmp_path / "whole/model_final.pth"), weights(part / "model_final.pth")
    assert whole.keys() == resumed.keys()
    for key, value in whole.items():
        assert torch.equal(value, resumed[key]), key
    lines = (part / "metrics.json").read_text().splitlines()
    iterations = [json.loads(x)["iteration"] for x in lines]
    assert iterations == sorted(iterations)


def test_a_finished_run_says_so_and_changes_nothing(small_config, tmp_path: Path, capsys) -> None:
    cfg, run = small_config(), tmp_path / "run"
    first = train(cfg.clone(), run)
    before = (run / "model_final.pth").read_bytes()
    again = train(cfg.clone(), run, resume=True)
    assert "is finished: iteration 4 of SOLVER.MAX_ITER 4" in capsys.readouterr().out
    assert again == first
    assert (run / "model_final.pth").read_bytes() == before
    results = run / "results.json"
    cfg.SOLVER.MAX_ITER = 3
    for other in ({**first, "iterations": 2}, [3]):  # of a shorter run, or of none
        results.write_text(json.dumps(other))
        with pytest.raises(ValueError, match="SOLVER.MAX_ITER must be at least 4, what the run in"):
            train(cfg.clone(), run, resume=True)
    cfg.SOLVER.MAX_ITER = 4
    train(cfg.clone(), run, resume=True)
    assert json.loads(results.read_text())["iterations"] == 4


def test_a_folder_with_a_run_is_not_overwritten(small_config, tmp_path: Path) -> None:
    cfg = small_config("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()")
    train(cfg, tmp_path / "run")
    with pytest.raises(ValueError, match=r"--output must be new, got .*run.*give --resume"):
        train(cfg, tmp_path / "run")


def test_init_from_takes_weights_and_replaces_the_predictor_of_other_classes(
    small_config, tmp_path: Path, shapes_root: Path, capsys
) -> None:
    rates = ("SOLVER.BASE_LR", "1e-12", "DATASETS.TEST", "()", "SOLVER.MAX_ITER", "1")
    cfg = small_config(*rates)
    train(cfg.clone(), tmp_path / "a")
    train(cfg.clone(), tmp_path / "b", init_from=tmp_path / "a/model_final.pth")
    a, b = weights(tmp_path / "a/model_final.pth"), weights(tmp_path / "b/model_final.pth")
    assert all(torch.allclose(a[k], b[k], atol=1e-6) for k in a)
    # the same network, its classes in another order
    saved = checkpoint.load(tmp_path / "a/model_final.pth")
    names = list(reversed(saved.class_names))
    reordered = small_config(*rates, "DATASETS.CLASSES", str(names), "SEED", "2")
    train(reordered, tmp_path / "c", init_from=tmp_path / "a/model_final.pth")
    c = weights(tmp_path / "c/model_final.pth")
    assert "but box_predictor.*, which is new" in capsys.readouterr().out
    assert torch.allclose(c["rpn_head.conv.weight"], a["rpn_head.conv.weight"], atol=1e-6)
    assert not torch.allclose(
        c["box_predictor.cls_score.weight"], a["box_predictor.cls_score.weight"]
    )


def test_a_checkpoint_of_another_depth_is_refused(small_config, tmp_path: Path) -> None:
    cfg = small_config("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()")
    train(cfg, tmp_path / "a")
    deeper = small_config("MODEL.RESNETS.DEPTH", "34")
    with pytest.raises(ValueError, match="MODEL.RESNETS.DEPTH must be 18, as in .*, got 34"):
        train(deeper, tmp_path / "b", init_from=tmp_path / "a/model_final.pth")


def test_a_wrong_class_count_is_told_before_anything_is_written(
    small_config, tmp_path: Path
) -> None:
    cfg = small_config("MODEL.ROI_HEADS.NUM_CLASSES", "5")
    with pytest.raises(ConfigError, match=r"NUM_CLASSES must be 6, the classes of .*got 5"):
        train(cfg, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_finite_stops_with_the_rate(small_config, tmp_path: Path) -> None:
    cfg = small_config("SOLVER.BASE_LR", "1e30", "SOLVER.WARMUP_ITERS", "0", "SOLVER.MAX_ITER", "9")
    cfg.SOLVER.CLIP_GRADIENTS.ENABLED = False
    with pytest.raises(ValueError, match=r"loss must be finite, got .* at iteration .* with rate"):
        train(cfg, tmp_path / "run")


def test_evaluation_alone_repeats_the_numbers(small_config, tmp_path: Path) -> None:
    cfg = small_config()
    trained = train(cfg.clone(), tmp_path / "run")
    engine = engines.load("tv")
    alone = evaluate_checkpoint(
        cfg.clone(), engine, "test", tmp_path / "eval", tmp_path / "run/model_final.pth"
    )
    key = "shapes_test"
    assert alone["metrics"][key]["area"]["mAP"] == trained["metrics"][key]["area"]["mAP"]
    assert (tmp_path / "eval/coco_instances_results.json").is_file()


def test_bf16_trains(small_config, tmp_path: Path) -> None:
    cfg = small_config("SOLVER.AMP.ENABLED", "True", "DATASETS.TEST", "()")
    train(cfg, tmp_path / "run")
    state = weights(tmp_path / "run/model_final.pth")
    assert all(v.dtype == torch.float32 and torch.isfinite(v).all() for v in state.values())


def test_training_lowers_the_loss(small_config, tmp_path: Path) -> None:
    longer = ("SOLVER.MAX_ITER", "60", "SOLVER.STEPS", "[50]", "SOLVER.WARMUP_ITERS", "5")
    train(small_config(*longer, "DATASETS.TEST", "()"), tmp_path / "run")
    lines = [json.loads(x) for x in (tmp_path / "run/metrics.json").read_text().splitlines()]
    losses = [x["total_loss"] for x in lines if "total_loss" in x]
    assert losses[-1] < 0.75 * losses[0]


def test_coco_form_gives_the_twelve(small_config, tmp_path: Path, shapes_root: Path) -> None:
    cfg = small_config("SOLVER.MAX_ITER", "1")
    image_folder = shapes_root / "JPEGImages"
    for split, name in (("TRAIN", "train"), ("TEST", "test")):
        annotations = shapes_root / f"annotations/instances_{name}.json"
        cfg.DATASETS[split] = (f"coco:{annotations}:{image_folder}",)
    results = train(cfg, tmp_path / "run")
    (numbers,) = results["metrics"].values()
    twelve = "AP AP50 AP75 APs APm APl AR1 AR10 AR100 ARs ARm ARl"
    assert set(twelve.split()) <= set(numbers)
    ids = {
        e["category_id"]
        for e in json.loads((tmp_path / "run/coco_instances_results.json").read_text())
    }
    known = {c["id"] for c in json.loads(annotations.read_text())["categories"]}
    assert ids <= known


def test_a_resumed_run_follows_the_rate_it_announces(small_config, tmp_path: Path) -> None:
    train(small_config("DATASETS.TEST", "()", "SOLVER.MAX_ITER", "2"), tmp_path / "run")
    more = ("SOLVER.MAX_ITER", "3", "SOLVER.BASE_LR", "0.5", "SOLVER.WARMUP_ITERS", "0")
    train(small_config("DATASETS.TEST", "()", *more), tmp_path / "run", resume=True)
    last = json.loads((tmp_path / "run/metrics.json").read_text().splitlines()[-1])
    assert last["iteration"] == 2
    # cosine over 3 iterations, of which 2 are done; the batch is 2 of 8
    assert last["lr"] == pytest.approx(0.5 * 2 / 8 * 0.25)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("MODEL.RESNETS.STRIDE_IN_1X1", "True"),
        ("MODEL.ANCHOR_GENERATOR.SIZES", "[[16, 48, 96]]"),
        ("MODEL.ROI_BOX_HEAD.POOLER_TYPE", "ROIAlign"),
        ("MODEL.ROI_BOX_HEAD.BBOX_REG_WEIGHTS", "(1.0, 1.0, 1.0, 1.0)"),
    ],
)
def test_weights_are_not_read_with_another_meaning(
    small_config, tmp_path: Path, key: str, value: str
) -> None:
    train(small_config("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()"), tmp_path / "a")
    path = tmp_path / "a/model_final.pth"
    other = small_config(key, value)
    with pytest.raises(ConfigError, match=rf"{key} must be .*, as in .*model_final\.pth, got"):
        evaluate_checkpoint(other, engines.load("tv"), "test", tmp_path / "b", path)
    with pytest.raises(ConfigError, match=f"{key} must be"):
        train(other, tmp_path / "c", init_from=path)


def test_batch_norms_may_be_frozen_afterwards(small_config, tmp_path: Path) -> None:
    more = ("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()")
    train(small_config(*more, "MODEL.RESNETS.NORM", "BN"), tmp_path / "a")
    frozen = small_config(*more, "MODEL.RESNETS.NORM", "FrozenBN", "SOLVER.BASE_LR", "1e-12")
    train(frozen, tmp_path / "b", init_from=tmp_path / "a/model_final.pth")
    key = "trunk.res4.1.norm1.running_mean"
    assert torch.equal(
        weights(tmp_path / "a/model_final.pth")[key], weights(tmp_path / "b/model_final.pth")[key]
    )


def test_evaluation_spares_the_results_of_the_run(small_config, tmp_path: Path) -> None:
    cfg = small_config("SOLVER.MAX_ITER", "1")
    train(cfg.clone(), tmp_path / "run")
    before = (tmp_path / "run/results.json").read_bytes()
    cfg.SOLVER.MAX_ITER = 999
    path = tmp_path / "run/model_final.pth"
    alone = evaluate_checkpoint(cfg, engines.load("tv"), "test", tmp_path / "run", path)
    assert alone["iterations"] == 1
    assert (tmp_path / "run/results.json").read_bytes() == before
    assert json.loads((tmp_path / "run/evaluation.json").read_text()) == alone


def test_test_sets_of_one_name_are_refused(small_config, tmp_path: Path, shapes_root: Path) -> None:
    cfg = small_config()
    cfg.DATASETS.TEST = ("voc:.:test", f"voc:{shapes_root}:test")
    with pytest.raises(ConfigError, match="DATASETS.TEST must have different names"):
        train(cfg, tmp_path / "run")


def test_an_output_that_is_a_file_is_refused_first(small_config, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(ValueError, match=r"--output must be a folder, got .*run, which is a file"):
        train(small_config(), tmp_path / "run")


def test_what_a_run_leaves_is_tried_before_its_first_iteration(small_config, tmp_path) -> None:
    (tmp_path / "a" / "comp4").mkdir(parents=True)
    (tmp_path / "a" / "comp4" / "mine.txt").touch()
    with pytest.raises(ValueError, match=r"comp4 files only.*mine\.txt"):
        train(small_config(), tmp_path / "a")
    (tmp_path / "b" / "learning_curve.png").mkdir(parents=True)
    with pytest.raises(OSError, match=r"new or to be replaced, .*learning_curve\.png"):
        train(small_config(), tmp_path / "b")
    assert not list(tmp_path.glob("*/metrics.json"))


def test_pictures_of_test_images_at_each_evaluation_change_nothing(
    small_config, tmp_path: Path
) -> None:
    for count in ("0", "2"):
        train(small_config("TEST.EVAL_PERIOD", "2", "TEST.PICTURES", count), tmp_path / count)
    for without, among in zip(*(weights(tmp_path / c / "model_final.pth").values() for c in "02")):
        assert torch.equal(without, among)
    shown = {}
    for count in "02":
        events = EventAccumulator(str(tmp_path / count))
        events.Reload()
        tags = events.Tags()["images"]
        shown[count] = {tag: [event.step for event in events.Images(tag)] for tag in tags}
    assert shown["0"] == {}
    assert len(shown["2"]) == 2
    assert all(tag.startswith("shapes_test/") for tag in shown["2"])
    assert all(steps == [1, 3] for steps in shown["2"].values())


def test_patience_ends_a_training_early_and_it_is_finished_then(
    small_config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ("SOLVER.PATIENCE", "1", "TEST.EVAL_PERIOD", "1", "SOLVER.MAX_ITER", "9")
    results = train(small_config(*keys, "SOLVER.BASE_LR", "1e-9"), tmp_path / "run")
    done = results["iterations"]
    assert 1 < done < 9  # random weights that do not learn get no better
    assert (tmp_path / "run" / "model_final.pth").is_file()
    told = capsys.readouterr().out
    assert "ended early: none better in 1 evaluation (SOLVER.PATIENCE)" in told
    assert f"iteration {done}: mAP@.5 " in told
    again = train(small_config(*keys), tmp_path / "run", resume=True)
    assert again == json.loads((tmp_path / "run" / "results.json").read_text())
    assert "raise SOLVER.PATIENCE to go on" in capsys.readouterr().out


def test_a_resumed_run_tells_what_was_changed(
    small_config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(small_config("SOLVER.MAX_ITER", "1"), tmp_path / "run")
    capsys.readouterr()
    train(small_config("SOLVER.MAX_ITER", "2"), tmp_path / "run", resume=True)
    assert "SOLVER.MAX_ITER is 2 now, was 1 when the run began" in capsys.readouterr().out
