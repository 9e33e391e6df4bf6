"""OpenVINO's two files: what is in them, and that they run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


def test_both_files_are_the_model_and_say_what_it_is(tmp_path: Path) -> None:
    openvino = pytest.importorskip("openvino")
    from openvino import opset13 as ops

    from backbones.export.openvino_ir import METADATA, as_files, from_files
    from backbones.export.openvino_run import started

    x = ops.parameter([-1, 3], np.float32)
    result = ops.result(ops.multiply(x, ops.constant(np.full((1, 3), 2, np.float32))))
    result.input_value(0).set_names({"y"})
    made = openvino.Model([result], [x])
    made.set_rt_info("cat, dog", [METADATA, "class_names"])
    files = as_files(made, tmp_path / "a.xml")
    assert [path.name for path in files] == ["a.xml", "a.bin"]
    assert list(tmp_path.iterdir()) == []
    model = from_files(files)
    assert model.get_rt_info([METADATA, "class_names"]).value == "cat, dog"
    run = started(model, ["y"], 1)
    for rows in (2, 5):
        given = np.arange(3 * rows, dtype=np.float32).reshape(rows, 3)
        assert np.array_equal(run(given)[0], 2 * given)


def test_weights_of_another_file_are_refused(tmp_path: Path) -> None:
    openvino = pytest.importorskip("openvino")
    from openvino import opset13 as ops

    from backbones.export.openvino_ir import as_files, read

    for name, factor in (("a.xml", 2.0), ("b.xml", 3.0)):
        x = ops.parameter([-1, 3], np.float32)
        made = openvino.Model(
            [ops.multiply(x, ops.constant(np.full((1, 3), factor, np.float32)))], [x]
        )
        openvino.serialize(made, tmp_path / f"older_{name}")
        for path, data in as_files(made, tmp_path / name).items():
            path.write_bytes(data)
        assert read(tmp_path / name).get_parameters()
    for name in ("a.bin", "older_a.bin"):
        (tmp_path / name).write_bytes((tmp_path / "b.bin").read_bytes())
    assert read(tmp_path / "older_a.xml").get_parameters()  # says nothing of its weights
    with pytest.raises(ValueError, match=r"a\.bin is not the one that was written with it"):
        read(tmp_path / "a.xml")


def test_nobody_is_told_that_it_is_used(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    code = "from backbones.export import openvino_ir; openvino_ir.openvino.Core()"
    env = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=env)
    assert list(tmp_path.iterdir()) == []
