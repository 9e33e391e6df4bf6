"""A detector in int8: what is, what is not, and that it finds the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def readers(model: Any) -> set[tuple[str, str]]:
    """(name, kind) of what reads rounded values."""
    nodes = [
        target.get_node()
        for operator in model.get_ordered_ops()
        if operator.get_type_name() == "FakeQuantize"
        for target in operator.output(0).get_target_inputs()
    ]
    return {(node.get_friendly_name(), node.get_type_name()) for node in nodes}


def test_no_box_and_no_score_is_rounded(plain: Any, quantised: Any) -> None:
    from resdet.export.int8.layers import layers

    found = readers(quantised)
    names = {name for name, _ in found}
    assert {kind for _, kind in found} <= {"Convolution", "MatMul", "Add", "MaxPool", "ReduceMean"}
    for layer in ("rpn.head.cls_logits", "backbone.res3.0.conv2"):
        assert names & {node.get_friendly_name() for node in layers(plain)[layer]}, layer


def test_the_files_are_small_and_find_nearly_what_float_finds(
    plain: Any, quantised: Any, pictures: list[Path], read: Callable[[Path], Any], tmp_path: Path
) -> None:
    from backbones.export.openvino_ir import as_files, from_files
    from backbones.export.openvino_run import started

    files, floats = (as_files(model, tmp_path / "a.xml") for model in (quantised, plain))
    assert len(files[tmp_path / "a.bin"]) < 0.4 * len(floats[tmp_path / "a.bin"])
    runs = [
        started(model, ["boxes", "labels", "scores"], 1) for model in (plain, from_files(files))
    ]
    for path in pictures:
        (_, _, scores), (_, _, others) = (run(read(path)) for run in runs)
        assert np.abs(scores[:5] - others[:5]).max() < 0.1


def test_layers_stay_in_float_where_they_are_asked_to(
    plain: Any, pictures: list[Path], read: Callable[[Path], Any]
) -> None:
    from resdet.export.int8.layers import layers
    from resdet.export.int8.quantise import quantise

    kept = "rpn.head.cls_logits"
    names = {name for name, _ in readers(quantise(plain, pictures[:1], read, [kept]))}
    known = layers(plain)
    assert not names & {node.get_friendly_name() for node in known[kept]}
    assert names & {node.get_friendly_name() for node in known["rpn.head.bbox_pred"]}
