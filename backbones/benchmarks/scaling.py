"""What a classifier's training costs as image, batch, classes, depth and processes grow."""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from backbones.activation_checkpointing import checkpoint_activations
from backbones.benchmarks.growth import Axis, Step, grow, preload
from backbones.features import Staged
from backbones.machine.hardware import conditions
from backbones.registry import create

PREDICTED = (4, 8, 16, 64)
ASSUMPTIONS = (
    "each process has cores or a GPU of its own, and its input keeps up",
    "images per process stay the same",
    "gradients go round a ring: 2 (p - 1) / p times their bytes through each link",
    "links between machines are as fast as the one measured",
    "nothing of the exchange is hidden behind the backward pass",
)
_STEPS = 5


def build_step(
    *,
    name: str,
    size: int,
    batch: int,
    num_classes: int = 10,
    recompute: bool = False,
    device: str = "cpu",
) -> Step:
    """One step of SGD with momentum on random pixels."""
    network = create(name, num_classes=num_classes).to(device)
    if recompute:
        network = checkpoint_activations(network)
    images, labels = _random_batch(batch, size, num_classes, device)
    return _sgd(network, images, labels)


def build_deep(*, depth: int, **fixed: Any) -> Step:
    """The step of the residual network for small images of that depth."""
    return build_step(name=f"cifar_resnet{depth}", **fixed)


def _random_batch(batch: int, size: int, classes: int, device: str) -> tuple[Tensor, Tensor]:
    images = torch.randn(batch, 3, size, size, device=device)
    return images, torch.randint(classes, (batch,), device=device)


def _sgd(network: Staged | nn.Module, images: Tensor, labels: Tensor) -> Step:
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(network(images), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


AXES = {
    "image size": Axis(
        build_step, "size", (64, 128, 256), {"name": "resnet18", "batch": 2, "device": "cpu"}
    ),
    "batch": Axis(
        build_step, "batch", (8, 32, 128), {"name": "cifar_resnet20", "size": 32, "device": "cpu"}
    ),
    "classes": Axis(
        build_step,
        "num_classes",
        (10, 100, 1000, 10_000),
        {"name": "resnet18", "size": 64, "batch": 8, "device": "cpu"},
    ),
    "depth": Axis(
        build_deep, "depth", (20, 56, 110, 1202), {"size": 32, "batch": 2, "device": "cpu"}
    ),
    "depth, activations recomputed": Axis(
        build_deep,
        "depth",
        (20, 56, 110, 1202),
        {"size": 32, "batch": 2, "recompute": True, "device": "cpu"},
    ),
}


def benchmark_backbone_scaling(
    axes: Sequence[str] = (*AXES, "processes"),
    device: str = "cpu",
    values: Mapping[str, Sequence[int]] | None = None,
) -> dict[str, Any]:
    """Cost of a training step along each axis, on one core; `values` replaces those of an axis."""
    preload(__name__)
    measured: dict[str, Any] = {}
    for name in axes:
        if name == "processes":
            measured[name] = benchmark_processes()
        else:
            measured[name] = grow(AXES[name], (values or {}).get(name), device)
    return {"device": device, "axes": measured, **conditions(torch.device(device))}


def benchmark_processes(name: str = "resnet18", size: int = 64, batch: int = 16) -> dict[str, Any]:
    """Seconds of a step by the clock with 1 and 2 processes of one core, and more by the formula.

    Unit: batch in images per process; bandwidth in bytes a second, of one all-reduce between two.
    """
    one, two = (_together(number, name, size, batch) for number in (1, 2))
    bandwidth = two["gradient_bytes"] / two["all_reduce_seconds"]
    exchange = {p: 2 * (p - 1) / p * two["gradient_bytes"] / bandwidth for p in (2, *PREDICTED)}
    predicted = {p: one["seconds"] + seconds for p, seconds in exchange.items()}
    return {
        "network": name,
        "images_per_process": batch,
        "seconds": {"1": one["seconds"], "2": two["seconds"]},
        "efficiency": one["seconds"] / two["seconds"],
        "gradient_bytes": two["gradient_bytes"],
        "bandwidth": bandwidth,
        "formula": "seconds(p) = seconds(1) + 2 (p - 1) / p * gradient_bytes / bandwidth",
        "assumptions": list(ASSUMPTIONS),
        "predicted_seconds": {str(p): seconds for p, seconds in predicted.items()},
        "predicted_efficiency": {str(p): one["seconds"] / s for p, s in predicted.items()},
    }


def _together(processes: int, name: str, size: int, batch: int) -> dict[str, float]:
    """What the first of `processes` measured."""
    context = multiprocessing.get_context("forkserver")
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(processes, mp_context=context) as pool,
    ):
        meeting = (Path(folder) / "store").as_uri()
        ranks = range(processes)
        work = [pool.submit(_rank, r, processes, meeting, name, size, batch) for r in ranks]
        return next(done.result() for done in work)


def _rank(
    rank: int, processes: int, meeting: str, name: str, size: int, batch: int
) -> dict[str, float]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=processes)
    try:
        network = create(name, num_classes=10)
        step = _sgd(DistributedDataParallel(network), *_random_batch(batch, size, 10, "cpu"))
        gradients = torch.zeros(sum(p.numel() for p in network.parameters()))
        return {
            "seconds": _seconds(step),
            "all_reduce_seconds": _seconds(lambda: dist.all_reduce(gradients)),
            "gradient_bytes": float(gradients.nbytes),
        }
    finally:
        dist.destroy_process_group()


def _seconds(step: Step) -> float:
    runs = []
    for _ in range(1 + _STEPS):
        dist.barrier()
        start = time.perf_counter()
        step()
        runs.append(time.perf_counter() - start)
    return statistics.median(runs[1:])  # the first one allocates
