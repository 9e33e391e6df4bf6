"""Train a classifier from a config: data, network, optimiser, loop, files."""

from __future__ import annotations

import functools
import json
import platform
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from backbones.checkpoint import Preprocessing, atomic_write, save_backbone, to_resume
from backbones.config import CfgNode
from backbones.config.schema import DEFAULTS
from backbones.data.folder import ImageFolder, find_test_split, read_folder
from backbones.data.loader import (
    Batch,
    Views,
    make_test_batches,
    make_training_batches,
    to_network_input,
)
from backbones.evaluation.crops import evaluate_one_crop
from backbones.features import Classifier
from backbones.hardware import cpu_model
from backbones.interop import check_arch, fill, read_weights
from backbones.registry import create
from backbones.training import distributed, solver
from backbones.training.loop import LoopSettings, train
from backbones.training.runlog import RunLog
from backbones.training.state import TrainingState, load_state, save_state

FINAL = "model_final.pth"
RESULTS = "results.json"
# Unit: pixel in 0..255, RGB. Source: the statistics of torchvision's ImageNet weights.
IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)
_ARGUMENTS = {"WIDTH": "width", "NORM": "norm", "SHORTCUT": "shortcut"}
_ARGUMENTS |= {"STRIDE_IN_1X1": "stride_in_1x1"}


@dataclass(frozen=True)
class Task:
    """What is trained on what; `test` is None where the root has no val/ or test/."""

    model: Classifier
    preprocessing: Preprocessing
    train: ImageFolder
    test: ImageFolder | None
    views: Views
    notes: tuple[str, ...]


def finished_results(cfg: CfgNode, output: Path) -> dict[str, Any] | None:
    """What results.json of a run that has done SOLVER.MAX_ITER iterations holds; else None."""
    state = load_state(output)
    if state is None or state.iteration < cfg.SOLVER.MAX_ITER or not (output / RESULTS).is_file():
        return None
    return json.loads((output / RESULTS).read_text())


def train_classifier(cfg: CfgNode, output: Path, *, resume: bool = False) -> dict[str, Any]:
    """Train as `cfg` says, write everything under `output`, return what results.json holds.

    `resume` goes on from the state in `output`, where there is one. Runs in every process that
    `distributed.setup` has joined.
    Raises: ValueError for data, weights or a state that do not fit, or a run in `output` that is
    not to be resumed.
    """
    started = time.monotonic()
    state = load_state(output) if to_resume(output, resume) else None
    if resume and state is None and distributed.is_main():
        print(f"{output} holds no run yet: starting one")
    seed = state.seed if state else distributed.shared_seed(cfg.SEED)
    distributed.seed_all(seed)
    device = _device(cfg)
    task = build_task(cfg)
    task.model.to(device).to(memory_format=torch.channels_last)
    metrics = _train(cfg, task, device, output, seed, state)
    results = _results(cfg, task, device, seed, time.monotonic() - started, metrics)
    if distributed.is_main():
        _write_final(output, task, results)
    distributed.barrier()
    return results


def build_task(cfg: CfgNode) -> Task:
    """Read the folders and build the network that fits them."""
    root = Path(cfg.DATASETS.ROOT)
    train_folder = read_folder(root, "train")
    split = find_test_split(root)
    test = read_folder(root, split, train_folder.class_names) if split else None
    model, preprocessing, notes = build_classifier(cfg, train_folder.class_names)
    if split is None:
        notes += (f"{root} has neither val/ nor test/: no error will be measured",)
    low, high = cfg.INPUT.MIN_SIZE_TRAIN
    flip = cfg.INPUT.RANDOM_FLIP == "horizontal"
    views = Views(cfg.INPUT.SIZE, (low, high), cfg.INPUT.MIN_SIZE_TEST, flip)
    return Task(model, preprocessing, train_folder, test, views, notes)


def build_classifier(
    cfg: CfgNode, class_names: tuple[str, ...]
) -> tuple[Classifier, Preprocessing, tuple[str, ...]]:
    """Return the network, with MODEL.WEIGHTS inside if named, its preprocessing, and remarks.

    Raises: ValueError if MODEL.NUM_CLASSES is below the folder's, or the network lacks an argument.
    """
    num_classes = cfg.MODEL.NUM_CLASSES or len(class_names)
    if num_classes < len(class_names):
        raise ValueError(
            f"MODEL.NUM_CLASSES must be 0 or at least the {len(class_names)} classes of the "
            f"training folder, got {num_classes}"
        )
    # a key at its default is left to the network, which may not know it
    arguments = {
        argument: cfg.MODEL[key]
        for key, argument in _ARGUMENTS.items()
        if cfg.MODEL[key] != DEFAULTS["MODEL"][key]
    }
    model = create(cfg.MODEL.NAME, num_classes=num_classes, **arguments)
    if not cfg.MODEL.WEIGHTS:
        return model, _preprocessing(cfg, None, class_names), ()
    weights = read_weights(cfg.MODEL.WEIGHTS, cfg.MODEL.NAME)
    same_classes = weights.preprocessing.class_names == class_names
    loaded = fill(model, weights, cfg.MODEL.WEIGHTS, drop_classifier=not same_classes)
    note = f"weights of {cfg.MODEL.WEIGHTS}"
    if loaded.dropped:
        note += f", without {', '.join(loaded.dropped)}: they name other classes"
    return model, _preprocessing(cfg, loaded.preprocessing, class_names), (note,)


def _preprocessing(
    cfg: CfgNode, weights: Preprocessing | None, class_names: tuple[str, ...]
) -> Preprocessing:
    order = cfg.INPUT.FORMAT or (weights.channel_order if weights else "RGB")
    if weights:
        mean, std = map(tuple, weights.pixel_mean_std())
        if order != weights.channel_order:
            mean, std = mean[::-1], std[::-1]
    else:
        step = 1 if order == "RGB" else -1
        mean, std = IMAGENET_MEAN[::step], IMAGENET_STD[::step]
    return Preprocessing(
        channel_order=order,
        scale=1.0,
        mean=tuple(cfg.INPUT.PIXEL_MEAN) or mean,
        std=tuple(cfg.INPUT.PIXEL_STD) or std,
        class_names=class_names,
    )


def _train(
    cfg: CfgNode,
    task: Task,
    device: torch.device,
    output: Path,
    seed: int,
    state: TrainingState | None,
) -> dict[str, float]:
    """Run the loop; return the errors measured after its last iteration."""
    model, last_metrics = task.model, dict[str, float]()
    optimizer = solver.build_optimizer(cfg, model)
    scaler = torch.amp.GradScaler(device.type, enabled=solver.precision(cfg) == "fp16")
    first = _restore(state, task, optimizer, scaler, output) if state else 0

    def save_checkpoint(iteration: int) -> None:
        if distributed.is_main():
            arch, names = model.arch, task.train.class_names
            parts = (model.state_dict(), optimizer.state_dict(), scaler.state_dict())
            save_state(output, TrainingState(iteration, seed, arch, names, *parts))
        distributed.barrier()
        distributed.seed_all(seed, iteration)

    def evaluate(iteration: int) -> Mapping[str, float]:
        last_metrics.update(_evaluate(cfg, task))
        return last_metrics

    with RunLog(output, cfg.MODEL.NAME, cfg.SOLVER.MAX_ITER, first) as log:
        _introduce(cfg, task, device, seed, first, output, log)
        if first >= cfg.SOLVER.MAX_ITER:  # it was stopped between its last iteration and its files
            return dict(evaluate(first))
        train(
            _parallel(model, device),
            _training_batches(cfg, task, seed, first),
            functools.partial(_losses, preprocessing=task.preprocessing, device=device),
            optimizer,
            solver.build_rate_factor(cfg),
            LoopSettings(
                max_iterations=cfg.SOLVER.MAX_ITER,
                images_per_iteration=cfg.SOLVER.IMS_PER_BATCH,
                start_iteration=first,
                precision=solver.precision(cfg),
                checkpoint_period=cfg.SOLVER.CHECKPOINT_PERIOD,
                evaluation_period=cfg.TEST.EVAL_PERIOD,
                **solver.clipping(cfg),
            ),
            log,
            scaler=scaler,
            save_checkpoint=save_checkpoint,
            evaluate=evaluate,
        )
    return last_metrics


def _training_batches(cfg: CfgNode, task: Task, seed: int, first: int) -> Iterator[Batch]:
    return make_training_batches(
        task.train,
        task.views,
        batch_size=cfg.SOLVER.IMS_PER_BATCH,
        seed=seed,
        start_iteration=first,
        **_workers(cfg),
    )


def _evaluate(cfg: CfgNode, task: Task) -> dict[str, float]:
    if task.test is None:
        return {}
    own_share = max(1, cfg.SOLVER.IMS_PER_BATCH // distributed.world_size())
    batches = make_test_batches(task.test, task.views, batch_size=own_share, **_workers(cfg))
    return evaluate_one_crop(task.model, batches, task.preprocessing)


def _device(cfg: CfgNode) -> torch.device:
    device = distributed.device(cfg.MODEL.DEVICE)
    if cfg.MODEL.NORM in ("sync", "SyncBN") and device.type == "cpu":
        raise ValueError(
            f"MODEL.NORM must be frozen, bn or gn on the CPU, got {cfg.MODEL.NORM!r}; "
            "torch synchronises batch norm between GPUs only"
        )
    torch.backends.cudnn.benchmark = True  # every training batch has one shape
    return device


def _losses(
    model: nn.Module, batch: Batch, *, preprocessing: Preprocessing, device: torch.device
) -> dict[str, Tensor]:
    images, labels = batch
    logits = model(to_network_input(images, preprocessing, device))
    return {"loss_cls": F.cross_entropy(logits, labels.to(device, non_blocking=True))}


def _parallel(model: Classifier, device: torch.device) -> nn.Module:
    if distributed.world_size() == 1:
        return model
    return DistributedDataParallel(model, [device.index] if device.type == "cuda" else None)


def _workers(cfg: CfgNode) -> dict[str, int]:
    return {
        "rank": distributed.rank(),
        "world_size": distributed.world_size(),
        "num_workers": cfg.DATALOADER.NUM_WORKERS,
    }


def _restore(
    state: TrainingState,
    task: Task,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    output: Path,
) -> int:
    """Fill network and optimiser from `state`; return the iterations done.

    Raises: ValueError if the run in `output` trained another network or other classes.
    """
    check_arch(state.arch, task.model.arch, f"the run in {output}")
    if state.class_names != task.train.class_names:
        raise ValueError(
            f"classes must be those of the run in {output}, {list(state.class_names)}, "
            f"got {list(task.train.class_names)}; choose another output to start anew"
        )
    task.model.load_state_dict(state.model)
    solver.load_optimizer(optimizer, state.optimizer)
    scaler.load_state_dict(state.scaler)
    distributed.seed_all(state.seed, state.iteration)
    return state.iteration


def _introduce(
    cfg: CfgNode, task: Task, device: torch.device, seed: int, first: int, output: Path, log: RunLog
) -> None:
    if distributed.is_main():
        with atomic_write(output / "config.yaml") as file:
            file.write(cfg.dump().encode())
    parameters = sum(p.numel() for p in task.model.parameters())
    log.info(f"{cfg.MODEL.NAME}: {parameters / 1e6:.2f} M parameters on {device}, seed {seed}")
    tested = f", {len(task.test)} to test" if task.test else ""
    log.info(f"{len(task.train)} images of {len(task.train.class_names)} classes to train{tested}")
    log.info(solver.describe_rate(cfg))
    for note in task.notes:
        log.info(note)
    if first:
        log.info(f"resuming after {first} of {cfg.SOLVER.MAX_ITER} iterations")


def _results(
    cfg: CfgNode,
    task: Task,
    device: torch.device,
    seed: int,
    seconds: float,
    metrics: Mapping[str, float],
) -> dict[str, Any]:
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "arch": task.model.arch,
        "num_classes": task.model.num_classes,
        "metrics": dict(metrics),
        "num_images": {"train": len(task.train), "test": len(task.test) if task.test else 0},
        "iterations": cfg.SOLVER.MAX_ITER,
        "seed": seed,
        "seconds": round(seconds, 1),
        "hardware": gpu or cpu_model(),
        "num_processes": distributed.world_size(),
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),  # its own class, which a checkpoint must not hold
            "torchvision": torchvision.__version__,
        },
    }


def _write_final(output: Path, task: Task, results: Mapping[str, Any]) -> None:
    save_backbone(
        output / FINAL,
        arch=task.model.arch,
        num_classes=task.model.num_classes,
        model=task.model.state_dict(),
        preprocessing=task.preprocessing,
        meta=dict(results),
    )
    with atomic_write(output / RESULTS) as file:
        file.write((json.dumps(results, indent=2) + "\n").encode())
