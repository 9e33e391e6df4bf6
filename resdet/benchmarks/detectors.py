"""Detectors at work, ours beside detectron2's and torchvision's: seconds of a pass and of a step.

`python -m resdet.benchmarks.detectors WORK KIND WEIGHTS SIDE IMAGES` times ours and prints JSON.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from backbones.hardware import available_cores, conditions
from resdet import config, engines
from resdet.benchmarks.measuring import peak_megabytes, run_module
from resdet.data.loader import Sample
from resdet.engines import checkpoint, golden
from resdet.engines.build import build_model, restore_model
from resdet.engines.inference import Detector, speed_up
from resdet.modeling.detectron2_names import Layout, to_detectron2

Work = Literal["infer", "train"]
OURS = "resdet.benchmarks.detectors"
PEERS = {
    "detectron2": "resdet.engines.d2.detector_peer",
    "torchvision": "resdet.engines.tv.detector_peer",
}
# structure, config, and what differs from it: 300 proposals of a C4, as the paper has
KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "R-50-FPN": ("FPN", "coco_r50_fpn", ()),
    "R-50-C4": ("C4", "coco_r50_c4", ("MODEL.RPN.POST_NMS_TOPK_TEST", "300")),
}
TORCHVISION = ("R-50-FPN",)  # of the kinds, those that it has
IMAGES_PER_STEP = 2
PIXEL_STD = 57.0  # about that of photographs; these detectors divide by 1


def benchmark_detectors(
    work: Work,
    folder: Path,
    *,
    kinds: Sequence[str] = tuple(KINDS),
    side: int = 320,
    images: int = 3,
    rounds: int = 2,
    threads: int | None = None,
) -> dict[str, Any]:
    """{kind: seconds of each library, ratios to ours, and how far our detections are from theirs}.

    "infer" is one image, tensor to detections, fp32; "train" a step of two images: losses,
    gradients, SGD. Each library runs in turn in fresh processes, `rounds` times, on `threads`
    cores (all by default), with the same random weights; torchvision's own network has other
    layers (stride, anchors, pooling), so its weights are its own and its outputs not compared.
    """
    cores = threads or available_cores()
    results: dict[str, Any] = {}
    for kind in kinds:
        weights = folder / f"{kind}.pth"
        write_weights(kind, weights)
        modules = {"resdet": OURS, **{name: m for name, m in PEERS.items() if _can(name, kind)}}
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in modules}
        for _ in range(rounds):
            for name, module in modules.items():
                arguments = (work, kind, weights, str(side), str(images))
                env = {"OMP_NUM_THREADS": str(cores)}
                runs[name].append(run_module(module, *arguments, env=env))
        results[kind] = _summary(work, runs)
    return {
        "work": work,
        "short_side": side,
        "images": images,
        "images_per_step": IMAGES_PER_STEP if work == "train" else 1,
        "rounds": rounds,
        "threads": cores,
        "kinds": results,
        **conditions(torch.device("cpu")),
    }


def _can(library: str, kind: str) -> bool:
    if library == "torchvision":
        return kind in TORCHVISION
    return importlib.util.find_spec(library) is not None


def _summary(work: Work, runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    seconds = {n: statistics.median(s for r in rs for s in r["seconds"]) for n, rs in runs.items()}
    summary: dict[str, Any] = {
        "seconds": seconds,
        "ratio": {name: value / seconds["resdet"] for name, value in seconds.items()},
        "peak_megabytes": {n: max(r["peak_megabytes"] or 0 for r in rs) for n, rs in runs.items()},
    }
    if work == "infer" and "detectron2" in runs:
        pairs = zip(runs["resdet"][0]["found"], runs["detectron2"][0]["found"])
        apart = [golden.pair_up(_found(a), _found(b)) for a, b in pairs]
        summary["detections"] = [len(f["scores"]) for f in runs["resdet"][0]["found"]]
        summary["largest_difference"] = {
            "boxes": max(box for box, _ in apart),
            "scores": max(score for _, score in apart),
        }
    return summary


def _found(columns: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
    boxes = torch.tensor(columns["boxes"]).reshape(-1, 4)
    return boxes, torch.tensor(columns["labels"]), torch.tensor(columns["scores"])


def write_weights(kind: str, path: Path) -> None:
    """A detector by formula, under detectron2's names, which we read as well."""
    structure, name, changes = KINDS[kind]
    engine = engines.load("tv")
    model, _ = build_model(config.load(name, ["MODEL.WEIGHTS", "''", *changes]), engine)
    state = golden.formula_weights(engine.canonical_state(model), seed=0)
    (stem,) = (key for key in state if key.endswith("stem.conv1.weight"))
    state[stem] = state[stem] / PIXEL_STD  # else scores saturate, and equal ones have no order
    torch.save({"model": to_detectron2(state, Layout(structure, "resnet50"), kind)}, path)


def pictures(side: int, number: int) -> list[Tensor]:
    """Squares with noise, (3, side, side * 4 / 3) uint8."""
    rng = np.random.default_rng(0)
    high, wide = -(-side // 16), -(-side * 4 // 48)
    coarse = rng.integers(0, 230, (number, 3, high, wide), np.uint8)
    fine = np.kron(coarse, np.ones((1, 1, 16, 16), np.uint8))
    noisy = fine + rng.integers(0, 26, fine.shape, np.uint8)
    return list(torch.from_numpy(noisy[..., :side, : side * 4 // 3]))


def objects(side: int) -> tuple[Tensor, Tensor]:
    """Five boxes and their labels for every picture."""
    start = torch.arange(5)[:, None] * side / 8.0
    boxes = torch.cat([start, start, start + side / 4, start + side / 3], dim=1)
    return boxes, torch.arange(5)


def timed(call: Callable[[Any], Any], inputs: Sequence[Any]) -> dict[str, Any]:
    """Seconds of each call after one that is not counted, and the most memory held."""
    call(inputs[0])
    seconds = []
    for value in inputs:
        start = time.perf_counter()
        call(value)
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds, "peak_megabytes": peak_megabytes()}


def timed_steps(
    model: torch.nn.Module, losses: Callable[[Any], dict[str, Tensor]], batch: Any, number: int
) -> dict[str, Any]:
    """`timed` of `number` training steps on one batch; what is frozen stays so."""
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=1e-5, momentum=0.9)

    def step(one: Any) -> None:
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(list(losses(one).values())).sum())
        optimizer.step()

    return timed(step, [batch] * number)


def measure(work: Work, kind: str, weights: Path, side: int, images: int) -> dict[str, Any]:
    """Ours: engine tv, as the tools run it."""
    engine = engines.load("tv")
    saved = checkpoint.load(weights, KINDS[kind][2])
    model, _ = restore_model(saved.cfg, engine, saved, str(weights))
    detector = Detector(model, saved.cfg, saved.class_names, engine)
    if work == "train":
        batch = [_sample(p, side) for p in pictures(side, IMAGES_PER_STEP)]
        model.train()
        return timed_steps(model, lambda b: engine.compute_losses(model, b), batch, images)
    speed_up(detector, torch.device("cpu"))
    samples = [_sample(picture, side) for picture in pictures(side, images)]
    result = timed(lambda sample: detector.detect([sample]), samples)
    found = detector.detect(samples)
    result["found"] = [
        {"boxes": f.boxes.tolist(), "labels": f.labels.tolist(), "scores": f.scores.tolist()}
        for f in found
    ]
    return result


def _sample(picture: Tensor, side: int) -> Sample:
    boxes, labels = objects(side)
    height, width = picture.shape[-2:]
    return Sample(
        image=picture,
        boxes=boxes,
        labels=labels,
        image_id=0,
        height=height,
        width=width,
        index=0,
    )


def arguments(argv: Sequence[str]) -> tuple[Work, str, Path, int, int]:
    """What this module and its peers are called with."""
    work, kind, weights, side, images = argv
    if work not in ("infer", "train"):
        raise ValueError(f"work must be infer or train, got {work!r}")
    return ("train" if work == "train" else "infer"), kind, Path(weights), int(side), int(images)


if __name__ == "__main__":
    print(json.dumps(measure(*arguments(sys.argv[1:]))))
