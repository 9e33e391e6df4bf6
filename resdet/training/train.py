"""Train a detector of any engine: data, model, optimiser, the loop, and what the run leaves."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from fvcore.common.config import CfgNode
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from backbones.convolution.quick import place
from backbones.files import outputs
from backbones.files.atomic import write_bytes
from backbones.files.json_file import read_json
from backbones.files.plan import Output, check_place
from backbones.files.run_folder import METRICS
from backbones.machine import distributed
from backbones.terminal.wording import count
from backbones.training import solver
from backbones.training.alone import alone
from backbones.training.boards import wandb_board
from backbones.training.learning_curve import CURVE, plot_learning_curve
from backbones.training.loop import Learner, LoopSettings, train
from backbones.training.meter import cure_of_waiting
from backbones.training.nonfinite import ROLLED_BACK, NonFiniteLossError, check_roll_back
from backbones.training.results import RESULTS, Outcome, common_results
from backbones.training.runlog import RunLog
from backbones.training.stopping import Stopping
from backbones.weights.checkpoint import last
from resdet.checkpoints import checkpoint
from resdet.checkpoints.checkpoint import BEST, FINAL, DetectorCheckpoint
from resdet.config import ConfigError
from resdet.data.corners import told_of_corners, way_of
from resdet.detector.build import build_model, initialize_model, restore_model
from resdet.detector.inference import TorchDetector, build_detector, speed_up
from resdet.detector.speed import Speed, compile_parts
from resdet.engines.protocol import Engine
from resdet.engines.samples import Sample
from resdet.evaluation.comparison.paper import paper_values
from resdet.structures.records import Dataset
from resdet.training.best import Best
from resdet.training.datasets import (
    images_per_process,
    load_datasets,
    tally_objects,
    training_batches,
)
from resdet.training.evaluation import check_places, evaluate
from resdet.training.expectation import expectation
from resdet.training.fitting import CONFIG, changed, epochs, misfit
from resdet.training.fitting_size import out_of_reach
from resdet.training.length import count_images
from resdet.training.run import CHECKPOINTS, DetectorRun, read_to_resume

EVALUATION = "evaluation.json"


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
    `cfg` is checked.
    Raises: ConfigError; ValueError for data or weights that do not fit, or a loss not finite;
        Stopped by a signal.
    """
    fresh = partial(_started, cfg, engine, init_from, overrides)
    with alone(directory), Stopping(directory) as stop:
        attempt = partial(_train, cfg, engine, name, directory, stop, fresh)
        try:
            return attempt(resume=resume)
        except NonFiniteLossError as error:
            check_roll_back(cfg.SOLVER.ROLL_BACK, directory, error)
        return attempt(resume=True, rate_scale=ROLLED_BACK)


def _train(
    cfg: CfgNode,
    engine: Engine,
    name: str,
    directory: Path,
    stop: Stopping,
    fresh: Callable[[Sequence[Dataset]], tuple[nn.Module, list[str]]],
    *,
    resume: bool,
    rate_scale: float = 1.0,
) -> dict[str, Any]:
    """`fresh` builds the model that a run on these data begins with."""
    started = time.monotonic()
    saved = CHECKPOINTS.take_up(directory, read_to_resume, resume=resume)
    if saved and (finished := _finished(cfg, directory, saved)):
        return finished
    boards = wandb_board(cfg, directory, resumed=saved is not None)
    seed = _seed(cfg, saved)
    distributed.seed_all(seed)
    device = _device(cfg)
    settings = _build_settings(cfg, saved, rate_scale)
    first, last = settings.start_iteration, settings.max_iterations
    trains, tests = _load_data(cfg)
    _check_places(directory, tests)
    classes = trains[0].class_names
    model, lines = _resumed(cfg, engine, classes, saved, directory) if saved else fresh(trains)
    compiled = cfg.MODEL.COMPILE
    place(model, device, learns=True, precision=settings.precision, compiled=compiled)
    if compiled:
        compile_parts(model)
    run = DetectorRun(
        detector=build_detector(cfg, model, classes, engine),
        begun=DetectorCheckpoint({}, cfg, classes, engine.NAME, iteration=0, training={}),
        learner=_build_learner(cfg, engine, model, device),
        settings=settings,
        tests=tests,
        log=RunLog(directory, name, last, first, boards),
        seed=seed,
        started=started,
        num_pictures=cfg.TEST.PICTURES,
        keep=cfg.SOLVER.CHECKPOINT_KEEP,
        best=Best(cfg.SOLVER.PATIENCE),
    )
    if saved:
        lines += [*changed(saved.cfg, cfg), *filter(None, [run.resume(saved)])]
    with run.log:
        _announce(cfg, run, trains, lines)
        if first >= last:  # stopped between the last iteration and its evaluation
            run.evaluate(first)
        else:
            last = _run_loop(run, training_batches(cfg, trains, seed, first), stop)
        for line in run.told(last):
            run.log.info(line)
    if distributed.is_main():
        plot_learning_curve(directory / METRICS, directory / CURVE, name)
    outcome = Outcome(run.scores, last, seed, run.seconds())
    return write_results(directory / RESULTS, name, run.detector, outcome)


def _load_data(cfg: CfgNode) -> tuple[list[Dataset], list[Dataset]]:
    """To train on, and to test on; how their corners are counted is the config's from here on."""
    images_per_process(cfg)
    count = len(cfg.DATASETS.TRAIN)
    datasets = load_datasets(cfg, [*cfg.DATASETS.TRAIN, *cfg.DATASETS.TEST], training=count)
    _check_distinct(datasets[count:])
    cfg.DATASETS.VOC_CORNERS = way_of(datasets)
    return datasets[:count], datasets[count:]


def _check_places(directory: Path, tests: Sequence[Dataset]) -> None:
    """Find out before the first iteration whether what a run leaves could be written.

    Raises: as `check_places`.
    """
    for file in (CONFIG, METRICS, RESULTS, CURVE, BEST, FINAL):
        check_place(Output("--output", directory / file))
    check_places(directory, tests)


def _build_settings(
    cfg: CfgNode, saved: DetectorCheckpoint | None, rate_scale: float
) -> LoopSettings:
    return LoopSettings(
        max_iterations=cfg.SOLVER.MAX_ITER,
        images_per_iteration=cfg.SOLVER.IMS_PER_BATCH,
        start_iteration=saved.iteration if saved else 0,
        precision=solver.precision(cfg),
        checkpoint_period=cfg.SOLVER.CHECKPOINT_PERIOD,
        evaluation_period=cfg.TEST.EVAL_PERIOD,
        cure_of_waiting=cure_of_waiting(cfg.DATALOADER.NUM_WORKERS),
        rate_scale=rate_scale * (saved.training.get("rate_scale", 1.0) if saved else 1.0),
        **solver.clipping(cfg),
    )


def _build_learner(
    cfg: CfgNode, engine: Engine, model: nn.Module, device: torch.device
) -> Learner[list[Sample]]:
    return Learner(
        model,
        engine.compute_losses,
        solver.build_optimizer(cfg, model),
        solver.build_scaler(cfg, device),
        solver.build_rate_factor(cfg),
    )


def _finished(cfg: CfgNode, directory: Path, saved: DetectorCheckpoint) -> dict[str, Any] | None:
    """What results.json holds of a run to SOLVER.MAX_ITER or beyond, or ended early; else None.

    Raises: ValueError for a run beyond SOLVER.MAX_ITER that was never measured.
    """
    path, asked, patience = directory / RESULTS, cfg.SOLVER.MAX_ITER, cfg.SOLVER.PATIENCE
    done, over = saved.iteration, 0 < patience <= saved.training.get("waited", 0)
    if done < asked and not over:
        return None
    found = read_json(path) if path.is_file() else {}
    # of a shorter run, which this one went on with
    if not isinstance(found, dict) or found.get("iterations") != done:
        if done > asked:
            raise ValueError(
                f"SOLVER.MAX_ITER must be at least {done}, what the run in {directory} "
                f"has done, got {asked}; raise it, or choose another --output to start anew"
            )
        return None
    if distributed.is_main():
        key = "SOLVER.PATIENCE" if over and done < asked else "SOLVER.MAX_ITER"
        print(
            f"{directory} is finished: iteration {done} of SOLVER.MAX_ITER {asked}; "
            f"raise {key} to go on, or measure it with --eval-only"
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
    `checkpoint.load`. `cfg` is checked.
    Raises: ConfigError if there is nothing to measure on; ValueError if the checkpoint differs.
    """
    started = time.monotonic()
    if not cfg.DATASETS.TEST:
        raise ConfigError("config", ["DATASETS.TEST must name a dataset, got none"])
    saved = checkpoint.load(path, overrides)
    model, _ = restore_model(cfg, engine, saved, str(path))
    detector = build_detector(cfg, model, saved.class_names, engine, speed)
    speed_up(detector, _device(cfg))
    tests = load_datasets(cfg, cfg.DATASETS.TEST)
    _check_distinct(tests)
    check_places(directory, tests)
    for line in told_of_corners(tests) if distributed.is_main() else ():
        print(line, flush=True)
    with alone(directory):
        scores = evaluate(detector, tests, directory)
        seconds = time.monotonic() - started
        outcome = Outcome(scores, saved.iteration, saved.training.get("seed"), seconds)
        file = directory / (RESULTS if last(directory) is None else EVALUATION)
        return write_results(file, name, detector, outcome)


def write_results(
    path: Path, name: str, detector: TorchDetector, outcome: Outcome
) -> dict[str, Any]:
    """What was measured, of what, on what, beside the paper's own value."""
    device = next(detector.model.parameters()).device
    values = {
        "config": name,
        "engine": detector.engine.NAME,
        "paper": paper_values(name),
        **common_results(outcome, device),
    }
    if distributed.is_main():
        outputs.write_json(path, values)
    return values


def _run_loop(run: DetectorRun, batches: Iterator[list[Sample]], stop: Stopping) -> int:
    """-> the iterations done, fewer than were asked for where the run was over before."""
    model, start = run.detector.model, run.settings.start_iteration
    if start and run.owes_evaluation(start):
        run.log.status("evaluating what the run was stopped before")
        run.log.scalars(start - 1, run.evaluate(start))
        model.train()
    wrapped: nn.Module = model
    if distributed.world_size() > 1:
        with warnings.catch_warnings():  # torch 2.15 calls the option otherwise, 2.11 only so
            warnings.simplefilter("ignore", FutureWarning)
            # the loop averages running statistics where they are read
            wrapped = DistributedDataParallel(model, broadcast_buffers=False)
    done = train(replace(run.learner, model=wrapped), batches, run.settings, run, run.log, stop)
    if done < run.settings.max_iterations:
        run.save(done, final=True)
    return done


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
    init_from: Path | None,
    overrides: Sequence[str],
    trains: Sequence[Dataset],
) -> tuple[nn.Module, list[str]]:
    classes = trains[0].class_names
    weights = Path(cfg.MODEL.WEIGHTS)
    if init_from is None and weights.is_file() and checkpoint.holds_detector(weights):
        init_from = weights  # detectron2's way to say it
    if init_from is None:
        model, lines = build_model(cfg, engine)
        few = [] if cfg.MODEL.WEIGHTS else expectation(count_images(cfg, trains), len(classes))
        return model, [*lines, *few]
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
    cfg: CfgNode, run: DetectorRun, trains: Sequence[Dataset], lines: Sequence[str]
) -> None:
    """Write config.yaml and say what is trained on what, how, and from where."""
    if distributed.is_main():
        write_bytes(run.directory / CONFIG, cfg.dump().encode())
    log, processes = run.log, distributed.world_size()
    engine = run.detector.engine.NAME
    many = count(processes, "process", "processes")
    log.info(f"engine {engine} on {run.device}, {many}, seed {run.seed}")
    for dataset in trains:
        log.info(
            f"train on {dataset.name}: {count(len(dataset), 'image')}, "
            f"{count(len(dataset.class_names), 'class', 'classes')}, "
            f"{tally_objects(cfg, [dataset])}"
        )
    for line in told_of_corners([*trains, *run.tests]):
        log.info(line)
    log.info(
        f"{count(cfg.SOLVER.MAX_ITER, 'iteration')} of {count(cfg.SOLVER.IMS_PER_BATCH, 'image')}: "
        f"{count(epochs(cfg, count_images(cfg, trains)), 'epoch')}"
    )
    records = [record for dataset in trains for record in dataset.records]
    for line in (*lines, *out_of_reach(cfg), *filter(None, [misfit(cfg, records)])):
        log.info(line)
    if extras := run.detector.extras:
        log.info(f"tested with {extras}")
    log.info(solver.describe_rate(cfg))
    if start := run.settings.start_iteration:
        log.info(f"going on from iteration {start}")
    if run.settings.rate_scale < 1:
        log.info(f"every rate times {run.settings.rate_scale:g}: a loss was not finite")
