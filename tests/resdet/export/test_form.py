"""What a file says that it takes, and what it is given."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from resdet.export.exportable import load_exportable
from resdet.export.form import INSIDE, OUTSIDE, Form, contract_of

IMAGE = np.zeros((40, 60, 3), np.uint8)


@pytest.mark.parametrize(
    ("form", "told", "shape"),
    [
        (Form("onnx"), "image: uint8 (height, width, 3), RGB, any size", (80, 120, 3)),
        (Form("onnx", INSIDE), "image: uint8 (height, width, 3), RGB, any size", (40, 60, 3)),
        (
            Form("onnx", INSIDE, 0),
            "image: uint8 (batch, height, width, 3), RGB, any size",
            (2, 40, 60, 3),
        ),
        (
            Form("onnx", OUTSIDE, 2),
            "image: uint8 (2, height, width, 3), RGB, any size",
            (2, 80, 120, 3),
        ),
        (
            Form("torch-export"),
            "image: uint8 (height, width, 3), RGB, at least 32 pixels a side",
            (80, 120, 3),
        ),
    ],
)
def test_input(saved_detector: Callable, form: Form, told: str, shape: tuple[int, ...]) -> None:
    path = saved_detector()
    detector = load_exportable(path)
    contract = contract_of(detector, path, form)
    assert contract.metadata["input"] == told
    assert form.given(detector, [IMAGE] * 2).shape == shape
    sizes = json.loads(contract.metadata["preprocessing"])
    assert (sizes["resize"], "resizing" in sizes["inside"]) == (form.resize, form.resize == INSIDE)
    assert contract.example.ndim == len(shape)
    named = ["boxes", "labels", "scores", "images"]
    assert list(contract.outputs) == named[: len(shape)]
    assert contract.input == "image"  # a graph's names are each of one value


def test_a_vgg_needs_a_cell_once_resized(saved_detector: Callable) -> None:
    path = saved_detector("MODEL.ROI_BOX_HEAD.FC_DIM", "32", base="shapes_vgg16")
    told = contract_of(load_exportable(path), path, Form("onnx", INSIDE)).metadata["input"]
    assert told.endswith("at least 16 pixels a side once resized")
