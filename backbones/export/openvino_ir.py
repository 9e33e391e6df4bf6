"""OpenVINO's own form of a network: .xml, and its weights beside it in .bin."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

# by which OpenVINO and NNCF tell Google Analytics of each use; both do without
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino as openvino  # noqa: E402

from backbones.files.digests import file_digest  # noqa: E402

openvino.Tensor(np.zeros(1))  # looks NumPy up: threads that are the first to, at once, hang

METADATA = "framework"  # where a model keeps what its ONNX file said of itself
_DIGEST = "weights_sha256"  # of the .bin, there


def from_onnx(data: bytes) -> Any:
    """The model of an ONNX file."""
    return openvino.Core().read_model(data, b"")


def as_files(model: Any, path: Path) -> dict[Path, bytes]:
    """What is to be written for a model of this path, which ends in .xml.

    The one says of the other what it is: weights of another training would run as well.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = [Path(folder, "model").with_suffix(suffix) for suffix in (".xml", ".bin")]
        openvino.serialize(model, *made)
        model.set_rt_info(file_digest(made[1]), [METADATA, _DIGEST])
        openvino.serialize(model, *made)
        return {path.with_suffix(file.suffix): file.read_bytes() for file in made}


def read(path: Path) -> Any:
    """The model of a file, with the weights beside it.

    Raises: ValueError if these are others than it was written with; what OpenVINO does of a file
        that is broken.
    """
    weights = path.with_suffix(".bin")
    model = openvino.Core().read_model(path)
    if model.has_rt_info([METADATA, _DIGEST]) and path.suffix == ".xml":
        written = model.get_rt_info([METADATA, _DIGEST]).value
        if file_digest(weights) != written:
            raise ValueError(f"{weights} is not the one that was written with it")
    return model


def from_files(files: Mapping[Path, bytes]) -> Any:
    """The model as its reader will have it."""
    return openvino.Core().read_model(*files.values())
