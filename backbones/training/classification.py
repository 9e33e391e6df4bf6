"""Train a classifier from a config: data, network, optimiser, loop, files."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from backbones.config import CfgNode
from backbones.convolution.quick import place
from backbones.data.loader import Batch
from backbones.data.mixing import Mixing
from backbones.data.normalize import Normalizer
from backbones.machine import distributed
from backbones.training import solver
from backbones.training.accelerate import accelerate
from backbones.training.alone import alone
from backbones.training.average import WeightAverage
from backbones.training.boards import plain, wandb_board
from backbones.training.classifier_run import Care, ClassifierRun
from backbones.training.loop import Learner, LoopSettings, train
from backbones.training.losses import ClassificationLosses
from backbones.training.meter import cure_of_waiting
from backbones.training.nonfinite import ROLLED_BACK, NonFiniteLossError, check_roll_back
from backbones.training.progress import Progress, build_rate_factor
from backbones.training.ranks import own_state, restore_rank
from backbones.training.report import introduce, make_results, write_final
from backbones.training.results import Outcome
from backbones.training.runlog import RunLog
from backbones.training.state import TrainingState, load_state, taking_up
from backbones.training.stopping import Stopping
from backbones.training.task import Task, build_batches, build_task
from backbones.weights import checkpoint
from backbones.weights.checkpoint import Preprocessing
from backbones.weights.interop import check_arch


def train_classifier(cfg: CfgNode, output: Path, *, resume: bool = False) -> dict[str, Any]:
    """Train as `cfg` says, write everything under `output`, return what results.json holds.

    `resume` goes on from the state in `output`, where there is one. Runs in every process that
    `distributed.setup` has joined.
    Raises: ValueError for data, weights or a state that do not fit, a run in `output` that is
    not to be resumed, or a loss not finite; Stopped by a signal.
    """
    started = time.monotonic()
    with alone(output), Stopping(output) as stop:
        try:
            return _train(cfg, output, stop, started, resume=resume)
        except NonFiniteLossError as error:
            check_roll_back(cfg.SOLVER.ROLL_BACK, output, error)
        return _train(cfg, output, stop, started, resume=True, rate_scale=ROLLED_BACK)


def _train(
    cfg: CfgNode,
    output: Path,
    stop: Stopping,
    started: float,
    *,
    resume: bool,
    rate_scale: float = 1.0,
) -> dict[str, Any]:
    state = load_state(output, resume=resume)
    boards = wandb_board(cfg, output, resumed=state is not None)
    seed = state.seed if state else distributed.shared_seed(cfg.SEED)
    distributed.seed_all(seed)
    device = _device(cfg)
    task = build_task(cfg, Preprocessing.from_dict(state.preprocessing) if state else None)
    precision, compiled = solver.precision(cfg), cfg.MODEL.COMPILE
    place(task.model, device, learns=True, precision=precision, compiled=compiled)
    task.model.to(memory_format=torch.channels_last)
    settings = _build_settings(cfg, state, rate_scale)
    log = RunLog(output, cfg.MODEL.NAME, settings.max_iterations, settings.start_iteration, boards)
    run = _build_run(cfg, task, state, settings, seed, device, log)
    with log:
        _go_on(cfg, run, state, stop)
    seconds = time.monotonic() - started
    outcome = Outcome(run.metrics, settings.max_iterations, seed, seconds)
    results = make_results(task, outcome, device, output)
    if distributed.is_main():
        write_final(run.care.recipe, output, task, run.tested_model, results)
    distributed.barrier()
    return results


def _go_on(cfg: CfgNode, run: ClassifierRun, state: TrainingState | None, stop: Stopping) -> None:
    """From `state`, else from the start, to the last iteration; measured on the way."""
    settings, log = run.settings, run.log
    first, last = settings.start_iteration, settings.max_iterations
    introduce(cfg, run.task, run.device, run.seed, first, run.directory, log)
    model = _accelerated(cfg, run) if first < last else run.task.model
    if state:
        ranks = state.ranks, run.task.model, run.device, state.seed, first
        with taking_up(checkpoint.last(run.directory)):
            remark = restore_rank(*ranks)
        if remark:
            log.info(remark)
    if settings.rate_scale < 1:
        log.info(f"every rate times {settings.rate_scale:g}: a loss was not finite")
    run.measure_what_was_cut_off()
    if first < last:
        batches = run.batches.train(run.seed, first)
        train(replace(run.learner, model=model), batches, settings, run, log, stop)


def _build_settings(cfg: CfgNode, state: TrainingState | None, rate_scale: float) -> LoopSettings:
    return LoopSettings(
        max_iterations=cfg.SOLVER.MAX_ITER,
        images_per_iteration=cfg.SOLVER.IMS_PER_BATCH,
        start_iteration=state.iteration if state else 0,
        precision=solver.precision(cfg),
        accumulation=cfg.SOLVER.ACCUMULATION,
        checkpoint_period=cfg.SOLVER.CHECKPOINT_PERIOD,
        evaluation_period=cfg.TEST.EVAL_PERIOD,
        cure_of_waiting=cure_of_waiting(
            cfg.DATALOADER.NUM_WORKERS, can_hold=not cfg.DATASETS.IN_MEMORY
        ),
        rate_scale=rate_scale * (state.rate_scale if state else 1.0),
        **solver.clipping(cfg),
    )


def _build_run(
    cfg: CfgNode,
    task: Task,
    state: TrainingState | None,
    settings: LoopSettings,
    seed: int,
    device: torch.device,
    log: RunLog,
) -> ClassifierRun:
    """The run, with all that `state` holds but the random states.

    Raises: ValueError if the run to resume trained another network, other classes or longer.
    """
    progress = Progress()
    if state:
        _check_same_run(state, task, settings, log.directory)
        with taking_up(checkpoint.last(log.directory)):
            own = own_state(state.ranks).get("progress", state.progress)
            progress = Progress.from_dict(own)
    normalize = Normalizer(task.preprocessing, device)
    run = ClassifierRun(
        task=task,
        batches=build_batches(cfg, task, device),
        normalize=normalize,
        learner=_build_learner(cfg, task, normalize, progress, device),
        average=_build_average(cfg, task.model),
        progress=progress,
        settings=settings,
        care=_build_care(cfg, task),
        seed=seed,
        device=device,
        log=log,
    )
    if state:
        run.restore(state)
    return run


def _build_learner(
    cfg: CfgNode, task: Task, normalize: Normalizer, progress: Progress, device: torch.device
) -> Learner[Batch]:
    alphas = cfg.INPUT.MIXUP_ALPHA, cfg.INPUT.CUTMIX_ALPHA
    losses = ClassificationLosses(
        normalize,
        device,
        loss=cfg.SOLVER.LOSS,
        companion_weight=task.model.companion_weight,
        mixing=Mixing(task.model.num_classes, *alphas) if any(alphas) else None,
        label_smoothing=cfg.SOLVER.LABEL_SMOOTHING,
        watch=progress.add if cfg.SOLVER.WARMUP_UNTIL_ERROR else None,
    )
    return Learner(
        task.model,
        losses,
        solver.build_optimizer(cfg, task.model),
        solver.build_scaler(cfg, device),
        build_rate_factor(cfg, progress),
    )


def _build_average(cfg: CfgNode, model: nn.Module) -> WeightAverage | None:
    ema, begin = cfg.SOLVER.EMA, cfg.SOLVER.WARMUP_ITERS
    if not ema.ENABLED:
        return None
    return WeightAverage(model, decay=ema.DECAY, period=ema.PERIOD, begin=begin)


def _build_care(cfg: CfgNode, task: Task) -> Care:
    batch = cfg.SOLVER.IMS_PER_BATCH // cfg.SOLVER.ACCUMULATION
    # more than an epoch would show the same images again
    epoch = math.ceil(len(task.splits["train"]) / batch)
    precise = cfg.TEST.PRECISE_BN
    return Care(
        num_precise_batches=min(precise.NUM_ITER, epoch) if precise.ENABLED else 0,
        num_pictures=cfg.TEST.PICTURES,
        keep=cfg.SOLVER.CHECKPOINT_KEEP,
        recipe=plain(cfg),
    )


def _check_same_run(
    state: TrainingState, task: Task, settings: LoopSettings, directory: Path
) -> None:
    """Raises: ValueError if the run to resume trained another network, other classes or longer."""
    check_arch(state.arch, task.model.arch, f"the run in {directory}")
    if state.class_names != task.class_names:
        raise ValueError(
            f"classes must be those of the run in {directory}, {list(state.class_names)}, "
            f"got {list(task.class_names)}; choose another output to start anew"
        )
    if state.iteration > settings.max_iterations:
        raise ValueError(
            f"SOLVER.MAX_ITER must be at least {state.iteration}, what the run in "
            f"{directory} has done, got {settings.max_iterations}; raise it, or choose "
            "another output to start anew"
        )


def _accelerated(cfg: CfgNode, run: ClassifierRun) -> nn.Module:
    """The network as the loop runs it, for inputs of the one shape that training has."""
    images = torch.zeros(
        cfg.SOLVER.IMS_PER_BATCH // cfg.SOLVER.ACCUMULATION // distributed.world_size(),
        *(cfg.INPUT.SIZE, cfg.INPUT.SIZE, 3),
        dtype=torch.uint8,
    )
    model, remark = accelerate(
        run.task.model,
        run.normalize(images),
        compiled=cfg.MODEL.COMPILE,
        cuda_graphs=cfg.SOLVER.CUDA_GRAPHS,
        precision=run.settings.precision,
    )
    if remark:
        run.log.info(remark)
    return model


def _device(cfg: CfgNode) -> torch.device:
    device = distributed.device(cfg.MODEL.DEVICE)
    if cfg.MODEL.NORM in ("sync", "SyncBN") and device.type == "cpu":
        raise ValueError(
            f"MODEL.NORM must be frozen, bn or gn on the CPU, got {cfg.MODEL.NORM!r}; "
            "torch synchronises batch norm between GPUs only"
        )
    torch.backends.cudnn.benchmark = True  # every training batch has one shape
    return device
