"""One file format for every network, read without running code, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from backbones.export.request import SUFFIXES
from backbones.files.atomic import atomic_write, write_bytes
from backbones.files.run_folder import check_own
from backbones.files.torch_file import is_saved
from backbones.machine.exhaustion import OF_ANY, OutOfMemory, first_line, is_exhaustion
from backbones.weights import unpickling
from backbones.weights.fields import (
    WAY_OUT,
    Field,
    check_fields,
    each,
    is_called,
    is_count,
    is_dict,
    is_number,
    is_positive,
    is_text,
    told,
)
from backbones.weights.soundness import check_weights

FORMAT = "backbones/2"
SAFETENSORS = ".safetensors"
LAST = "last_checkpoint"  # a text file that names the newest checkpoint, as detectron2's
LARGEST_SIDE = 16384  # pixels of an image that a network sees
StateDict = dict[str, Tensor]


def _is_arch(value: Any) -> bool:
    """The arguments of `create`: plain, finite values, as a hash is made of."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return isinstance(value, dict) and all(map(is_text, (*value, value.get("name"))))


def _is_recipe(value: Any) -> bool:
    inputs = value.get("INPUT", {}) if isinstance(value, dict) else None
    sizes = ("SIZE", "SIZE_TEST", "MIN_SIZE_TEST")
    return isinstance(inputs, dict) and all(
        is_count(inputs.get(size, 0)) and inputs.get(size, 0) <= LARGEST_SIDE for size in sizes
    )


def _is_mean_image(value: Any) -> bool:
    return each(is_number)(value) and len(value) == 3 * round((len(value) / 3) ** 0.5) ** 2


_BACKBONE = (
    Field("arch", "the arguments of a network, its name among them", _is_arch),
    Field("num_classes", "a number of classes", lambda n: is_count(n) and n > 0),
    Field("model", "weights by name", is_dict),
    Field("preprocessing", "fields by name", is_dict),
    Field("meta", "values by name", is_dict),
    Field("recipe", f"a config whose sizes are up to {LARGEST_SIDE} pixels", _is_recipe),
    Field("hash", "text", is_text),
)
_PREPROCESSING = (
    Field("channel_order", "RGB or BGR", lambda order: is_called(order, "RGB", "BGR")),
    Field("scale", "a number above 0", is_positive),
    Field("mean", "3 numbers", each(is_number, 3)),
    Field("std", "3 numbers above 0", each(is_positive, 3)),
    Field("class_names", "a list of texts", each(is_text)),
    Field("mean_image", "numbers of a square of 3 channels, or none", _is_mean_image),
)


@dataclass(frozen=True)
class Preprocessing:
    """What a network was trained to see: input = (pixel * scale - mean) / std.

    `mean_image`, where there is one, stands in place of `mean` at the size it was taken at:
    size * size * 3 numbers, row by row; `mean` is its mean over the pixels.
    Unit: pixel in 0..255; means and std in units of pixel * scale, in `channel_order`.
    """

    channel_order: Literal["RGB", "BGR"]
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    class_names: tuple[str, ...] = ()
    mean_image: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, as a checkpoint holds them."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], source: str = "preprocessing") -> Preprocessing:
        """Inverse of `to_dict`. Raises: ValueError if a field is missing or no such value."""
        check_fields(values, _PREPROCESSING, source)
        return cls(
            values["channel_order"],
            float(values["scale"]),
            tuple(values["mean"]),
            tuple(values["std"]),
            tuple(values["class_names"]),
            tuple(values["mean_image"]),
        )

    def pixel_mean_std(self) -> tuple[list[float], list[float]]:
        """Mean and std in units of the pixel (0..255): detectron2's PIXEL_MEAN and PIXEL_STD."""
        return [m / self.scale for m in self.mean], [s / self.scale for s in self.std]


@dataclass(frozen=True)
class BackboneCheckpoint:
    """A classification network at rest; `arch` holds the arguments of `create`.

    `recipe` is the config it was trained by, as plain values; of foreign weights, the sizes of
    its test views. `hash` is of weights, arch and preprocessing; "" until the file is written.
    """

    arch: dict[str, Any]
    num_classes: int
    model: StateDict
    preprocessing: Preprocessing
    meta: dict[str, Any]
    recipe: dict[str, Any] = field(default_factory=dict)
    hash: str = ""


def save(path: Path, payload: Mapping[str, Any]) -> None:
    """Write `payload` (tensors, numbers, strings, lists, dicts) as a torch file, atomically.

    Under a name that ends in .safetensors, payload["model"] holds the tensors and all else is
    plain values.
    """
    if Path(path).suffix == SAFETENSORS:
        header = {key: json.dumps(value) for key, value in payload.items() if key != "model"}
        tensors = {key: value.contiguous() for key, value in payload["model"].items()}
        write_bytes(path, safetensors.torch.save(tensors, header))
        return
    with atomic_write(path) as file:
        torch.save(dict(payload), file)


def load(path: Path) -> dict[str, Any]:
    """Read a torch or safetensors file on the CPU, admitting tensors and plain values only.

    Raises: FileNotFoundError; ValueError if the file is cut, foreign, or would run code.
    """
    path = Path(path)
    if not path.is_file():
        way = ", a folder; give a file of it, such as model_best.pth" if path.is_dir() else ""
        raise FileNotFoundError(f"checkpoint must be an existing file, got {path}{way}")
    if path.suffix == SAFETENSORS:
        return _load_safetensors(path)
    try:
        _check_sums(path)
        payload = unpickling.load(path)
    except Exception as error:  # of a damaged file torch raises anything
        if is_exhaustion(error):
            raise OutOfMemory(str(path), first_line(error), OF_ANY) from None
        named_so = path.suffix and path.suffix in SUFFIXES.values()  # a web page has none
        if named_so and not is_saved(path):
            raise ValueError(
                f"checkpoint must be weights, got {path}, by its name an exported network; give "
                "the checkpoint that it was made of"
            ) from error
        if isinstance(error, unpickling.Refused):
            raise
        raise ValueError(
            f"checkpoint must be a complete, readable torch file, got {path} ({error!s:.500}); "
            "copy it again, or give another"
        ) from error
    if not isinstance(payload, dict):
        raise ValueError(f"checkpoint must hold a dict, got {type(payload).__name__} in {path}")
    return payload


def _check_sums(path: Path) -> None:
    """Hold every part of a torch file to its sum, which torch writes and does not read."""
    if not zipfile.is_zipfile(path):
        return  # torch's older format has none
    with zipfile.ZipFile(path) as file:
        if any(part.compress_type != zipfile.ZIP_STORED for part in file.infolist()):
            raise ValueError("it is compressed, as torch writes none")
        broken = file.testzip()
    if broken is not None:
        raise ValueError(f"{broken} in it is not what was written")


def _load_safetensors(path: Path) -> dict[str, Any]:
    """What `save` wrote there; of a file of others, whose header is not ours, the tensors alone."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        if "arch" not in header:
            return tensors
        return {**{key: json.loads(value) for key, value in header.items()}, "model": tensors}
    except (safetensors.SafetensorError, OSError, ValueError, RuntimeError, MemoryError) as error:
        raise ValueError(
            f"checkpoint must be a complete safetensors file, got {path} ({error!s:.500})"
        ) from error


def mark_last(directory: Path, name: str) -> None:
    """Point `last_checkpoint` at a file that is already whole."""
    write_bytes(directory / LAST, name.encode())


def last(directory: Path) -> Path | None:
    """The checkpoint that a run in `directory` would resume from; None if there is none."""
    pointer = directory / LAST
    if not pointer.is_file():
        return None
    return directory / Path(pointer.read_text(errors="replace").strip("\0\n ")).name


def to_resume(directory: Path, resume: bool) -> Path | None:
    """The checkpoint that a run in `directory` goes on from; None if it is to start anew.

    Raises: ValueError if `directory` holds a run that is not to be resumed, or files that are no
        run's: see `check_own`.
    """
    newest = last(directory)
    if newest is not None and not resume:
        raise ValueError(
            f"--output must be new, got {directory}, which holds a run; "
            "give --resume to go on with it, or another folder"
        )
    if newest is None:
        check_own(directory)
    return newest


def backbone_hash(
    model: Mapping[str, Tensor], arch: Mapping[str, Any], preprocessing: Preprocessing
) -> str:
    """SHA-256, in hex, of every tensor's name, dtype, shape and bytes, the arch, and the input."""
    digest = hashlib.sha256()
    for name in sorted(model):
        tensor = model[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    settings = {"arch": dict(arch), "preprocessing": preprocessing.to_dict()}
    digest.update(json.dumps(settings, sort_keys=True).encode())
    return digest.hexdigest()


def save_backbone(
    path: Path,
    *,
    arch: Mapping[str, Any],
    num_classes: int,
    model: Mapping[str, Tensor],
    preprocessing: Preprocessing,
    recipe: Mapping[str, Any],
    meta: Mapping[str, Any],
) -> str:
    """Write a classification network with all that is needed to use it again; return its hash."""
    fingerprint = backbone_hash(model, arch, preprocessing)
    payload = {
        "format": FORMAT,
        "arch": dict(arch),
        "num_classes": num_classes,
        "model": dict(model),
        "preprocessing": preprocessing.to_dict(),
        "recipe": dict(recipe),
        "hash": fingerprint,
        "meta": dict(meta),
        "matching_heuristics": True,  # detectron2 then finds places by the ends of names
    }
    save(path, payload)
    return fingerprint


def load_backbone(path: Path) -> BackboneCheckpoint:
    """Read what `save_backbone` wrote, and hold it to its hash.

    Raises: ValueError if it is another kind of file, or not what was written.
    """
    return backbone_from_payload(load(path), path)


def backbone_from_payload(payload: Mapping[str, Any], path: Path) -> BackboneCheckpoint:
    """`load_backbone` of what `load` returned for `path`."""
    if not is_called(payload.get("format"), FORMAT):
        raise ValueError(
            f"format of {path} must be {FORMAT!r}, got {told(payload.get('format'))}; "
            "give a file that resdet train-backbone or resdet convert-weights wrote"
        )
    check_fields(payload, _BACKBONE, str(path))
    check_weights(payload["model"], str(path))
    preprocessing = Preprocessing.from_dict(payload["preprocessing"], f"preprocessing of {path}")
    if len(preprocessing.class_names) > payload["num_classes"]:
        raise ValueError(
            f"class_names of {path} must be at most {payload['num_classes']}, its num_classes, "
            f"got {len(preprocessing.class_names)}; {WAY_OUT}"
        )
    found = backbone_hash(payload["model"], payload["arch"], preprocessing)
    if found != payload["hash"]:
        raise ValueError(
            f"hash of {path} must be {payload['hash']}, got {found}; its weights, arch or "
            "preprocessing are not what was written: take a whole copy, or write it anew"
        )
    return BackboneCheckpoint(
        arch=payload["arch"],
        num_classes=payload["num_classes"],
        model=payload["model"],
        preprocessing=preprocessing,
        meta=payload["meta"],
        recipe=payload["recipe"],
        hash=found,
    )
