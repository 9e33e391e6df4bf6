"""detectron2's own training loop, data, checkpointer and evaluation with our backbone and head."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

pytest.importorskip("detectron2")
pytestmark = pytest.mark.detectron2

from detectron2.checkpoint import DetectionCheckpointer, PeriodicCheckpointer  # noqa: E402
from detectron2.data import (  # noqa: E402
    DatasetCatalog,
    build_detection_test_loader,
    build_detection_train_loader,
)
from detectron2.data.datasets import register_coco_instances  # noqa: E402
from detectron2.engine import DefaultTrainer  # noqa: E402
from detectron2.evaluation import (  # noqa: E402
    COCOEvaluator,
    DatasetEvaluators,
    PascalVOCDetectionEvaluator,
    inference_on_dataset,
)
from detectron2.modeling import build_model  # noqa: E402
from detectron2.solver import build_lr_scheduler, build_optimizer  # noqa: E402
from detectron2.utils.env import seed_all_rng  # noqa: E402
from detectron2.utils.events import EventStorage  # noqa: E402

ITERATIONS = 40
BASES = {
    "shapes_r18": (),
    "shapes_vgg16": ("MODEL.VGG.NORM", "GN", "MODEL.ROI_BOX_HEAD.FC_DIM", "512"),
    "bccd_r18": (
        *("MODEL.ROI_HEADS.NUM_CLASSES", "6", "DATASETS.CLASSES", "[]", "MODEL.FPN.NORM", "GN"),
        *("MODEL.FPN.OUT_CHANNELS", "32", "MODEL.ROI_BOX_HEAD.FC_DIM", "64"),
    ),
}


def train(cfg, model, *, resume: bool = False) -> list[float]:
    """The losses of a loop that detectron2's users write."""
    model.train()
    optimizer = build_optimizer(cfg, model)
    scheduler = build_lr_scheduler(cfg, optimizer)
    checkpointer = DetectionCheckpointer(
        model, cfg.OUTPUT_DIR, optimizer=optimizer, scheduler=scheduler
    )
    left = checkpointer.resume_or_load(cfg.MODEL.WEIGHTS, resume=resume)
    start, stop = left.get("iteration", -1) + 1, cfg.SOLVER.MAX_ITER
    periodic = PeriodicCheckpointer(checkpointer, cfg.SOLVER.CHECKPOINT_PERIOD, max_iter=stop)
    losses = []
    with EventStorage(start):
        for batch, iteration in zip(build_detection_train_loader(cfg), range(start, stop)):
            loss = sum(model(batch).values())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            periodic.step(iteration)
    return losses


def config_of(native_config, tmp_path: Path, base: str, *overrides: str):
    cfg = native_config(*BASES[base], *overrides, base=base)
    cfg.SOLVER.MAX_ITER, cfg.SOLVER.BASE_LR, cfg.SOLVER.WARMUP_ITERS = ITERATIONS, 0.05, 2
    cfg.SOLVER.CHECKPOINT_PERIOD = ITERATIONS // 2
    cfg.OUTPUT_DIR = str(tmp_path)
    return cfg


@pytest.mark.parametrize("base", BASES)
def test_the_loss_falls_and_a_killed_run_is_resumed(
    native_config, tmp_path: Path, base: str
) -> None:
    seed_all_rng(0)
    cfg = config_of(native_config, tmp_path, base)
    model = build_model(cfg)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    losses = train(cfg, model)
    assert len(losses) == ITERATIONS
    assert sum(losses[-6:]) < 0.9 * sum(losses[:6])
    still = [n for n, p in model.named_parameters() if torch.equal(p, before[n])]
    assert [n for n in still if dict(model.named_parameters())[n].requires_grad] == []

    half = tmp_path / f"model_{ITERATIONS // 2 - 1:07d}.pth"
    (tmp_path / "last_checkpoint").write_text(half.name)
    again = build_model(cfg)
    assert len(train(cfg, again, resume=True)) == ITERATIONS // 2


def test_its_evaluators_measure_our_detector(
    native_config, shapes_root: Path, tmp_path: Path
) -> None:
    name = "resdet_shapes_test_coco"
    if name not in DatasetCatalog:
        annotations = shapes_root / "annotations/instances_test.json"
        register_coco_instances(name, {}, str(annotations), str(shapes_root / "JPEGImages"))
    cfg = native_config("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.0")
    model = build_model(cfg)
    coco = COCOEvaluator(name, output_dir=str(tmp_path), use_fast_impl=False)
    loader = build_detection_test_loader(cfg, name)
    numbers = inference_on_dataset(model, loader, DatasetEvaluators([coco]))
    assert 0 <= numbers["bbox"]["AP50"] <= 100
    assert (tmp_path / "coco_instances_results.json").stat().st_size > 100
    (split,) = cfg.DATASETS.TRAIN  # whose images hold every class; else its mean is no number
    voc = PascalVOCDetectionEvaluator(split)
    loader = build_detection_test_loader(cfg, split)
    numbers = inference_on_dataset(model, loader, voc)
    assert 0 <= numbers["bbox"]["AP50"] <= 100


def test_its_trainer_takes_our_optimiser(native_config, tmp_path: Path) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "detectron2.md"
    (block,) = [b for b in page.read_text().split("```") if "def build_optimizer" in b]
    names: dict[str, type[DefaultTrainer]] = {}
    exec(block.removeprefix("python\n"), names)
    cfg = config_of(native_config, tmp_path, "bccd_r18")
    trainer = names["Trainer"](cfg)
    assert isinstance(trainer._trainer.optimizer, torch.optim.AdamW)
    cfg.SOLVER.OPTIMIZER = "SGD"
    trainer = names["Trainer"](cfg)
    assert isinstance(trainer._trainer.optimizer, torch.optim.SGD)


class Trainer(DefaultTrainer):
    @classmethod
    def build_evaluator(cls, cfg, dataset_name):
        return PascalVOCDetectionEvaluator(dataset_name)


def test_the_default_trainer_trains_evaluates_and_saves(native_config, tmp_path: Path) -> None:
    cfg = config_of(native_config, tmp_path, "shapes_r18")
    cfg.SOLVER.MAX_ITER = cfg.SOLVER.CHECKPOINT_PERIOD = cfg.TEST.EVAL_PERIOD = 2
    cfg.SOLVER.STEPS = (1,)
    trainer = Trainer(cfg)
    trainer.resume_or_load(resume=False)
    trainer.train()
    assert "bbox" in Trainer.test(cfg, trainer.model)
    assert (tmp_path / "model_final.pth").is_file()
    again = Trainer(cfg)
    again.resume_or_load(resume=True)
    assert again.start_iter == 2
