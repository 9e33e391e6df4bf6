"""OpenVINO's two files: what is in them, and that they run."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest


def test_both_files_are_the_model_and_say_what_it_is(tmp_path: Path) -> None:
    openvino = pytest.importorskip("openvino")
    from openvino import opset13 as ops

    from backbones.export.openvino_ir import METADATA, as_files, from_files, started

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
    for given in _rows(2, 5):
        assert np.array_equal(run(given)[0], 2 * given)


@pytest.mark.parametrize("lanes", [1, 3])
def test_threads_run_it_at_once(lanes: int) -> None:
    openvino = pytest.importorskip("openvino")
    from openvino import opset13 as ops

    from backbones.export.openvino_ir import started

    x = ops.parameter([-1, 3], np.float32)
    result = ops.result(ops.cum_sum(x, ops.constant(0)))
    result.input_value(0).set_names({"y"})
    run = started(openvino.Model([result], [x]), ["y"], 3, lanes)
    given = _rows(*range(1000, 1100))
    with ThreadPoolExecutor(3) as threads:
        for rows, found in zip(given, threads.map(run, given), strict=True):
            np.testing.assert_allclose(found[0], rows.cumsum(0), rtol=1e-4)


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_fork_runs_it_without_the_threads_of_its_parent(lanes: int) -> None:
    pytest.importorskip("openvino")
    code = f"""
import os, signal, sys
import numpy as np
from openvino import Model, opset13 as ops
from backbones.export.openvino_ir import started

x = ops.parameter([-1, 3], np.float32)
result = ops.result(ops.cum_sum(x, ops.constant(0)))
result.input_value(0).set_names({{"y"}})
run = started(Model([result], [x]), ["y"], 2, {lanes})
ones = np.ones((5, 3), np.float32)
run(ones)
child = os.fork()
if child == 0:
    signal.alarm(20)  # which ends what waits for ever
    os._exit(int(run(ones)[0][-1, 0]))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 5


def test_threads_may_be_the_first_to_run_anything(tmp_path: Path) -> None:
    openvino = pytest.importorskip("openvino")
    from openvino import opset13 as ops

    x = ops.parameter([-1, 3], np.float32)
    result = ops.result(ops.cum_sum(x, ops.constant(0)))
    result.input_value(0).set_names({"y"})
    openvino.serialize(openvino.Model([result], [x]), tmp_path / "a.xml", tmp_path / "a.bin")
    code = f"""
import builtins, signal, time
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from backbones.export.openvino_ir import openvino, started

run = started(openvino.Core().read_model({str(tmp_path / "a.xml")!r}), ["y"], 2, 2)
imports = builtins.__import__

def slowly(name, *rest):
    time.sleep(0.5 * ("multiarray" in name))  # another thread goes on
    return imports(name, *rest)

builtins.__import__ = slowly
signal.alarm(20)  # which ends what waits for ever
with ThreadPoolExecutor(2) as threads:
    list(threads.map(run, [np.ones((5, 3), np.float32)] * 2))
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)


def _rows(*numbers: int) -> list[np.ndarray]:
    return [np.arange(3 * rows, dtype=np.float32).reshape(rows, 3) for rows in numbers]


def test_nobody_is_told_that_it_is_used(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    code = "from backbones.export import openvino_ir; openvino_ir.openvino.Core()"
    env = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=env)
    assert list(tmp_path.iterdir()) == []
