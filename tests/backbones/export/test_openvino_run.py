"""An OpenVINO model at work: by several threads at once, and in a fork."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest


@pytest.mark.parametrize("lanes", [1, 3])
def test_threads_run_it_at_once(lanes: int) -> None:
    openvino = pytest.importorskip("openvino")
    from openvino import opset13 as ops

    from backbones.export.openvino_run import started

    x = ops.parameter([-1, 3], np.float32)
    result = ops.result(ops.cum_sum(x, ops.constant(0)))
    result.input_value(0).set_names({"y"})
    run = started(openvino.Model([result], [x]), ["y"], 3, lanes)
    given = [np.arange(3 * n, dtype=np.float32).reshape(n, 3) for n in range(1000, 1100)]
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
from backbones.export.openvino_run import started

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
from backbones.export.openvino_ir import openvino
from backbones.export.openvino_run import started

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
