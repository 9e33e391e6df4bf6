"""A loss that is not finite: noticed at its iteration, kept with its batch, explained."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from backbones.machine import distributed
from backbones.terminal.exits import NOT_FINITE
from backbones.weights import checkpoint

FORMAT = "nonfinite/1"
WAY_OUT = "lower SOLVER.BASE_LR, lengthen SOLVER.WARMUP_ITERS or set SOLVER.CLIP_GRADIENTS"
ROLLED_BACK = 0.5  # factor on every rate from then on
Losses = Callable[[], Mapping[str, Tensor]]


class NonFiniteLossError(ValueError):
    """Loss, gradient or weights are NaN or infinite: training cannot go on."""

    exit_code = NOT_FINITE
    rate_scale = 1.0  # of the rate in use: below 1, the run has rolled back before


def check_roll_back(wanted: bool, directory: Path, error: NonFiniteLossError) -> None:
    """Say that the run goes back to its last checkpoint; raise `error` where it may not.

    It may once, where SOLVER.ROLL_BACK is `wanted` and there is a checkpoint.
    """
    if not wanted:
        raise error
    newest = checkpoint.last(directory)
    if newest is None or error.rate_scale < 1:
        why = "none is saved yet" if newest is None else "once, which was not enough"
        if str(error):
            error.args = (f"{error}; SOLVER.ROLL_BACK goes back to a checkpoint: {why}",)
        raise error
    if distributed.is_main():
        print(f"{error}\nSOLVER.ROLL_BACK: once back to {newest}, at half the rate", flush=True)


@dataclass
class Step:
    """One iteration in one process: its batches, and what came of them."""

    iteration: int
    rate: float
    batches: list[Any] = field(default_factory=list)
    losses: dict[str, Tensor] = field(default_factory=dict)
    gradient_norm: Tensor | None = None

    def take(self, batch: Any, values: Mapping[str, Tensor]) -> None:
        """Another part of the step; of each loss the sum over the parts is kept."""
        self.batches.append(batch)
        for name, value in values.items():
            if "loss" in name:
                self.losses[name] = self.losses.get(name, 0) + value.detach().float()


class FiniteWatch:
    """Tells steps that are not finite, without waiting for a GPU: there, one step later."""

    def __init__(self, device: torch.device) -> None:
        self._later = device.type == "cuda"
        self._waiting: list[tuple[Step, Tensor, torch.cuda.Event | None]] = []

    def look(self, step: Step) -> None:
        """Take up a step; its numbers come over when they are there."""
        numbers = torch.stack([value.detach().float() for value in step.losses.values()]).sum()
        if step.gradient_norm is not None:
            numbers = torch.stack([numbers, step.gradient_norm.detach().float()])
        event = None
        if self._later:
            host = torch.empty(numbers.shape, pin_memory=True)
            numbers = host.copy_(numbers, non_blocking=True)
            event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record()
        self._waiting.append((step, numbers, event))

    def broken(self, *, now: bool) -> Step | None:
        """The first step that was not finite; of a GPU's last one, only if asked `now`."""
        while len(self._waiting) > (0 if now or not self._later else 1):
            step, numbers, event = self._waiting.pop(0)
            if event is not None:
                event.synchronize()
            if not torch.isfinite(numbers).all():
                return step
        return None


def gradient_norm(model: nn.Module) -> Tensor | None:
    """Of all gradients there are, as one vector."""
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return nn.utils.get_total_norm(gradients) if gradients else None


def explain(
    step: Step | None,
    directory: Path,
    model: nn.Module,
    precision: str,
    image_ids: Callable[[int, Sequence[Any]], Sequence[int | str]],
    in_fp32: Losses,
) -> NonFiniteLossError:
    """Write the step of every process that has one; say which iteration, images and likely cause.

    Called in all processes at once. `in_fp32` computes the losses of the step once more.
    """
    told, innocent = "", True
    if step is not None:
        ids = list(image_ids(step.iteration, step.batches))
        path = directory / f"nonfinite_{step.iteration:07d}{_suffix()}.pth"
        cause = _cause(step, model, precision, in_fp32)
        innocent = all(map(math.isfinite, _losses(step).values()))
        kept = f"are kept in {path}"
        try:
            _write(step, path, ids, cause)
        except OSError as error:
            kept = f"are not kept ({error})"
        told = f"{_what(step)}; likely cause: {cause}; images {_some(ids)} {kept}"
    every: list[Any] = distributed.gather((innocent, told))
    # a process gets the gradient of all: the one that has such a loss knows more
    texts = [text for _, text in sorted(every, key=lambda own: own[0]) if text]
    return NonFiniteLossError(texts[0] if distributed.is_main() and texts else "")


def _suffix() -> str:
    return f"_rank{distributed.rank()}" if distributed.world_size() > 1 else ""


def _losses(step: Step) -> dict[str, float]:
    return {name: float(value) for name, value in step.losses.items()}


def _what(step: Step) -> str:
    norm = math.nan if step.gradient_norm is None else float(step.gradient_norm)
    values = _losses(step)
    where = f"at iteration {step.iteration} with rate {step.rate:.4g}"
    if all(map(math.isfinite, values.values())):
        return f"gradient must be finite, got norm {norm:.4g} {where}"
    terms = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
    return f"loss must be finite, got {terms} {where} and gradient norm {norm:.4g}"


def _cause(step: Step, model: nn.Module, precision: str, in_fp32: Losses) -> str:
    for batch in step.batches:
        for name, value in _tensors(batch):
            if value.is_floating_point() and not torch.isfinite(value).all():
                return f"{name or 'inputs'} of the batch that are not finite; check the data"
            if name == "boxes" and len(value) and not (value[:, 2:] > value[:, :2]).all():
                return "boxes of the batch without area; check the data"
    spoilt = next((n for n, p in model.named_parameters() if not torch.isfinite(p).all()), "")
    if not spoilt and precision != "fp32" and _finite(in_fp32):
        return (
            f"{precision}: in fp32 the same batch has a finite loss; set SOLVER.AMP.ENABLED False, "
            "or SOLVER.AMP.PRECISION bf16 where it is fp16"
        )
    already = f" ({spoilt} is not finite any more)" if spoilt else ""
    return f"a rate of {step.rate:.4g}, too high here{already}; {WAY_OUT}"


def _finite(losses: Losses) -> bool:
    if distributed.world_size() > 1:  # synchronised norms would wait for the other processes
        return False
    with torch.no_grad():
        return all(bool(torch.isfinite(value).all()) for value in losses().values())


def _tensors(item: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    if isinstance(item, Tensor):
        yield name, item
    elif isinstance(item, Mapping):
        for key, value in item.items():
            yield from _tensors(value, str(key))
    elif isinstance(item, (list, tuple)):
        for value in item:
            yield from _tensors(value, name)


def _plain(item: Any) -> Any:
    """As a file of tensors and plain values may hold it."""
    if isinstance(item, Tensor):
        return item.detach().cpu()
    if isinstance(item, Mapping):
        return {str(key): _plain(value) for key, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [_plain(value) for value in item]
    return item if isinstance(item, (int, float, str, type(None))) else str(item)


def _write(step: Step, path: Path, ids: Sequence[int | str], cause: str) -> None:
    norm = step.gradient_norm
    checkpoint.save(
        path,
        {
            "format": FORMAT,
            "iteration": step.iteration,
            "rate": step.rate,
            "gradient_norm": None if norm is None else float(norm),
            "losses": _losses(step),
            "likely_cause": cause,
            "image_ids": ids,
            "batches": _plain(step.batches),
        },
    )


def _some(ids: Sequence[int | str]) -> str:
    listed = ", ".join(map(str, ids[:4]))
    return f"{listed}, ... ({len(ids)})" if len(ids) > 4 else listed
