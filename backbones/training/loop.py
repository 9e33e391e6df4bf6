"""The one training loop, for classifiers and detectors alike."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from backbones.machine import distributed
from backbones.machine.exhaustion import fitting
from backbones.machine.hardware import available_cores
from backbones.training.nonfinite import (
    WAY_OUT,
    FiniteWatch,
    NonFiniteLossError,
    Step,
    explain,
    gradient_norm,
)
from backbones.training.runlog import RunLog
from backbones.training.stopping import Stopping

Batch = TypeVar("Batch")
Precision = Literal["fp32", "bf16", "fp16"]
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
LOSS = "loss_"
WAITING_TOO_LONG = 0.2  # share of the time spent waiting for data


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
    cure_of_waiting: str = "raise DATALOADER.NUM_WORKERS"  # what to do when batches come late
    rate_scale: float = 1.0  # on every rate, after a loss that was not finite


def cure_of_waiting(num_workers: int, *, can_hold: bool = False) -> str:
    """What makes batches come sooner: more workers, where a core is free for them.

    `can_hold`: the images can be held in memory by DATASETS.IN_MEMORY, and are not.
    """
    if num_workers < available_cores():
        return "raise DATALOADER.NUM_WORKERS"
    return f"every core decodes: {'set DATASETS.IN_MEMORY or ' * can_hold}store smaller images"


def train(
    model: nn.Module,
    batches: Iterator[Batch],
    compute_losses: Callable[[nn.Module, Batch], dict[str, Tensor]],
    optimizer: torch.optim.Optimizer,
    rate_factor: Callable[[int], float],
    settings: LoopSettings,
    log: RunLog,
    *,
    scaler: torch.amp.GradScaler,
    save_checkpoint: Callable[[int], None],
    evaluate: Callable[[int], Mapping[str, float]],
    after_step: Callable[[int], None] | None = None,
    stop: Stopping | None = None,
    image_ids: Callable[[int, Sequence[Any]], Sequence[int | str]] = lambda iteration, batches: [],
) -> None:
    """Minimise the sum of the losses from `start_iteration` to `max_iterations`.

    `compute_losses` returns terms named loss_*, and measures under other names, reported only.
    Each parameter group carries `base_lr`; its rate is base_lr * rate_factor(iteration).
    `after_step`, `save_checkpoint` and `evaluate` get the number of iterations done and run in
    every process. A checkpoint is saved before every evaluation, and before `stop` ends the run.
    `image_ids` names the images of an iteration's batches, should they have to be told.

    Raises: NonFiniteLossError, naming iteration, losses, rate and images; Stopped.
    """
    stop = stop or Stopping(log.directory)
    meter, watch = _Meter(), FiniteWatch(next(model.parameters()).device)
    model.train()
    log.status("waiting for the first batch")
    with stop.deferred():
        for iteration in range(settings.start_iteration, settings.max_iterations):
            done = iteration + 1
            evaluates = _due(done, settings.evaluation_period, settings)
            saves = evaluates or _due(done, settings.checkpoint_period, settings)
            first = iteration == settings.start_iteration
            reports = first or saves or done % settings.log_period == 0
            for group in optimizer.param_groups:
                group["lr"] = group["base_lr"] * rate_factor(iteration) * settings.rate_scale
            step = Step(iteration, optimizer.param_groups[0]["lr"], [], {}, None)
            optimizer.zero_grad(set_to_none=True)
            _descend(step, model, batches, compute_losses, scaler, settings, meter)
            step.gradient_norm = _clip(model, optimizer, scaler, settings)
            watch.look(step)
            broken = watch.broken(now=reports)
            wish, not_finite = _agree(stop.signal, broken is not None)
            if not_finite:
                raise _explain(broken, model, compute_losses, settings, log, image_ids)
            scaler.step(optimizer)
            scaler.update()
            meter.count()
            log.moved(done)
            if after_step is not None:
                after_step(done)
            if reports:
                _report(meter, optimizer, iteration, settings, log)
            if saves or wish:
                _check_weights(model, iteration, settings)
            if saves:
                share_statistics(model)
            if saves or wish:
                save_checkpoint(done)
            if wish:
                stop.signal = wish
                raise stop.stopped(f" after {done} of {settings.max_iterations} iterations")
            if evaluates:
                log.status("evaluating")
                with stop.deferred(False):
                    log.scalars(iteration, evaluate(done))
                model.train()
            if first or saves:  # the first one starts workers and compiles
                meter.restart()


def _descend(
    step: Step,
    model: nn.Module,
    batches: Iterator[Batch],
    compute_losses: Callable[[nn.Module, Batch], dict[str, Tensor]],
    scaler: torch.amp.GradScaler,
    settings: LoopSettings,
    meter: _Meter,
) -> None:
    """Read the batches of a step and add up their gradients."""
    for part in range(settings.accumulation):
        with meter.waiting():
            batch = next(batches)
        with _alone(model, part + 1 < settings.accumulation), fitting(batch):
            values = _backward(model, batch, compute_losses, scaler, settings)
        meter.add(values)
        step.take(batch, values)


def _agree(wish: int, broken: bool) -> tuple[int, bool]:
    """The signal that any process got, and whether a step of any was broken."""
    if distributed.world_size() == 1:
        return wish, broken
    flags = torch.tensor([wish, int(broken)])
    dist.all_reduce(flags, dist.ReduceOp.MAX)
    return int(flags[0]), bool(flags[1])


def _explain(
    step: Step | None,
    model: nn.Module,
    compute_losses: Callable[[nn.Module, Batch], dict[str, Tensor]],
    settings: LoopSettings,
    log: RunLog,
    image_ids: Callable[[int, Sequence[Any]], Sequence[int | str]],
) -> NonFiniteLossError:
    bare = model.module if isinstance(model, DistributedDataParallel) else model

    def in_fp32() -> dict[str, Tensor]:
        assert step is not None
        return compute_losses(bare, step.batches[0])

    error = explain(step, log.directory, bare, settings.precision, image_ids, in_fp32)
    error.rate_scale = settings.rate_scale
    return error


def _backward(
    model: nn.Module,
    batch: Batch,
    compute_losses: Callable[[nn.Module, Batch], dict[str, Tensor]],
    scaler: torch.amp.GradScaler,
    settings: LoopSettings,
) -> dict[str, Tensor]:
    """Add the gradients of one batch; return its loss, the terms and the measures."""
    device = next(model.parameters()).device
    with torch.autocast(
        device.type, DTYPES[settings.precision], enabled=settings.precision != "fp32"
    ):
        values = compute_losses(model, batch)
    losses = [value.float() for name, value in values.items() if name.startswith(LOSS)]
    total = torch.stack(losses).sum()
    scaler.scale(total / settings.accumulation).backward()  # type: ignore[no-untyped-call]
    return {"total_loss": total, **values}


def _alone(model: nn.Module, alone: bool) -> contextlib.AbstractContextManager[None]:
    """Without exchange of gradients, which a later batch of the same step brings."""
    if alone and isinstance(model, DistributedDataParallel):
        return model.no_sync()
    return contextlib.nullcontext()


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


def share_statistics(model: nn.Module) -> None:
    """Average the running statistics of batch norms, of which each process has its own.

    What is evaluated in several processes is then what one checkpoint holds.
    """
    if distributed.world_size() == 1:
        return
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.track_running_stats:
            for statistic in (module.running_mean, module.running_var):
                if statistic is not None:
                    statistic.copy_(distributed.mean_over_ranks(statistic))


def follow_main(model: nn.Module) -> None:
    """Give every process the statistics of the first, whose checkpoint is kept."""
    if distributed.world_size() > 1:
        for buffer in model.buffers():
            dist.broadcast(buffer, 0)


def _due(done: int, period: int, settings: LoopSettings) -> bool:
    return done == settings.max_iterations or (period > 0 and done % period == 0)


def _clip(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    settings: LoopSettings,
) -> Tensor | None:
    """Clip as asked; return the norm before. None in fp16, whose steps may overflow and be left."""
    if settings.clip_norm is not None or settings.clip_value is not None:
        scaler.unscale_(optimizer)
    if settings.clip_norm is not None:
        norm = nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
        return None if settings.precision == "fp16" else norm
    norm_before = None if settings.precision == "fp16" else gradient_norm(model)
    if settings.clip_value is not None:
        nn.utils.clip_grad_value_(model.parameters(), settings.clip_value)
    return norm_before


def _report(
    meter: _Meter,
    optimizer: torch.optim.Optimizer,
    iteration: int,
    settings: LoopSettings,
    log: RunLog,
) -> None:
    values = meter.read()
    rate = optimizer.param_groups[0]["lr"]
    seconds, waiting = meter.speed()
    images_a_second = settings.images_per_iteration / seconds
    total, *terms = (f"{k.removeprefix(LOSS)} {v:.3f}" for k, v in values.items())
    wait = f"data {waiting:.0%}"
    started = iteration > settings.start_iteration  # the first batch waits for the workers' start
    if started and waiting > WAITING_TOO_LONG:
        wait += f" ({settings.cure_of_waiting})"
    speed_told = f"{images_a_second:.1f} img/s  {wait}"
    line = "  ".join((total.removeprefix("total_"), f"lr {rate:.2g}", speed_told, *terms))
    log.progress(iteration + 1, line, seconds)
    speed = {"lr": rate, "images_per_second": images_a_second, "data_time_share": waiting}
    log.scalars(iteration, {**values, **speed, "seconds_per_iteration": seconds})


class _Meter:
    """Means of measures since the last reading, and where the time since `restart` went."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = defaultdict(int)
        self.restart()

    def restart(self) -> None:
        self._started = time.perf_counter()
        self._waited = 0.0
        self._iterations = 0

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._waited += time.perf_counter() - started

    def add(self, measured: Mapping[str, Tensor]) -> None:
        for name, measure in measured.items():
            value = measure.detach().float()
            self._sums[name] = self._sums[name] + value if name in self._sums else value.clone()
            self._counts[name] += 1

    def count(self) -> None:
        """One iteration more."""
        self._iterations += 1

    def read(self) -> dict[str, float]:
        """Means over the iterations since the last call and over all processes."""
        names = list(self._sums)
        means = torch.stack([self._sums[n] / self._counts[n] for n in names])
        means = distributed.mean_over_ranks(means)
        self._sums.clear()
        self._counts.clear()
        return dict(zip(names, means.tolist()))

    def speed(self) -> tuple[float, float]:
        """(seconds an iteration, share of them spent waiting for data)."""
        elapsed = time.perf_counter() - self._started
        return elapsed / max(self._iterations, 1), self._waited / elapsed
