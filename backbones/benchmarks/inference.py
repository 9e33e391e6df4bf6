"""Classification, images per second: ours as it is run beside torchvision's and timm's.

Same weights, same outputs; in turn, on one device.
"""

from __future__ import annotations

import importlib
import importlib.util
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torchvision
from torch import Tensor, nn

import backbones
from backbones.benchmarks.conditions import benchmark_conditions, check_networks, present
from backbones.benchmarks.limits import figures, measure_limits, synchronize
from backbones.complexity import count
from backbones.convolution.quick import place
from backbones.freeze import fold_batch_norm
from backbones.machine.precision import Precision, autocast
from backbones.weights.interop import from_torchvision

NETWORKS = ("resnet18", "resnet50", "resnet101", "vgg16")
BATCHES = {"cpu": 2, "cuda": 64}


def benchmark_inference(
    networks: Sequence[str] = NETWORKS,
    *,
    batch: int | None = None,
    side: int = 224,
    rounds: int = 3,
    device: str = "cpu",
    precision: Precision = "fp32",
    compiled: bool = False,
) -> dict[str, Any]:
    """{network: images per second of each library, ratios to torchvision's, largest difference}.

    Ours has its norms folded and runs channels last; torchvision's and, where importable, timm's
    run as they come. All have torchvision's random weights; the difference is that of fp32 logits
    as a share of the largest. operations are those of an image, share_of_limit their rate by the
    best rate of any way, matrix products of the device in that precision among them.
    Raises: ValueError for a network that torchvision does not have, or a GPU that is not there.
    """
    on = present(device)
    check_networks(networks, torchvision.models.list_models())
    batch = batch or BATCHES[on.type]
    limits = measure_limits(device, torch.get_num_threads())
    images = torch.randn(batch, 3, side, side, generator=torch.Generator().manual_seed(0))
    images = images.to(on)
    results = {}
    for name in networks:
        models = _models(name, on, precision, compiled)
        with torch.inference_mode():
            logits = {library: model(images) for library, model in models.items()}
            if compiled:
                for model in models.values():
                    model.compile()
            speeds = _images_per_second(models, images, rounds, precision)
        theirs = logits["torchvision"]
        operations = 2 * count(models["torchvision"], side).multiply_adds
        results[name] = {
            **figures(speeds, "torchvision", operations, dict.fromkeys(speeds, precision), limits),
            "largest_difference": {
                library: ((x - theirs).abs().max() / theirs.abs().max()).item()
                for library, x in logits.items()
            },
        }
    return {
        "batch": batch,
        "side": side,
        "rounds": rounds,
        "precision": precision,
        "compiled": compiled,
        "threads": torch.get_num_threads(),
        "limits": limits,
        "networks": results,
        **benchmark_conditions(on),
    }


def _models(
    name: str, device: torch.device, precision: Precision, compiled: bool
) -> dict[str, nn.Module]:
    """The same weights in each library; ours first."""
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)(weights=None).eval()
    with torch.no_grad():
        for norm in theirs.modules():
            if isinstance(norm, nn.BatchNorm2d):  # statistics that folding must not lose
                norm.running_mean.uniform_(-0.1, 0.1)  # type: ignore[union-attr]
                norm.running_var.uniform_(0.8, 1.2)  # type: ignore[union-attr]
    state = theirs.state_dict()
    bottlenecks = name in ("resnet50", "resnet101", "resnet152")
    options = {"stride_in_1x1": False} if bottlenecks else {}
    ours = backbones.create(name, num_classes=1000, **options).eval()
    ours.load_state_dict(from_torchvision(name, state))
    models = {"resdet": fold_batch_norm(ours).to(memory_format=torch.channels_last)}
    place(ours, device, learns=False, precision=precision, compiled=compiled)
    models["torchvision"] = theirs
    if importlib.util.find_spec("timm") and name.startswith("resnet"):
        models["timm"] = importlib.import_module("timm").create_model(name).eval()
        models["timm"].load_state_dict(state)  # torchvision's names are timm's
    return {library: model.to(device) for library, model in models.items()}


def _images_per_second(
    models: Mapping[str, nn.Module], images: Tensor, rounds: int, precision: Precision
) -> dict[str, float]:
    """The median over `rounds` of each model, in turn, after one pass that is not counted."""
    seconds: dict[str, list[float]] = {library: [] for library in models}
    device = images.device
    with autocast(device, precision):
        for round_number in range(rounds + 1):
            for library, model in models.items():
                start = time.perf_counter()
                model(images)
                synchronize(device)
                if round_number:
                    seconds[library].append(time.perf_counter() - start)
    return {library: len(images) / statistics.median(s) for library, s in seconds.items()}
