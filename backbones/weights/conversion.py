"""Weights from one kind of file to another, written only if both networks see the same."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from backbones.features import Classifier
from backbones.files.atomic import appear, write_bytes
from backbones.files.folder import folder_beside
from backbones.machine.outline import outline
from backbones.registry import create
from backbones.weights import reference
from backbones.weights.checkpoint import (
    SAFETENSORS,
    BackboneCheckpoint,
    Preprocessing,
    backbone_hash,
    save,
    save_backbone,
)
from backbones.weights.interop import (
    OURS,
    PICKLE,
    fill,
    kind_preprocessing,
    published_name,
    read_both,
)
from backbones.weights.keymaps import KINDS, Kind, channel_orders, from_ours

# Of a stage, |before - after| at its largest over |before| at its largest. Both are computed in
# double precision, which leaves what the files differ by, not the rounding of a thousand layers.
TOLERANCE = 1e-5
_PICKLED = {"msra": "Caffe2", "detectron2": "torchvision"}  # __author__ of detectron2's pickles
_FEW = 1e-6  # below it, two preprocessings are one


@dataclass(frozen=True)
class Conversion:
    """What was found, what was written, and how far the two networks are apart."""

    found: str
    written: str
    name: str
    num_classes: int
    differences: dict[str, float]
    hash: str

    @property
    def difference(self) -> float:
        """The largest over all stages, relative to the largest value of the stage."""
        return max(self.differences.values())


def convert(
    source: str, output: Path, kind: str, *, source_kind: str = "", name: str = ""
) -> Conversion:
    """Write the weights of `source` to `output` as `kind`: `ours` or one of `keymaps.KINDS`.

    `source` is a file, or `torchvision:<weights>` for the network `name`.
    Raises: ValueError, with nothing written, if the kinds differ in what cannot be converted, or
    features or logits of a fixed image before and after differ by more than TOLERANCE.
    """
    _check_suffix(output, kind)
    checkpoint, state = read_both(source, name, source_kind)
    if name and name not in (checkpoint.arch["name"], published_name(checkpoint.arch)):
        raise ValueError(
            f"name must be {published_name(checkpoint.arch)}, the network in {source}, got {name}"
        )
    found = checkpoint.meta["kind"] if state else OURS
    before = _features(found, checkpoint, state)
    with folder_beside(output, output.parent) as folder:
        written = folder / output.name
        _write(written, kind, checkpoint)
        again, state = read_both(str(written), name, kind)
        differences = compare(before, _features(kind, again, state))
        _refuse(differences, source, kind)
        appear(written, output)
    return Conversion(
        found=found,
        written=kind,
        name=published_name(checkpoint.arch),
        num_classes=checkpoint.num_classes,
        differences=differences,
        hash=backbone_hash(again.model, again.arch, again.preprocessing),
    )


def compare(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> dict[str, float]:
    """Largest difference of each output, relative to its largest value before."""
    return {
        name: float((value - after[name]).abs().max() / value.abs().max().clamp_min(1e-30))
        for name, value in before.items()
    }


def fixed_image(size: int) -> Tensor:
    """An image by formula, (size, size, 3) in 0..255, RGB, unlike itself turned or in BGR."""
    rows = torch.arange(size)[:, None, None]
    columns = torch.arange(size)[None, :, None]
    channels = torch.tensor([1, 2, 4])
    wave = 40 * torch.sin(rows / (7.0 * channels)) + 30 * torch.cos(columns / (11.0 * channels))
    steps = (rows * 13 + columns * 7 * channels + rows * columns * channels // 5) % 97
    return (wave + steps + torch.tensor([70.0, 90.0, 55.0])).clamp(0, 255).round()


def as_input(image: Tensor, preprocessing: Preprocessing) -> Tensor:
    """(H, W, 3) RGB to (1, 3, H, W), in its precision, as `preprocessing` says, per channel."""
    if preprocessing.channel_order == "BGR":
        image = image.flip(-1)
    mean, std = (
        torch.tensor(v, dtype=image.dtype) for v in (preprocessing.mean, preprocessing.std)
    )
    return ((image * preprocessing.scale - mean) / std).permute(2, 0, 1)[None].contiguous()


def see_as(
    kind: Kind, model: Classifier, weights: BackboneCheckpoint
) -> tuple[Preprocessing, dict[str, Tensor]]:
    """Weights that see through the preprocessing of `kind` what they saw through their own.

    The first convolution takes up another order of the channels and another std; another mean it
    cannot, for the zeros that pad it would no longer mean the same.
    Raises: ValueError if the means differ, or there is a mean image.
    """
    given, wanted = weights.preprocessing, kind_preprocessing(kind, weights.num_classes)
    turned = given.channel_order != wanted.channel_order
    (mean, std), (new_mean, new_std) = given.pixel_mean_std(), wanted.pixel_mean_std()
    if turned:
        mean, std = mean[::-1], std[::-1]
    faults = ["a mean image"] if given.mean_image else []
    if max(abs(a - b) for a, b in zip(mean, new_mean, strict=True)) > 255 * _FEW:
        faults.append(f"mean {[round(m, 3) for m in mean]} in 0..255, {wanted.channel_order}")
    if faults:
        raise ValueError(
            f"weights of kind {kind.name} must see images less "
            f"{[round(m, 3) for m in new_mean]}, got {' and '.join(faults)}; keep them ours"
        )
    state, first = dict(weights.model), next(iter(model.state_dict()))
    if turned:
        state[first] = state[first].flip(1)
    ratio = torch.tensor([b / a for a, b in zip(std, new_std, strict=True)])
    if (ratio - 1).abs().max() > _FEW:
        state[first] = state[first] * ratio[:, None, None]
    return wanted, state


def _features(
    kind: str, checkpoint: BackboneCheckpoint, state: Mapping[str, Tensor] | None
) -> dict[str, Tensor]:
    """Every stage and the logits of a fixed image, in our order of the channels."""
    size = 32 if checkpoint.arch["name"].startswith("cifar") else 224
    x = as_input(fixed_image(size).double(), checkpoint.preprocessing)
    if state is not None:
        with outline():
            model = create(num_classes=checkpoint.num_classes, **checkpoint.arch)
        outputs = reference.run(kind, {key: value.double() for key, value in state.items()}, x)
        orders = channel_orders(KINDS[kind], model)
        return {n: v[:, orders[n]] if n in orders else v for n, v in outputs.items()}
    model = create(num_classes=checkpoint.num_classes, **checkpoint.arch).double().eval()
    fill(model, checkpoint, "the weights")
    with torch.no_grad():
        return {**model.features(x, list(model.stages())), reference.LOGITS: model(x)}


def _refuse(differences: Mapping[str, float], source: str, kind: str) -> None:
    apart = [f"{name} by {value:.1e}" for name, value in differences.items()]
    if not all(value <= TOLERANCE for value in differences.values()):  # NaN is no agreement
        raise ValueError(
            f"{source} and its {kind} copy must agree on an image to {TOLERANCE:.0e} of the "
            f"largest value, got differences of {', '.join(apart)}; nothing was written"
        )


def _check_suffix(output: Path, kind: str) -> None:
    suffixes = [".pth", SAFETENSORS, *([PICKLE] if kind in _PICKLED else [])]
    if output.suffix not in suffixes:
        raise ValueError(
            f"OUTPUT of kind {kind} must end in one of {', '.join(suffixes)}, got {output.name}"
        )


def _write(path: Path, kind: str, checkpoint: BackboneCheckpoint) -> None:
    if kind == OURS:
        fields = set(BackboneCheckpoint.__dataclass_fields__) - {"hash"}
        save_backbone(path, **{name: getattr(checkpoint, name) for name in fields})
        return
    with outline():
        model = create(num_classes=checkpoint.num_classes, **checkpoint.arch)
    _, weights = see_as(KINDS[kind], model, checkpoint)
    state = {key: v.contiguous() for key, v in from_ours(KINDS[kind], model, weights).items()}
    if path.suffix == SAFETENSORS:
        write_bytes(path, safetensors.torch.save(state, {"format": "pt"}))
    elif path.suffix == PICKLE:
        write_bytes(path, _pickled(_container(kind, {k: v.numpy() for k, v in state.items()})))
    else:
        save(path, _container(kind, state))


def _pickled(payload: Mapping[str, Any]) -> bytes:
    """A pickle that every NumPy reads: 2 names its module anew, and still knows the old name.

    The module is named once, ahead of all data, and remembered.
    """
    new, old = (f"cnumpy.{core}.multiarray\n_reconstruct\n".encode() for core in ("_core", "core"))
    return pickle.dumps(payload, 3).replace(new, old, 1)


def _container(kind: str, state: Mapping[str, Any]) -> dict[str, Any]:
    if kind in _PICKLED:
        return {"model": state, "__author__": _PICKLED[kind], "matching_heuristics": True}
    if kind == "akamaster":
        return {"state_dict": {f"module.{key}": value for key, value in state.items()}}
    return dict(state)
