"""Our detectors, timed; `our_process` is a process of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from backbones.convolution.quick import place
from backbones.export.formats import contents
from backbones.export.request import SUFFIXES
from backbones.files.atomic import write_together
from resdet import config, engines
from resdet.benchmarks import golden
from resdet.benchmarks.detector_task import KINDS, Picture, Task, columns
from resdet.benchmarks.detector_timing import images_of, objects, timed, timed_steps
from resdet.checkpoints import checkpoint
from resdet.checkpoints.checkpoint import DetectorCheckpoint
from resdet.checkpoints.detectron2_names import Layout, to_detectron2
from resdet.detector.build import build_model, load_model
from resdet.detector.inference import build_detector, speed_up
from resdet.detector.speed import compile_parts
from resdet.engines.samples import Sample
from resdet.export.detector import encode_detector
from resdet.export.exportable import load_exportable
from resdet.export.form import Form, contract_of
from resdet.structures.classes import COCO_CLASSES

PIXEL_STD = 57.0  # about that of photographs; detectron2's detectors divide by 1


def write_weights(kind: str, path: Path) -> None:
    """A detector by formula: where detectron2 has its like under its names, which we read too."""
    structure, network, name, changes = KINDS[kind]
    engine = engines.load("tv")
    cfg = config.load(name, ["MODEL.WEIGHTS", "''", *changes])
    model, _ = build_model(cfg, engine)
    state = golden.formula_weights(engine.canonical_state(model), seed=0)
    if not structure:
        saved = DetectorCheckpoint(state, cfg, COCO_CLASSES, engine.NAME, iteration=0, training={})
        checkpoint.save(path, saved)
        return
    (stem,) = (key for key in state if key.endswith("stem.conv1.weight"))
    state[stem] = state[stem] / PIXEL_STD  # else scores saturate, and equal ones have no order
    torch.save({"model": to_detectron2(state, Layout(structure, network), kind)}, path)


def write_exported(kind: str, weights: Path, forms: Sequence[str]) -> None:
    """The detector of weights in files beside it, which take pictures as the network does."""
    detector = replace(load_exportable(weights, KINDS[kind].changes), channel_order="RGB")
    onnx = Form("onnx")
    data = encode_detector(detector, contract_of(detector, weights, onnx), onnx)
    for form in forms:
        write_together(contents(data, form, weights.with_suffix(SUFFIXES[form])))


def write_int8(exported: Path, pictures: Sequence[Picture]) -> Path:
    """OpenVINO's file with its network in int8, calibrated with pictures; in a file beside it."""
    from backbones.export import openvino_ir
    from resdet.export.int8.quantise import quantise

    given = [np.ascontiguousarray(picture.transpose(1, 2, 0)) for picture in pictures]
    plain = {file: file.read_bytes() for file in (exported, exported.with_suffix(".bin"))}
    model = quantise(openvino_ir.from_files(plain), given, lambda image: image)
    path = exported.with_suffix(".int8.xml")
    write_together(openvino_ir.as_files(model, path))
    return path


def measure(task: Task) -> dict[str, Any]:
    """Engine tv, as the tools run it."""
    engine = engines.load("tv")
    saved = checkpoint.load(Path(task.weights), KINDS[task.kind].changes)
    model, cfg, _ = load_model(saved, engine, task.weights)
    device = torch.device(task.device)
    batches = [[_sample(picture, task.side) for picture in batch] for batch in images_of(task)]
    speed = task.speed

    def hasten() -> None:
        """What hides operations from their counter."""
        place(model, device, learns=True, precision=speed.precision, compiled=speed.compiled)
        if speed.compiled:
            compile_parts(model)

    if task.work == "train":
        model.to(device).train()
        return timed_steps(
            model, lambda batch: engine.compute_losses(model, batch), batches, task, hasten
        )
    detector = build_detector(cfg, model, saved.class_names, engine, speed)
    detector.model.to(device)
    result = timed(detector.run_batch, batches, task, lambda: speed_up(detector, device))
    found = [one for batch in batches for one in detector.run_batch(batch)]
    result["found"] = [
        columns(*(torch.from_numpy(v) for v in (f.boxes, f.labels, f.scores))) for f in found
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
