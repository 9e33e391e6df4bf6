"""Train a detector of any engine: data, model, optimiser, the loop, and what the run leaves."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from fvcore.common.config import CfgNode
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from backbones.files import outputs
from backbones.files.atomic import atomic_write
from backbones.files.json_file import read_json
from backbones.machine import distributed, environment
from backbones.training import solver
from backbones.training.boards import wandb_board
from backbones.training.learning_curve import plot_learning_curve
from backbones.training.loop import LoopSettings, cure_of_waiting, train
from backbones.training.nonfinite import ROLLED_BACK, NonFiniteLossError, check_roll_back
from backbones.training.runlog import METRICS, RunLog
from backbones.training.stopping import Stopping
from backbones.weights.checkpoint import last
from resdet import config
from resdet.checkpoints import checkpoint
from resdet.checkpoints.checkpoint import DetectorCheckpoint
from resdet.config import ConfigError
from resdet.detector.build import build_model, initialize_model, restore_model
from resdet.detector.extras.extras import Extras
from resdet.detector.inference import Detector, speed_up
from resdet.detector.speed import Speed, compile_parts
from resdet.engines.protocol import Engine
from resdet.evaluation.comparison.paper import paper_values
from resdet.modeling.registry import HEADS
from resdet.structures.records import Dataset
from resdet.training.datasets import images_per_process, load_datasets, training_batches
from resdet.training.evaluation import evaluate
from resdet.training.run import CHECKPOINTS, Run, read_to_resume

RESULTS = "results.json"
EVALUATION = "evaluation.json"
CONFIG = "config.yaml"


def train_detector(
    cfg: CfgNode,
    engine: Engine,
    name: str,
    directory: Path,
    *,
    resume: bool = False,
    init_from: Path | None = None,
    overrides: Sequence[str] = (),
) -> dict[str, Any]:
    """Train, evaluate, and leave everything in `directory`; returns what results.json holds.

    `resume` goes on from last_checkpoint where there is one; `init_from`, a detector's file, gives
    weights only, as such a file does under MODEL.WEIGHTS. `overrides`: see `checkpoint.load`.
    Raises: ConfigError; ValueError for data or weights that do not fit, or a loss not finite;
        Stopped by a signal.
    """
    started = time.monotonic()
    with Stopping(directory) as stop:
        start = Start(cfg, engine, name, directory, stop, started, init_from, overrides)
        try:
            return _train(start, resume=resume)
        except NonFiniteLossError as error:
            check_roll_back(cfg.SOLVER.ROLL_BACK, directory, error)
        # the checkpoint counts the time until it was saved
        again = replace(start, started=time.monotonic())
        return _train(again, resume=True, rate_scale=ROLLED_BACK)


@dataclass(frozen=True)
class Start:
    """What `train_detector` was asked for."""

    cfg: CfgNode
    engine: Engine
    name: str
    directory: Path
    stop: Stopping
    started: float
    init_from: Path | None
    overrides: Sequence[str]


def _train(asked: Start, *, resume: bool, rate_scale: float = 1.0) -> dict[str, Any]:
    cfg, engine, directory = asked.cfg, asked.engine, asked.directory
    config.check(cfg, engine=engine.NAME, heads=HEADS.names())
    saved = CHECKPOINTS.take_up(directory, read_to_resume, resume=resume)
    if saved and (finished := _finished(cfg, directory, saved.iteration)):
        return finished
    boards = wandb_board(cfg, directory, resumed=saved is not None)
    seed = _seed(cfg, saved)
    distributed.seed_all(seed)
    device = _device(cfg)
    images_per_process(cfg)
    count = len(cfg.DATASETS.TRAIN)
    datasets = load_datasets(cfg, [*cfg.DATASETS.TRAIN, *cfg.DATASETS.TEST], training=count)
    trains, tests = datasets[:count], datasets[count:]
    _check_distinct(tests)
    classes = datasets[0].class_names
    if saved:
        model, lines = _resumed(cfg, engine, classes, saved, directory)
    else:
        model, lines = _started(cfg, engine, classes, asked.init_from, asked.overrides)
    model.to(device)
    if cfg.MODEL.COMPILE:
        compile_parts(model)
    run = Run(
        detector=Detector(model, cfg, classes, engine),
        directory=directory,
        tests=tests,
        optimizer=solver.build_optimizer(cfg, model),
        scaler=torch.amp.GradScaler(device.type, enabled=solver.precision(cfg) == "fp16"),
        seed=seed,
        started=asked.started,
        stop=asked.stop,
        rate_scale=rate_scale,
    )
    if saved and (remark := run.resume(saved)):
        lines.append(remark)
    first = saved.iteration if saved else 0
    with RunLog(directory, asked.name, cfg.SOLVER.MAX_ITER, first, boards) as log:
        run.log = log
        _announce(cfg, engine, device, trains, seed, first, lines, log)
        if run.rate_scale < 1:
            log.info(f"every rate times {run.rate_scale:g}: a loss was not finite")
        if distributed.is_main():
            _write_config(cfg, directory)
        if first >= cfg.SOLVER.MAX_ITER:  # stopped between the last iteration and its evaluation
            run.evaluate(first)
        else:
            _run_loop(run, trains, first, log)
    if distributed.is_main():
        plot_learning_curve(directory / METRICS, directory / "learning_curve.png", asked.name)
    measured = Measured(cfg.SOLVER.MAX_ITER, seed, run.seconds(), run.scores)
    return write_results(directory / RESULTS, asked.name, run.detector, measured)


def _finished(cfg: CfgNode, directory: Path, done: int) -> dict[str, Any] | None:
    """What results.json holds where it is of a run to SOLVER.MAX_ITER or beyond; else None.

    Raises: ValueError for a run beyond SOLVER.MAX_ITER that was never measured.
    """
    path, asked = directory / RESULTS, cfg.SOLVER.MAX_ITER
    if done < asked:
        return None
    found = dict(read_json(path)) if path.is_file() else {}
    if found.get("iterations") != done:  # of a shorter run, which this one went on with
        if done > asked:
            raise ValueError(
                f"SOLVER.MAX_ITER must be at least {done}, what the run in {directory} "
                f"has done, got {asked}; raise it, or choose another --output to start anew"
            )
        return None
    if distributed.is_main():
        print(
            f"{directory} is finished: iteration {done} of SOLVER.MAX_ITER {asked}; "
            "raise SOLVER.MAX_ITER to go on, or measure it with --eval-only"
        )
    return found


def evaluate_checkpoint(
    cfg: CfgNode,
    engine: Engine,
    name: str,
    directory: Path,
    path: Path,
    overrides: Sequence[str] = (),
    speed: Speed = Speed(),  # noqa: B008  (frozen)
) -> dict[str, Any]:
    """Measure a checkpoint on DATASETS.TEST, without training; returns what it wrote.

    That is results.json, in the folder of a training run evaluation.json. `overrides`: see
    `checkpoint.load`.
    Raises: ConfigError if there is nothing to measure on; ValueError if the checkpoint differs.
    """
    started = time.monotonic()
    if not cfg.DATASETS.TEST:
        raise ConfigError("config", ["DATASETS.TEST must name a dataset, got none"])
    saved = checkpoint.load(path, overrides)
    model, _ = restore_model(cfg, engine, saved, str(path))
    detector = Detector(model, cfg, saved.class_names, engine, speed)
    speed_up(detector, _device(cfg))
    tests = load_datasets(cfg, cfg.DATASETS.TEST)
    _check_distinct(tests)
    scores = evaluate(detector, tests, directory)
    seconds = time.monotonic() - started
    measured = Measured(saved.iteration, saved.training.get("seed"), seconds, scores)
    file = directory / (RESULTS if last(directory) is None else EVALUATION)
    return write_results(file, name, detector, measured)


@dataclass(frozen=True)
class Measured:
    """What a run found, after how many iterations, by which seed, in how long."""

    iterations: int
    seed: int | None
    seconds: float
    scores: dict[str, dict[str, Any]]


def write_results(path: Path, name: str, detector: Detector, measured: Measured) -> dict[str, Any]:
    """What was measured, of what, on what, beside the paper's own value."""
    device = next(detector.model.parameters()).device
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    values = {
        "config": name,
        "engine": detector.engine.NAME,
        "device": gpu or str(device),
        "seed": measured.seed,
        "seconds": round(measured.seconds, 1),
        "iterations": measured.iterations,
        "processes": distributed.world_size(),
        "metrics": measured.scores,
        "paper": paper_values(name),
        "environment": environment.environment(),
    }
    if distributed.is_main():
        outputs.write_json(path, values)
    return values


def _run_loop(run: Run, trains: Sequence[Dataset], start: int, log: RunLog) -> None:
    cfg, model = run.detector.cfg, run.detector.model
    if start and run.owes_evaluation(start):
        log.status("evaluating what the run was stopped before")
        log.scalars(start - 1, run.evaluate(start))
        model.train()
    wrapped: nn.Module = model
    if distributed.world_size() > 1:
        with warnings.catch_warnings():  # torch 2.15 calls the option otherwise, 2.11 only so
            warnings.simplefilter("ignore", FutureWarning)
            # the loop averages running statistics where they are read
            wrapped = DistributedDataParallel(model, broadcast_buffers=False)
    settings = LoopSettings(
        max_iterations=cfg.SOLVER.MAX_ITER,
        images_per_iteration=cfg.SOLVER.IMS_PER_BATCH,
        start_iteration=start,
        precision=solver.precision(cfg),
        checkpoint_period=cfg.SOLVER.CHECKPOINT_PERIOD,
        evaluation_period=cfg.TEST.EVAL_PERIOD,
        cure_of_waiting=cure_of_waiting(cfg.DATALOADER.NUM_WORKERS),
        rate_scale=run.rate_scale,
        **solver.clipping(cfg),
    )
    train(
        wrapped,
        training_batches(cfg, trains, run.seed, start),
        run.detector.engine.compute_losses,
        run.optimizer,
        solver.build_rate_factor(cfg),
        settings,
        log,
        scaler=run.scaler,
        save_checkpoint=run.save,
        evaluate=run.evaluate,
        stop=run.stop,
        image_ids=lambda iteration, batches: [s["image_id"] for batch in batches for s in batch],
    )


def _resumed(
    cfg: CfgNode,
    engine: Engine,
    classes: tuple[str, ...],
    saved: DetectorCheckpoint,
    directory: Path,
) -> tuple[nn.Module, list[str]]:
    if saved.class_names != classes:
        raise ValueError(
            f"classes of {directory} must be those of DATASETS.TRAIN ({', '.join(classes)}), "
            f"got {', '.join(saved.class_names)}; give another --output"
        )
    return restore_model(cfg, engine, saved, str(last(directory)))


def _started(
    cfg: CfgNode,
    engine: Engine,
    classes: tuple[str, ...],
    init_from: Path | None,
    overrides: Sequence[str],
) -> tuple[nn.Module, list[str]]:
    weights = Path(cfg.MODEL.WEIGHTS)
    if init_from is None and weights.is_file() and checkpoint.holds_detector(weights):
        init_from = weights  # detectron2's way to say it
    if init_from is None:
        return build_model(cfg, engine)
    source = checkpoint.load(init_from, overrides)
    return initialize_model(cfg, engine, source, str(init_from), classes)


def _check_distinct(tests: Sequence[Dataset]) -> None:
    names = [dataset.name for dataset in tests]
    if len(set(names)) < len(names):
        fault = f"DATASETS.TEST must have different names, got {', '.join(names)}; rename a folder"
        raise ConfigError("config", [fault])


def _seed(cfg: CfgNode, saved: DetectorCheckpoint | None) -> int:
    """The seed of the run to resume, else SEED, else a new one that every process shares."""
    return int(saved.training["seed"]) if saved else distributed.shared_seed(cfg.SEED)


def _device(cfg: CfgNode) -> torch.device:
    device = distributed.device(cfg.MODEL.DEVICE)
    torch.backends.cudnn.benchmark = cfg.CUDNN_BENCHMARK
    norms = (cfg.MODEL.RESNETS.NORM, cfg.MODEL.VGG.NORM, cfg.MODEL.FPN.NORM)
    if device.type == "cpu" and "SyncBN" in norms:
        raise ConfigError("config", ["NORM must be FrozenBN, BN or GN on a CPU, got 'SyncBN'"])
    return device


def _announce(
    cfg: CfgNode,
    engine: Engine,
    device: torch.device,
    trains: Sequence[Dataset],
    seed: int,
    start: int,
    lines: Sequence[str],
    log: RunLog,
) -> None:
    processes = distributed.world_size()
    log.info(f"engine {engine.NAME} on {device}, {processes} process(es), seed {seed}")
    for dataset in trains:
        objects = sum(len(r.ground_truth) for r in dataset.records if r.ground_truth is not None)
        log.info(
            f"train on {dataset.name}: {len(dataset)} images, {objects} objects, "
            f"{len(dataset.class_names)} classes"
        )
    for line in lines:
        log.info(line)
    if extras := Extras.of(cfg):
        log.info(f"tested with {extras}")
    log.info(solver.describe_rate(cfg))
    if start:
        log.info(f"going on from iteration {start}")


def _write_config(cfg: CfgNode, directory: Path) -> None:
    with atomic_write(directory / CONFIG) as file:
        file.write(cfg.dump().encode())
