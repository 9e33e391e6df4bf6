"""Train a classifier from a config: data, network, optimiser, loop, files."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.config import CfgNode
from backbones.data.loader import Batch, epoch_order
from backbones.data.mixing import Mixing
from backbones.data.normalize import Normalizer
from backbones.evaluation.crops import evaluate_one_crop
from backbones.freeze import recompute_statistics
from backbones.machine import distributed
from backbones.training import solver
from backbones.training.accelerate import accelerate
from backbones.training.average import WeightAverage
from backbones.training.boards import MakeBoard, wandb_board
from backbones.training.loop import (
    LoopSettings,
    cure_of_waiting,
    follow_main,
    share_statistics,
    train,
)
from backbones.training.nonfinite import ROLLED_BACK, NonFiniteLossError, check_roll_back
from backbones.training.pictures import picture_of_predictions
from backbones.training.progress import Progress, build_rate_factor
from backbones.training.ranks import gather_ranks, own_state, restore_rank
from backbones.training.report import introduce, make_results, write_best, write_final
from backbones.training.runlog import RunLog, has_evaluation
from backbones.training.state import TrainingState, load_state, save_state
from backbones.training.stopping import Stopping
from backbones.training.task import Batches, Split, Task, build_task
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
    with Stopping(output) as stop:
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
    task.model.to(device).to(memory_format=torch.channels_last)
    run = Run(cfg, task, device, output, seed)
    if state:
        run.restore(state)
    run.rate_scale *= rate_scale
    run.train(state, stop, boards)
    seconds = time.monotonic() - started
    results = make_results(cfg, task, device, output, seed, seconds, run.metrics)
    if distributed.is_main():
        write_final(cfg, output, task, run.tested_model, results)
    distributed.barrier()
    return results


class Run:
    """One training run: what changes from iteration to iteration, and how it is measured."""

    def __init__(
        self, cfg: CfgNode, task: Task, device: torch.device, output: Path, seed: int
    ) -> None:
        self._cfg, self._task, self._device = cfg, task, device
        self._output, self._seed = output, seed
        self._optimizer = solver.build_optimizer(cfg, task.model)
        fp16 = solver.precision(cfg) == "fp16"
        self._scaler = torch.amp.GradScaler(device.type, enabled=fp16)
        self._progress = Progress()
        ema = cfg.SOLVER.EMA
        self._average = (
            WeightAverage(
                task.model, decay=ema.DECAY, period=ema.PERIOD, begin=cfg.SOLVER.WARMUP_ITERS
            )
            if ema.ENABLED
            else None
        )
        self._normalize = Normalizer(task.preprocessing, device)
        self._batches = Batches(cfg, task, device)
        self._mix: Mixing | None = None
        if cfg.INPUT.MIXUP_ALPHA or cfg.INPUT.CUTMIX_ALPHA:
            alphas = cfg.INPUT.MIXUP_ALPHA, cfg.INPUT.CUTMIX_ALPHA
            self._mix = Mixing(task.model.num_classes, *alphas)
        self.metrics: dict[str, float] = {}
        self.rate_scale = 1.0

    @property
    def tested_model(self) -> nn.Module:
        """The network that is measured and kept: the average, where there is one."""
        return self._average.model if self._average else self._task.model

    def restore(self, state: TrainingState) -> None:
        """Fill everything from `state` but the random states, which come last.

        Raises: ValueError if the run to resume trained another network, other classes or longer.
        """
        task = self._task
        check_arch(state.arch, task.model.arch, f"the run in {self._output}")
        if state.class_names != task.class_names:
            raise ValueError(
                f"classes must be those of the run in {self._output}, {list(state.class_names)}, "
                f"got {list(task.class_names)}; choose another output to start anew"
            )
        if state.iteration > self._cfg.SOLVER.MAX_ITER:
            raise ValueError(
                f"SOLVER.MAX_ITER must be at least {state.iteration}, what the run in "
                f"{self._output} has done, got {self._cfg.SOLVER.MAX_ITER}; raise it, or choose "
                "another output to start anew"
            )
        task.model.load_state_dict(state.model)
        if self._average is not None:
            self._average.load_state_dict(state.average)
        solver.load_optimizer(self._optimizer, state.optimizer)
        self._scaler.load_state_dict(state.scaler)
        own = own_state(state.ranks).get("progress", state.progress)
        self._progress = Progress.from_dict(own)
        self.rate_scale = state.rate_scale

    def train(
        self, state: TrainingState | None, stop: Stopping, boards: Sequence[MakeBoard] = ()
    ) -> None:
        """Go on from `state`, else from the start, to the last iteration, and measure."""
        cfg, last = self._cfg, self._cfg.SOLVER.MAX_ITER
        first = state.iteration if state else 0
        with RunLog(self._output, cfg.MODEL.NAME, last, first, boards) as log:
            introduce(cfg, self._task, self._device, self._seed, first, self._output, log)
            self._log = log
            model = self._accelerated(log) if first < last else self._task.model
            if state:
                ranks = state.ranks, self._task.model, self._device, state.seed, first
                if remark := restore_rank(*ranks):
                    log.info(remark)
            if self.rate_scale < 1:
                log.info(f"every rate times {self.rate_scale:g}: a loss was not finite")
            self._measure_what_was_cut_off(first)
            if first < last:
                self._loop(model, first, log, stop)

    def _loop(self, model: nn.Module, first: int, log: RunLog, stop: Stopping) -> None:
        cfg = self._cfg
        train(
            model,
            self._batches.train(self._seed, first),
            self._losses,
            self._optimizer,
            build_rate_factor(cfg, self._progress),
            LoopSettings(
                max_iterations=cfg.SOLVER.MAX_ITER,
                images_per_iteration=cfg.SOLVER.IMS_PER_BATCH,
                start_iteration=first,
                precision=solver.precision(cfg),
                accumulation=cfg.SOLVER.ACCUMULATION,
                checkpoint_period=cfg.SOLVER.CHECKPOINT_PERIOD,
                evaluation_period=cfg.TEST.EVAL_PERIOD,
                cure_of_waiting=cure_of_waiting(
                    cfg.DATALOADER.NUM_WORKERS, can_hold=not cfg.DATASETS.IN_MEMORY
                ),
                rate_scale=self.rate_scale,
                **solver.clipping(cfg),
            ),
            log,
            scaler=self._scaler,
            save_checkpoint=self._save,
            evaluate=self._evaluate,
            after_step=self._after_step,
            stop=stop,
            image_ids=self._image_names,
        )

    def _image_names(self, iteration: int, batches: Sequence[Batch]) -> list[str]:
        """Of this process's share of an iteration, as the loader drew it."""
        images, ranks = self._task.splits["train"], distributed.world_size()
        count = sum(len(labels) for _, labels in batches)
        first = iteration * self._cfg.SOLVER.IMS_PER_BATCH + distributed.rank()
        drawn = range(first, first + count * ranks, ranks)
        repetitions = self._cfg.DATALOADER.REPETITIONS
        places = (divmod(position // repetitions, len(images)) for position in drawn)
        orders: dict[int, Any] = {}
        names = []
        for epoch, place in places:
            if epoch not in orders:
                orders[epoch] = epoch_order(self._seed, epoch, len(images))
            names.append(images.name(int(orders[epoch][place])))
        return names

    def _measure_what_was_cut_off(self, first: int) -> None:
        """A state is saved before its evaluation, which a resumed run may still owe."""
        period = self._cfg.TEST.EVAL_PERIOD
        measured = {done for done, _ in self._progress.evaluation}
        due = first == self._cfg.SOLVER.MAX_ITER or (period > 0 and first % period == 0)
        if first and due and first not in measured:
            logged = distributed.is_main() and has_evaluation(self._output, first)
            metrics = self._evaluate(first)
            if not logged:
                self._log.scalars(first - 1, metrics)

    def _accelerated(self, log: RunLog) -> nn.Module:
        """The network as the loop runs it, for inputs of the one shape that training has."""
        cfg = self._cfg
        images = torch.zeros(
            cfg.SOLVER.IMS_PER_BATCH // cfg.SOLVER.ACCUMULATION // distributed.world_size(),
            *(cfg.INPUT.SIZE, cfg.INPUT.SIZE, 3),
            dtype=torch.uint8,
        )
        model, remark = accelerate(
            self._task.model,
            self._normalize(images),
            compiled=cfg.MODEL.COMPILE,
            cuda_graphs=cfg.SOLVER.CUDA_GRAPHS,
            precision=solver.precision(cfg),
        )
        if remark:
            log.info(remark)
        return model

    def _losses(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        images, labels = batch
        labels = labels.to(self._device, non_blocking=True)
        inputs, targets = self._normalize(images), labels
        if self._mix is not None:
            inputs, targets = self._mix(inputs, labels)
        logits = model(inputs)
        smoothing = self._cfg.SOLVER.LABEL_SMOOTHING
        loss = F.cross_entropy(logits, targets, label_smoothing=smoothing)
        if self._mix is not None:  # an image of two classes is neither right nor wrong
            return {"loss_cls": loss}
        error = 100 * (logits.detach().argmax(1) != labels).float().mean()
        if self._cfg.SOLVER.WARMUP_UNTIL_ERROR:
            self._progress.add(error)
        return {"loss_cls": loss, "train_error": error}

    def _after_step(self, done: int) -> None:
        self._progress.end_iteration(done)
        if self._average is not None:
            self._average.update(done)

    def _save(self, done: int) -> None:
        progress = self._progress.to_dict()
        ranks = gather_ranks(self._task.model, self._device, progress=progress)
        if distributed.is_main():
            state = TrainingState(
                iteration=done,
                seed=self._seed,
                arch=self._task.model.arch,
                class_names=self._task.class_names,
                preprocessing=self._task.preprocessing.to_dict(),
                progress=progress,
                model=self._task.model.state_dict(),
                average=self._average.state_dict() if self._average else None,
                optimizer=self._optimizer.state_dict(),
                scaler=self._scaler.state_dict(),
                ranks=ranks,
                rate_scale=self.rate_scale,
            )
            save_state(self._output, state, self._cfg.SOLVER.CHECKPOINT_KEEP)
        distributed.barrier()

    def _evaluate(self, done: int) -> Mapping[str, float]:
        """Errors on the test and the held-out images; a plateau is looked for in the latter."""
        model = self.tested_model
        if self._cfg.TEST.PRECISE_BN.ENABLED:
            self._recompute_statistics(model)
        elif self._average is not None:
            follow_main(model)
        prefixes: dict[Split, str] = {"test": "", "validation": "validation_"}
        for split, prefix in prefixes.items():
            if split in self._task.splits:
                errors = evaluate_one_crop(model, self._batches.once(split), self._normalize)
                self.metrics.update({prefix + name: error for name, error in errors.items()})
        self._draw(model, done)
        watched = self.metrics.get("validation_top1_error", self.metrics.get("top1_error"))
        if watched is not None:
            lowest = min((error for _, error in self._progress.evaluation), default=math.inf)
            self._progress.evaluation.append((done, watched))
            if watched < lowest and self._cfg.TEST.EVAL_PERIOD and distributed.is_main():
                write_best(self._cfg, self._output, self._task, model, done, self.metrics)
        return self.metrics

    def _draw(self, model: nn.Module, done: int) -> None:
        """A few test images with the names they are given, for the boards."""
        split: Split = "test" if "test" in self._task.splits else "validation"
        count = self._cfg.TEST.PICTURES
        if count and split in self._task.splits and distributed.is_main():
            images, views = self._task.splits[split], self._task.test_views
            names = self._task.class_names
            drawn = picture_of_predictions(model, images, views, self._normalize, names, count)
            self._log.picture(done - 1, f"{split}/predictions", drawn)

    def _recompute_statistics(self, model: nn.Module) -> None:
        images = len(self._task.splits["train"])
        batch = self._cfg.SOLVER.IMS_PER_BATCH // self._cfg.SOLVER.ACCUMULATION
        # more than an epoch would show the same images again
        count = min(self._cfg.TEST.PRECISE_BN.NUM_ITER, math.ceil(images / batch))
        self._log.status(f"averaging batch-norm statistics over {count} batches")
        batches = itertools.islice(self._batches.train(self._seed, 0), count)
        recompute_statistics(model, (self._normalize(images) for images, _ in batches))
        share_statistics(model)


def _device(cfg: CfgNode) -> torch.device:
    device = distributed.device(cfg.MODEL.DEVICE)
    if cfg.MODEL.NORM in ("sync", "SyncBN") and device.type == "cpu":
        raise ValueError(
            f"MODEL.NORM must be frozen, bn or gn on the CPU, got {cfg.MODEL.NORM!r}; "
            "torch synchronises batch norm between GPUs only"
        )
    torch.backends.cudnn.benchmark = True  # every training batch has one shape
    return device
