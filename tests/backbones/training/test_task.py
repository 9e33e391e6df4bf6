"""What a recipe adds to a plain run: held-out images, mean images, plateaus, averages, parts."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from backbones.config import load_classification
from backbones.data.normalize import Normalizer
from backbones.training import classifier_run, task
from backbones.training.classification import train_classifier
from backbones.training.state import load_state
from backbones.training.task import build_classifier, build_task
from backbones.weights.checkpoint import load_backbone

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "backbones"
SHIPPED = [
    path for kind in ("imagenet", "cifar10") for path in sorted(CONFIGS.glob(f"{kind}_*.yaml"))
]
SETTINGS = {
    "MODEL.DEVICE": "cpu",
    "MODEL.WIDTH": 0.5,
    "MODEL.NAME": "cifar_resnet8",
    "DATASETS.HOLD_OUT": 10,
    "INPUT.SIZE": 16,
    "SOLVER.IMS_PER_BATCH": 8,
    "SOLVER.MAX_ITER": 6,
    "SOLVER.BASE_LR": 0.05,
    "TEST.EVAL_PERIOD": 2,
    "TEST.PRECISE_BN.NUM_ITER": 3,
    "SEED": 1,
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Five classes of colour, 8 + 3 images of 16 pixels each."""
    folder = tmp_path_factory.mktemp("five")
    rng = np.random.default_rng(0)
    for split, count in (("train", 8), ("test", 3)):
        for label in range(5):
            for i in range(count):
                image = rng.integers(0, 60, (16, 16, 3), np.uint8)
                image[..., label % 3] += 120 if label < 3 else 60
                path = folder / split / "abcde"[label] / f"{i}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), image)
    return folder


def config(root, name="cifar10_resnet20", **changes):
    settings = {**SETTINGS, "DATASETS.ROOT": str(root)}
    settings |= {k.replace("__", "."): v for k, v in changes.items()}
    return load_classification(name, [str(x) for pair in settings.items() for x in pair])


def lines(output):
    return [json.loads(x) for x in (output / "metrics.json").read_text().splitlines()]


@pytest.fixture(scope="module")
def run(root, tmp_path_factory):
    output = tmp_path_factory.mktemp("recipe") / "run"
    return output, train_classifier(config(root), output)


def test_held_out_images_are_measured_beside_the_test_images(run):
    output, results = run
    assert results["num_images"] == {"train": 30, "validation": 10, "test": 15}
    names = {"top1_error", "top5_error", "validation_top1_error", "validation_top5_error"}
    assert set(results["metrics"]) == names
    measured = [x for x in lines(output) if "validation_top1_error" in x]
    assert [x["iteration"] for x in measured] == [1, 3, 5]
    assert results["images_per_second"] > 0


def test_the_mean_of_every_pixel_travels_with_the_network(run, root):
    checkpoint = load_backbone(run[0] / "model_final.pth")
    image = np.array(checkpoint.preprocessing.mean_image).reshape(16, 16, 3)
    assert image.std((0, 1)).min() > 1  # no constant
    assert image.mean((0, 1)) == pytest.approx(checkpoint.preprocessing.mean)
    kept = [cv2.imread(str(p))[..., ::-1] for p in sorted(root.glob("train/*/*"))]
    assert np.abs(image - np.mean(kept, 0)).max() < 30  # of 30 of the 40
    assert checkpoint.recipe["SOLVER"]["IMS_PER_BATCH"] == 8


def test_padding_is_nothing_to_the_network(root):
    task = build_task(config(root))
    fill = torch.tensor(task.views.fill, dtype=torch.uint8).expand(1, 8, 8, 3)
    inputs = Normalizer(task.preprocessing, "cpu")(fill)
    assert inputs.abs().max() < 0.6 / min(task.preprocessing.std)  # half a level of 256


def test_statistics_are_recomputed_before_each_test(root, tmp_path):
    finals = []
    for enabled in (True, False):
        cfg = config(root, TEST__PRECISE_BN__ENABLED=enabled, TEST__EVAL_PERIOD=0)
        train_classifier(cfg, tmp_path / str(enabled))
        finals.append(load_backbone(tmp_path / str(enabled) / "model_final.pth").model)
    precise, moving = finals
    assert torch.equal(precise["fc.weight"], moving["fc.weight"])
    assert not torch.equal(precise["stem.norm1.running_var"], moving["stem.norm1.running_var"])


def stop_after(monkeypatch, saves):
    """Let `save_state` interrupt the run after so many calls."""
    real, calls = classifier_run.save_state, []

    def save(*arguments):
        real(*arguments)
        calls.append(arguments)
        if len(calls) == saves:
            raise KeyboardInterrupt

    monkeypatch.setattr(classifier_run, "save_state", save)


def test_a_stopped_run_goes_on_with_averages_plateaus_and_means(root, tmp_path, monkeypatch):
    changes = {
        "SOLVER__EMA__ENABLED": True,
        "SOLVER__EMA__PERIOD": 1,
        "SOLVER__EMA__DECAY": 0.7,
        "SOLVER__LR_SCHEDULER_NAME": "WarmupPlateauLR",
        "SOLVER__PLATEAU__PATIENCE": 1,
        "SOLVER__PLATEAU__THRESHOLD": 100,
        "SOLVER__ACCUMULATION": 2,
        "SOLVER__CHECKPOINT_PERIOD": 2,
        "INPUT__MIXUP_ALPHA": 0.2,
        "INPUT__CUTMIX_ALPHA": 1.0,
    }
    cfg = config(root, **changes)
    train_classifier(cfg, tmp_path / "whole")
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            train_classifier(cfg, tmp_path / "parts")
    assert load_state(tmp_path / "parts").iteration == 4
    train_classifier(cfg, tmp_path / "parts", resume=True)
    whole, parts = (
        load_backbone(tmp_path / d / "model_final.pth").model for d in ("whole", "parts")
    )
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    # an error never 100 points lower: every evaluation but the first drops the rate
    rates = {x["iteration"]: x["lr"] for x in lines(tmp_path / "parts") if "lr" in x}
    assert [rates[i] for i in (0, 3, 5)] == pytest.approx([0.05, 0.05, 0.005])
    last = load_state(tmp_path / "whole")
    assert not torch.equal(last.model["fc.weight"], whole["fc.weight"])
    assert torch.equal(last.average["fc.weight"], whole["fc.weight"])


def test_no_more_workers_than_cores(root, tmp_path, monkeypatch):
    monkeypatch.setattr(task, "available_cores", lambda: 1)
    options = {"DATASETS__IN_MEMORY": False, "SOLVER__MAX_ITER": 1, "DATALOADER__NUM_WORKERS": 3}
    train_classifier(config(root, **options), tmp_path)
    note = "workers: 1, one for each core, not the 3 of DATALOADER.NUM_WORKERS"
    assert note in (tmp_path / "log.txt").read_text()


def test_the_rate_waits_for_the_training_error(root, tmp_path):
    changes = {"SOLVER__WARMUP_UNTIL_ERROR": 100.0, "TEST__EVAL_PERIOD": 0}
    changes |= {"TEST__PRECISE_BN__ENABLED": False, "MODEL__NAME": "cifar_resnet8"}
    cfg = config(root, "cifar10_resnet110", SOLVER__MAX_ITER=21, **changes)
    train_classifier(cfg, tmp_path / "whole")
    rates = {x["iteration"]: x["lr"] for x in lines(tmp_path / "whole") if "lr" in x}
    assert rates == pytest.approx({0: 0.005, 19: 0.005, 20: 0.05})
    # wherever it is stopped, the training error is that of iterations 1 to 20
    half = config(root, "cifar10_resnet110", SOLVER__MAX_ITER=7, **changes)
    train_classifier(half, tmp_path / "parts")
    train_classifier(cfg, tmp_path / "parts", resume=True)
    whole, parts = (load_state(tmp_path / name) for name in ("whole", "parts"))
    assert whole.progress["training"] == parts.progress["training"]
    assert all(torch.equal(whole.model[key], parts.model[key]) for key in whole.model)


def test_a_run_is_not_shorter_than_what_it_has_done(root, run, tmp_path):
    shutil.copytree(run[0], tmp_path / "run")
    (tmp_path / "run" / "results.json").unlink()
    cfg = config(root, SOLVER__MAX_ITER=3)
    with pytest.raises(ValueError, match="MAX_ITER must be at least 6, what the run in .* got 3"):
        train_classifier(cfg, tmp_path / "run", resume=True)


def test_a_mean_image_has_the_size_of_the_inputs(root, run, tmp_path):
    weights = {"MODEL__WEIGHTS": run[0] / "model_final.pth", "INPUT__SIZE": 24}
    anew = build_task(config(root, DATASETS__IN_MEMORY=False, **weights))
    assert len(anew.preprocessing.mean_image) == 24 * 24 * 3
    with pytest.raises(ValueError, match=r"INPUT\.SIZE must be 16, the size of the mean image"):
        build_task(config(root, INPUT__MEAN="channel", DATASETS__IN_MEMORY=False, **weights))


def test_a_class_without_images_to_test_is_told(root, tmp_path):
    shutil.copytree(root, tmp_path / "data")
    shutil.rmtree(tmp_path / "data" / "test" / "c")
    assert "no test images of 1 class: c" in build_task(config(tmp_path / "data")).notes


def test_loading_from_disk_and_from_memory_sees_the_same_images(root, tmp_path):
    results = [
        train_classifier(
            config(root, DATASETS__IN_MEMORY=memory, DATALOADER__NUM_WORKERS=0, SOLVER__MAX_ITER=1),
            tmp_path / str(memory),
        )
        for memory in (True, False)
    ]
    assert results[0]["num_images"] == results[1]["num_images"]


def test_the_modern_recipe_runs_at_a_small_size(root, tmp_path):
    small = {
        "MODEL__NAME": "resnet18",
        "MODEL__WIDTH": 0.125,
        "INPUT__SIZE": 24,
        "INPUT__SIZE_TEST": 32,
        "INPUT__MIN_SIZE_TEST": 36,
        "DATALOADER__NUM_WORKERS": 0,
        "SOLVER__EMA__PERIOD": 1,
    }
    train_classifier(config(root, "imagenet_resnet18_modern", **small), tmp_path)
    assert load_backbone(tmp_path / "model_final.pth").recipe["INPUT"]["SIZE_TEST"] == 32


def test_a_plateau_needs_images_to_watch(root, tmp_path):
    (tmp_path / "train").symlink_to(root / "train")
    changes = {"DATASETS__HOLD_OUT": 0, "SOLVER__LR_SCHEDULER_NAME": "WarmupPlateauLR"}
    with pytest.raises(ValueError, match=r"must have val/ or test/ .* set DATASETS\.HOLD_OUT"):
        train_classifier(config(tmp_path, **changes), tmp_path / "run")


def test_deep_networks_train_the_same_with_less_memory(root, tmp_path):
    for checkpointing in (True, False):
        cfg = config(root, MODEL__ACTIVATION_CHECKPOINTING=checkpointing)
        train_classifier(cfg, tmp_path / str(checkpointing))
    saved = [load_backbone(tmp_path / str(c) / "model_final.pth").model for c in (True, False)]
    assert all(torch.equal(saved[0][key], saved[1][key]) for key in saved[0])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_recipe_names_a_network(path):
    with torch.device("meta"):
        model, _, _ = build_classifier(load_classification(path.name), tuple("abcdefghij"))
    assert model.num_classes == 10
