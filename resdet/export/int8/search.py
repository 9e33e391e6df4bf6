"""A detector's model in int8, as much of it as its accuracy allows."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from backbones.export import openvino_ir
from backbones.export.openvino_run import started
from backbones.images.decoding import Image, read_image
from backbones.terminal.progress import tracked
from backbones.terminal.wording import count, nearest
from resdet.export.int8.accuracy import ByAgreement, ByObjects, Judge, Verdict
from resdet.export.int8.layers import layers
from resdet.export.int8.pictures import Pictures
from resdet.export.int8.quantise import quantise
from resdet.export.int8.rounding import rounding
from resdet.structures.records import Dataset, Detections, ImageId

AUTO = "auto"  # of --keep-float
_LOOKED_AT = 10  # images by which the layers are ranked
_SHOWN = 5

OUTPUTS = ("boxes", "labels", "scores")
Run = Callable[[Any], list[Any]]  # an input -> boxes, labels, scores
Detect = Callable[[Run, ImageId, Image], Detections]


@dataclass(frozen=True)
class Wanted:
    """What int8 may cost on `data`, as a fraction; the names of layers, or "auto", `in_float`.

    Without `data` the pictures that are to agree are what it is measured on.
    """

    pictures: Pictures
    data: Dataset | None = None
    limit: float = 0.005
    in_float: tuple[str, ...] = ()

    def judge(self, model: nn.Module, class_names: Sequence[str]) -> Judge:
        """Who judges a detector, whose layers are those of the file.

        Raises: ValueError if its classes are not those of the data, or no layer has such a name.
        """
        _check_names(self.in_float, named_layers(model))
        if self.data is None:
            return ByAgreement(self.pictures.agree)
        return ByObjects(self.data, class_names, self.limit)


@dataclass(frozen=True)
class AtWork:
    """How a file is run: what it is `given` of an image, and what it says is found there."""

    given: Callable[[Image], Any]
    detect: Detect

    def found(self, model: Any, judge: Judge) -> list[Detections]:
        """What a model finds in the images of a judge."""
        run = started(model, OUTPUTS, torch.get_num_threads())
        images = tracked(judge.images, "measuring")
        return [self.detect(run, name, read_image(path, "RGB")) for name, path in images]

    def read(self, path: Path) -> Any:
        """What a file is given of an image on disk."""
        return self.given(read_image(path, "RGB"))


def in_int8(
    plain: Any,
    output: Path,
    wanted: Wanted,
    judge: Judge,
    work: AtWork,
    tell: Callable[[str], None],
) -> tuple[dict[Path, bytes], dict[str, str]]:
    """The files of the model in int8, and what their metadata say of its cost; each try is told.

    With "auto" ever more layers stay in float, those that round most first, until it costs no
    more than it may.
    Raises: ValueError if it costs more.
    """
    known = layers(plain)
    pictures = wanted.pictures.calibrate
    asked = [name for name in wanted.in_float if name != AUTO]
    in_float, worst = asked, dict[str, float]()
    found = work.found(plain, judge)
    while True:
        model = quantise(plain, pictures, work.read, in_float)
        written = openvino_ir.from_files(openvino_ir.as_files(model, output))
        verdict = judge(found, work.found(written, judge))
        tell(f"{count(len(in_float), 'layer')} of {len(known)} in float: {verdict}")
        if not verdict.too_much:
            told = _told(verdict, in_float, len(pictures))
            for key, text in told.items():
                model.set_rt_info(text, [openvino_ir.METADATA, key])
            return openvino_ir.as_files(model, output), told
        worst = worst or rounding(
            model, plain, map(work.read, pictures[:_LOOKED_AT]), torch.get_num_threads()
        )
        more = max(1, 2 * (len(in_float) - len(asked)))
        if AUTO not in wanted.in_float or more > len(worst):
            raise ValueError(_refusal(verdict, worst, output, tried=AUTO in wanted.in_float))
        in_float = [*asked, *list(worst)[:more]]


def named_layers(model: nn.Module) -> list[str]:
    """As `layers` names them."""
    suffix = ".weight"
    weights = (name for name, value in model.named_parameters() if value.ndim > 1)
    return [name.removesuffix(suffix) for name in weights if name.endswith(suffix)]


def _check_names(names: Sequence[str], known: Collection[str]) -> None:
    for name in names:
        if name != AUTO and name not in known:
            near = nearest(name, known) or f"; they are {', '.join(known)}"
            raise ValueError(f"--keep-float must name layers, or be {AUTO}, got {name}{near}")


def _refusal(verdict: Verdict, worst: dict[str, float], output: Path, *, tried: bool) -> str:
    """What is lost, and the layers that round most; `tried`: they have been left in float."""
    shown = list(worst.items())[:_SHOWN]
    told = ", ".join(f"{name} {share:.1%}" for name, share in shown)
    way_out = f"--keep-float {AUTO} leaves such layers in float, more and more, or " * (not tried)
    return (
        f"int8 must cost no more than --max-drop, got {verdict}; {output} is not written. By the "
        f"share of rounding in what they give, the worst layers are {told}; {way_out}allow more"
    )


def _told(verdict: Verdict, in_float: Sequence[str], pictures: int) -> dict[str, str]:
    held = {
        "calibrated_on": pictures,
        "layers_in_float": list(in_float),
        "measured": verdict.to_dict(),
    }
    return {"int8": json.dumps(held)}
