"""The one training loop, for classifiers and detectors alike."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from backbones.machine import distributed
from backbones.machine.exhaustion import fitting
from backbones.machine.precision import Precision, autocast
from backbones.training.meter import RAISE_WORKERS, WAITING_TOO_LONG, Meter
from backbones.training.nonfinite import (
    WAY_OUT,
    FiniteWatch,
    NonFiniteLossError,
    Step,
    explain,
    gradient_norm,
)
from backbones.training.ranks import share_statistics
from backbones.training.runlog import RunLog
from backbones.training.stopping import Stopping

Batch = TypeVar("Batch")
LOSS = "loss_"


@dataclass(frozen=True)
class Learner(Generic[Batch]):
    """A network and all that changes its weights.

    `compute_losses` returns terms named loss_*, and measures under other names, reported only.
    Each parameter group carries `base_lr`; its rate is base_lr * rate_factor(iteration).
    """

    model: nn.Module
    compute_losses: Callable[[nn.Module, Batch], dict[str, Tensor]]
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    rate_factor: Callable[[int], float]

    def set_rates(self, iteration: int, scale: float) -> float:
        """Give every group its rate; returns the first."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * self.rate_factor(iteration) * scale
        return float(self.optimizer.param_groups[0]["lr"])


class TrainingRun:
    """What the loop asks for beside its steps, in every process; here there is nothing to do.

    `done` is the number of iterations done.
    """

    def after_step(self, done: int) -> None:
        """The weights have moved."""

    def save(self, done: int) -> None:
        """Write a checkpoint."""

    def evaluate(self, done: int) -> Mapping[str, float]:
        """What is measured, by name."""
        return {}

    def is_over(self) -> bool:
        """Asked after each evaluation: whether the run has reached what it can."""
        return False

    def image_ids(self, iteration: int, batches: Sequence[Any]) -> Sequence[int | str]:
        """The images of an iteration's batches, should they have to be told."""
        return []


@dataclass(frozen=True)
class LoopSettings:
    """How long, how often, how precisely. Periods of 0 mean never; the end always counts.

    An iteration takes `accumulation` batches and steps once, along the mean of their gradients.
    """

    max_iterations: int
    images_per_iteration: int
    start_iteration: int = 0
    precision: Precision = "fp32"
    clip_norm: float | None = None
    clip_value: float | None = None
    accumulation: int = 1
    log_period: int = 20
    checkpoint_period: int = 0
    evaluation_period: int = 0
    cure_of_waiting: str = RAISE_WORKERS  # what to do when batches come late
    rate_scale: float = 1.0  # on every rate, after a loss that was not finite

    def is_first(self, done: int) -> bool:
        """Of this part of a run, which may have been resumed."""
        return done == self.start_iteration + 1

    def evaluates(self, done: int) -> bool:
        """Whether an evaluation is due."""
        return self._due(done, self.evaluation_period)

    def saves(self, done: int) -> bool:
        """Whether a checkpoint is due; before every evaluation one is."""
        return self.evaluates(done) or self._due(done, self.checkpoint_period)

    def reports(self, done: int) -> bool:
        """Whether the measures are due."""
        return self.is_first(done) or self.saves(done) or done % self.log_period == 0

    def _due(self, done: int, period: int) -> bool:
        return done == self.max_iterations or (period > 0 and done % period == 0)


def train(
    learner: Learner[Batch],
    batches: Iterator[Batch],
    settings: LoopSettings,
    run: TrainingRun,
    log: RunLog,
    stop: Stopping | None = None,
) -> int:
    """Minimise the sum of the losses; save and evaluate when due, save before `stop` ends it.

    -> the iterations done: fewer than all where the run says, after an evaluation, that it is over.

    Raises: NonFiniteLossError, naming iteration, losses, rate and images; Stopped.
    """
    model, optimizer, scaler = learner.model, learner.optimizer, learner.scaler
    device = next(model.parameters()).device
    meter, watch, stop = Meter(), FiniteWatch(device), stop or Stopping(log.directory)
    model.train()
    log.status("waiting for the first batch")
    with stop.deferred():
        for iteration in range(settings.start_iteration, settings.max_iterations):
            done = iteration + 1
            saves, reports = settings.saves(done), settings.reports(done)
            step = Step(iteration, learner.set_rates(iteration, settings.rate_scale))
            optimizer.zero_grad(set_to_none=True)
            for part in range(1, settings.accumulation + 1):
                with meter.waiting():
                    batch = next(batches)
                with _exchanging(model, part == settings.accumulation), fitting(batch):
                    with autocast(device, settings.precision):
                        losses = learner.compute_losses(model, batch)
                    total = _total(losses)
                    scaler.scale(total / settings.accumulation).backward()  # type: ignore[no-untyped-call]
                measures = {"total_loss": total, **losses}
                meter.add(measures)
                step.take(batch, measures)
            step.gradient_norm = _clip(learner, settings)
            watch.look(step)
            broken = watch.broken(now=reports)
            wish, not_finite = _agree(stop.signal, broken is not None)
            if not_finite:
                raise _explain(broken, learner, settings, run, log)
            scaler.step(optimizer)
            scaler.update()
            meter.count()
            log.moved(done)
            run.after_step(done)
            stop.when = f" after {done} of {settings.max_iterations} iterations"
            if reports:
                _report(meter, step, settings, log)
            if saves or wish:
                _check_weights(model, iteration, settings)
                _save(run, model, done, shares=saves)
            if wish:
                raise stop.stopped(wish)
            if settings.evaluates(done) and _is_over(run, model, done, log, stop):
                return done
            if saves or settings.is_first(done):  # the first one starts workers and compiles
                meter.restart()
    return settings.max_iterations


def _exchanging(model: nn.Module, last: bool) -> contextlib.AbstractContextManager[None]:
    """Gradients are exchanged with the last batch of a step, which brings those of all."""
    if not last and isinstance(model, DistributedDataParallel):
        return model.no_sync()
    return contextlib.nullcontext()


def _total(losses: Mapping[str, Tensor]) -> Tensor:
    """The sum of the terms; measures are none."""
    terms = [value.float() for name, value in losses.items() if name.startswith(LOSS)]
    return torch.stack(terms).sum()


def _clip(learner: Learner[Any], settings: LoopSettings) -> Tensor | None:
    """Clip as asked; return the norm before. None in fp16, whose steps may overflow and be left."""
    model = learner.model
    if settings.clip_norm is not None or settings.clip_value is not None:
        learner.scaler.unscale_(learner.optimizer)
    if settings.clip_norm is not None:
        norm = nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
        return None if settings.precision == "fp16" else norm
    norm_before = None if settings.precision == "fp16" else gradient_norm(model)
    if settings.clip_value is not None:
        nn.utils.clip_grad_value_(model.parameters(), settings.clip_value)
    return norm_before


def _agree(wish: int, broken: bool) -> tuple[int, bool]:
    """The signal that any process got, and whether a step of any was broken."""
    if distributed.world_size() == 1:
        return wish, broken
    flags = torch.tensor([wish, int(broken)])
    dist.all_reduce(flags, dist.ReduceOp.MAX)
    return int(flags[0]), bool(flags[1])


def _explain(
    broken: Step | None,
    learner: Learner[Any],
    settings: LoopSettings,
    run: TrainingRun,
    log: RunLog,
) -> NonFiniteLossError:
    model = learner.model
    bare = model.module if isinstance(model, DistributedDataParallel) else model

    def in_fp32() -> dict[str, Tensor]:
        assert broken is not None
        return learner.compute_losses(bare, broken.batches[0])

    error = explain(broken, log.directory, bare, settings.precision, run.image_ids, in_fp32)
    error.rate_scale = settings.rate_scale
    return error


def _check_weights(model: nn.Module, iteration: int, settings: LoopSettings) -> None:
    for name, parameter in model.named_parameters():
        if not torch.isfinite(parameter).all():
            error = NonFiniteLossError(
                f"weights must be finite, got others in {name} after iteration {iteration}; "
                f"{WAY_OUT}"
                if distributed.is_main()
                else ""
            )
            error.rate_scale = settings.rate_scale
            raise error


def _save(run: TrainingRun, model: nn.Module, done: int, *, shares: bool) -> None:
    """`shares`: what goes on is to be tested; a run that only stops keeps each process's own."""
    if shares:
        share_statistics(model)
    run.save(done)


def _is_over(run: TrainingRun, model: nn.Module, done: int, log: RunLog, stop: Stopping) -> bool:
    """Evaluate; whether the run has reached what it can."""
    log.status("evaluating")
    with stop.deferred(False):
        log.scalars(done - 1, run.evaluate(done))
    model.train()
    return run.is_over()


def _report(meter: Meter, step: Step, settings: LoopSettings, log: RunLog) -> None:
    values = meter.read()
    seconds, waiting = meter.speed()
    images_a_second = settings.images_per_iteration / seconds
    total, *terms = (f"{k.removeprefix(LOSS)} {v:.3f}" for k, v in values.items())
    wait = f"data {waiting:.0%}"
    done = step.iteration + 1
    # the first batch waits for the workers' start
    if not settings.is_first(done) and waiting > WAITING_TOO_LONG:
        wait += f" ({settings.cure_of_waiting})"
    speed_told = f"{images_a_second:.1f} img/s  {wait}"
    line = "  ".join((total.removeprefix("total_"), *terms, f"lr {step.rate:.2g}", speed_told))
    log.progress(done, line, seconds)
    speed = {"lr": step.rate, "images_per_second": images_a_second, "data_time_share": waiting}
    log.scalars(step.iteration, {**values, **speed, "seconds_per_iteration": seconds})
