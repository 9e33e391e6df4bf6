"""The table of runtimes."""

from __future__ import annotations

from tools.docs.runtimes_table import runtimes_table

RUNS = {
    **{"loads": True, "runs": True, "version": "1.0", "form": "onnx", "remark": "from afar"},
    **{"pairs": 90, "box": 0.002, "score": 1e-5, "alone": 1, "at_limit": 2},
    **{"as_fast_as_torch": 1.25, "peak_megabytes": 99.6},
}
NONE = {"version": "2.0", "form": "onnx", "remark": ""}


def test_what_runs_and_why_another_does_not() -> None:
    rows = {
        "a": {**RUNS, "refused": {}},
        "b": {**RUNS, "refused": {"1 x 1": "too small"}},
        "c": {**RUNS, "form": "int8", "refused": {}},
        "d": {**NONE, "loads": False, "why": "Error: no | here"},
        "e": {**NONE, "loads": True, "runs": False, "why": "ended"},
        "f": {**NONE, "loads": None, "why": "not installed: offline"},
    }
    machine = {"cpu": "X", "python": "3.11", "packages": {"torch": "2.14"}}
    measured = {"environment": machine, "torch_peak_megabytes": 700.4, "runtimes": rows}
    _, _, *lines, _, told = runtimes_table(measured).splitlines()
    numbers = "2.0e-03 | 1.0e-05 | 1 of 93 | 1.25x | 100"
    assert lines == [
        f"| a | 1.0 | onnx | yes | {numbers} | from afar |",
        f"| b | 1.0 | onnx | not all sizes | {numbers} | from afar; 1 x 1: too small |",
        "| c | 1.0 | int8 | yes |  |  |  | 1.25x | 100 | from afar |",
        "| d | 2.0 | onnx | **no** |  |  |  |  |  | Error: no / here |",
        "| e | 2.0 | onnx | **no** |  |  |  |  |  | ended |",
        "| f | 2.0 | onnx | not tried |  |  |  |  |  | not installed: offline |",
    ]
    assert told == "X, one thread; Python 3.11; torch 2.14, which takes 700 MB."
