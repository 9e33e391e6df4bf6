"""A small detector by a formula, and every form of a file that is made of a detector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backbones.export.formats import contents, told_beside
from backbones.export.request import SUFFIXES
from backbones.files.atomic import write_together
from backbones.freeze import recompute_statistics
from backbones.images.decoding import Image
from resdet import config, engines
from resdet.benchmarks.golden import formula_weights
from resdet.benchmarks.our_detector import write_int8
from resdet.checkpoints import checkpoint
from resdet.checkpoints.checkpoint import DetectorCheckpoint
from resdet.detector.build import build_model
from resdet.export import trial
from resdet.export.detector import encode_detector
from resdet.export.exportable import Exportable, load_exportable
from resdet.export.form import INSIDE, Form, contract_of
from resdet.export.web.folder import write_page

NAMES = ("circle", "square", "triangle", "star", "cross", "ring")
FORMS = {
    "onnx": Form("onnx", INSIDE),
    "batch": Form("onnx", INSIDE, 0),
    "openvino": Form("openvino", INSIDE),
    "torch-export": Form("torch-export", INSIDE),
}
_CALIBRATED = 24  # pictures of int8
_LEAST = 1e-4  # of two scores between which the threshold may lie


class Made(NamedTuple):
    """A detector, and where the file of each form lies."""

    detector: Exportable
    checkpoint: Path
    files: Mapping[str, Path]


def write_detector(path: Path, usual: Sequence[Image], strange: Sequence[Image]) -> None:
    """`own_r18`, weights by a formula and norms by the usual pictures.

    Of all of them one shows no object, one a single one, and others more.
    """
    classes = str(len(NAMES))
    engine = engines.load("tv")
    cfg = config.load("own_r18", ["MODEL.ROI_HEADS.NUM_CLASSES", classes, "MODEL.DEVICE", "cpu"])
    model: Any = build_model(cfg, engine)[0]
    state = formula_weights(engine.canonical_state(model), seed=0)
    engine.load_canonical_state(model, state, "a formula")
    recompute_statistics(model.backbone, (_given(model, picture) for picture in usual))
    state = engine.canonical_state(model)
    pictures = [("", image) for image in (*usual, *strange)]
    for _ in range(2):
        checkpoint.save(path, DetectorCheckpoint(state, cfg, NAMES, engine.NAME, 0, {}))
        scores = trial.all_scores(load_exportable(path), pictures)
        cfg.MODEL.ROI_HEADS.SCORE_THRESH_TEST = threshold_of(scores)


def _given(model: Any, picture: Image) -> Tensor:
    """A part of a picture as the trunk gets it."""
    pixels = torch.from_numpy(picture[:320, :480]).permute(2, 0, 1)[None]
    return cast(Tensor, (pixels - model.transform.mean) / model.transform.std)


def threshold_of(scores: Sequence[NDArray[np.floating]]) -> float:
    """Above which one picture has one score, another none, and the others as many as can be.

    Shape: of each picture those of what is found, falling.
    """
    sure = (each[:2] for each in scores if len(each) > 1 and each[0] - each[1] > _LEAST)
    between = [float(two.mean()) for two in sure]
    least = min(float(each.max(initial=0.0)) for each in scores)
    return min(score for score in between if score > least)


def make(
    folder: Path, given: Path | None, usual: Sequence[Image], strange: Sequence[Image]
) -> Made:
    """All forms, in the folder; of the checkpoint that is given, else of `write_detector`'s."""
    source = given or folder / "small.pth"
    if given is None:
        write_detector(source, usual, strange)
    detector = load_exportable(source)
    files = {}
    for name, form in FORMS.items():
        file = folder / f"{name}{SUFFIXES[form.kind]}"
        contract = contract_of(detector, source, form)
        data = encode_detector(detector, contract, form)
        write_together({**contents(data, form.kind, file), **told_beside(contract, file)})
        files[name] = file
        if name == "onnx":
            write_page(folder / "web", data, contract.metadata, library={})
            files["web"] = folder / "web" / "model.onnx"
    chosen = [usual[at % len(usual)].transpose(2, 0, 1) for at in range(_CALIBRATED)]
    files["int8"] = write_int8(files["openvino"], chosen)
    return Made(detector, source, files)
