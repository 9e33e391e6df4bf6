"""Training as on ImageNet, on pixels that lie on the device: ours beside torchvision's and timm's.

Input has its own benchmark; here nothing but the network, its gradients and the step is timed.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import backbones
from backbones.benchmarks.conditions import benchmark_conditions, check_networks, present
from backbones.benchmarks.limits import figures, measure_limits, synchronize
from backbones.config import load_classification
from backbones.convolution.quick import place
from backbones.machine.outline import outline
from backbones.machine.precision import Precision, autocast
from backbones.training import solver
from backbones.training.accelerate import accelerate
from backbones.training.loop import Learner, LoopSettings, TrainingRun, train
from backbones.training.runlog import RunLog

OURS, TORCHVISION, TIMM = "resdet", "torchvision", "timm"
CLASSES = 1000
_RECIPE = "imagenet_resnet50"  # whose optimiser all have: SGD, momentum 0.9
_RATE = 1e-3

Batch = tuple[Tensor, Tensor]
Way = Callable[[int], float]  # of so many steps, after one that is not timed: seconds


@dataclass(frozen=True)
class Size:
    """What a device trains in minutes."""

    networks: tuple[str, ...]
    batch: int
    side: int
    steps: int
    precision: Precision


SIZES = {
    "cpu": Size(("resnet18", "resnet50"), batch=8, side=128, steps=2, precision="fp32"),
    "cuda": Size(
        ("resnet50", "resnet101", "resnet152", "vgg16"),
        batch=128,
        side=224,
        steps=40,
        precision="bf16",
    ),
}


@dataclass(frozen=True)
class Job:
    """One network to train, and how."""

    name: str
    batch: Batch
    precision: Precision
    compiled: bool

    @property
    def device(self) -> torch.device:
        """Where the batch lies."""
        return self.batch[0].device


def benchmark_synthetic_training(
    networks: Sequence[str] | None = None,
    *,
    batch: int | None = None,
    side: int | None = None,
    rounds: int = 5,
    steps: int | None = None,
    device: str = "cpu",
    precision: Precision | None = None,
    compiled: bool = False,
) -> dict[str, Any]:
    """{network: images per second of each library, ratios to torchvision's, share of the limit}.

    Ours is the loop of our trainers. torchvision's is its reference loop with its AMP (fp16 on a
    GPU; on a CPU it has none), timm's a plain step in our precision; ours and timm's networks lie
    in channels_last and are compiled if asked. All take the same normalised pixels on the device;
    the clock is read before the first and after the last step of each of `rounds` runs, in turn,
    and nothing waits for the device in between but what torchvision's loop reads out itself.
    operations are those of an image, forward and backward. What is not given is that of `SIZES`.
    Raises: ValueError for a network that torchvision does not have, or a GPU that is not there.
    """
    place = present(device)
    size = SIZES[place.type]
    networks = networks or size.networks
    check_networks(networks, torchvision.models.list_models())
    batch, side, steps = batch or size.batch, side or size.side, steps or size.steps
    precision = precision or size.precision
    limits = measure_limits(device, torch.get_num_threads())
    torch.backends.cudnn.benchmark = True  # as both trainers have it
    of_way: dict[str, Precision] = {OURS: precision, TORCHVISION: _amp(place), TIMM: precision}
    results = {}
    for name in networks:
        job = Job(name, _random_batch(batch, side, place), precision, compiled)
        speeds = {
            way: batch / seconds for way, seconds in _seconds_per_step(job, rounds, steps).items()
        }
        operations = training_operations(name, side)
        results[name] = figures(speeds, TORCHVISION, operations, of_way, limits)
    return {
        "batch": batch,
        "side": side,
        "steps": steps,
        "rounds": rounds,
        "precision": of_way,
        "compiled": compiled,
        "threads": torch.get_num_threads(),
        "limits": limits,
        "networks": results,
        **benchmark_conditions(place),
    }


def training_operations(name: str, side: int) -> int:
    """Two a multiply-add of one image's forward and backward pass; nothing is computed."""
    with outline():
        network = backbones.create(name, num_classes=CLASSES)
        images, labels = torch.empty(2, 3, side, side), torch.zeros(2, dtype=torch.long)
    with FlopCounterMode(display=False) as counter:
        F.cross_entropy(network(images), labels).backward()  # type: ignore[no-untyped-call]
    return counter.get_total_flops() // 2


def _random_batch(number: int, side: int, device: torch.device) -> Batch:
    random = torch.Generator().manual_seed(0)
    images = torch.randn(number, 3, side, side, generator=random)
    labels = torch.randint(CLASSES, (number,), generator=random)
    return images.to(device), labels.to(device)


def _seconds_per_step(job: Job, rounds: int, steps: int) -> dict[str, float]:
    """The median over the rounds of each way."""
    ways = {OURS: _ours(job), TORCHVISION: _torchvisions(job)}
    if importlib.util.find_spec("timm"):
        ways[TIMM] = _timms(job)
    for run in ways.values():
        run(1)  # compiles, chooses kernels, allocates
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            seconds[way].append(run(steps) / steps)
    return {way: statistics.median(values) for way, values in seconds.items()}


def _ours(job: Job) -> Way:
    """The trainers' own loop, optimiser and losses."""
    network = backbones.create(job.name, num_classes=CLASSES)
    place(network, job.device, learns=True, precision=job.precision, compiled=job.compiled)
    network.to(memory_format=torch.channels_last)
    images, labels = job.batch
    images = images.contiguous(memory_format=torch.channels_last)
    cfg = load_classification(_RECIPE, ["SOLVER.BASE_LR", str(_RATE)])
    optimizer = solver.build_optimizer(cfg, network)
    model, _ = accelerate(network, images, compiled=job.compiled, precision=job.precision)
    scaler = torch.amp.GradScaler(job.device.type, enabled=job.precision == "fp16")
    learner = Learner(model, _losses, optimizer, scaler, lambda iteration: 1.0)

    def run(steps: int) -> float:
        clock = _Clock(job.device)
        settings = LoopSettings(
            max_iterations=1 + steps,
            images_per_iteration=len(images),
            precision=job.precision,
            log_period=2 + steps,
        )
        with (
            tempfile.TemporaryDirectory() as folder,
            contextlib.redirect_stdout(io.StringIO()),
            RunLog(Path(folder), job.name, settings.max_iterations) as log,
        ):
            train(learner, clock.batches((images, labels)), settings, _Timed(clock, 1 + steps), log)
        return clock.seconds

    return run


def _losses(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    logits = model(batch[0])
    error = 100 * (logits.detach().argmax(1) != batch[1]).float().mean()
    return {"loss_cls": F.cross_entropy(logits, batch[1]), "train_error": error}


class _Clock:
    """Runs from the second batch on."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.seconds = 0.0

    def batches(self, batch: Batch) -> Iterator[Batch]:
        """The same batch for ever; the first step is over, and told, when the clock starts."""
        yield batch
        self.start()
        while True:
            yield batch

    def start(self) -> None:
        synchronize(self._device)
        self._started = time.perf_counter()

    def stop(self) -> None:
        synchronize(self._device)
        self.seconds = time.perf_counter() - self._started


@dataclass(frozen=True)
class _Timed(TrainingRun):
    """Stops the clock with the last step."""

    clock: _Clock
    last: int

    def after_step(self, done: int) -> None:
        if done == self.last:
            self.clock.stop()


def _timed(step: Callable[[], None], device: torch.device) -> Way:
    def run(steps: int) -> float:
        step()
        clock = _Clock(device)
        clock.start()
        for _ in range(steps):
            step()
        clock.stop()
        return clock.seconds

    return run


def _amp(device: torch.device) -> Precision:
    return "fp16" if device.type == "cuda" else "fp32"


def _torchvisions(job: Job) -> Way:
    """Source: torchvision's references/classification/train.py, train_one_epoch with --amp."""
    model = torchvision.models.get_model(job.name, weights=None).to(job.device).train()
    images, labels = job.batch
    optimizer = torch.optim.SGD(model.parameters(), _RATE, momentum=0.9, weight_decay=1e-4)
    precision = _amp(job.device)
    scaler = torch.amp.GradScaler(job.device.type, enabled=precision == "fp16")

    def step() -> None:
        with autocast(job.device, precision):
            output = model(images)
            loss = F.cross_entropy(output, labels)
        optimizer.zero_grad()
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.step(optimizer)
        scaler.update()
        with torch.inference_mode():  # accuracy(output, target, topk=(1, 5)), read every step
            _, found = output.topk(5, 1)
            right = found.t() == labels[None]
            for k in (1, 5):
                (right[:k].flatten().sum(dtype=torch.float32) * (100 / len(labels))).item()
        loss.item()

    return _timed(step, job.device)


def _timms(job: Job) -> Way:
    """Source: timm's benchmark.py, TrainBenchmarkRunner."""
    model = importlib.import_module("timm").create_model(job.name, num_classes=CLASSES)
    model = model.to(job.device, memory_format=torch.channels_last).train()
    images, labels = job.batch
    images = images.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), _RATE, momentum=0.9, weight_decay=1e-4)
    scaler = torch.amp.GradScaler(job.device.type, enabled=job.precision == "fp16")
    if job.compiled:
        model.compile()

    def step() -> None:
        optimizer.zero_grad()
        with autocast(job.device, job.precision):
            loss = F.cross_entropy(model(images), labels)
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.step(optimizer)
        scaler.update()

    return _timed(step, job.device)
