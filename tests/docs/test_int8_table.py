"""The table of int8."""

from __future__ import annotations

from tools.docs.int8_table import int8_table


def test_what_is_lost_and_gained_of_each_detector() -> None:
    lost = {"num_images": 72, "plain": 0.9131, "quantised": 0.9117}
    threads = {
        "processor_seconds": {"torch": 0.040, "OpenVINO": 0.030, "int8": 0.010},
        "peak_megabytes": {"torch": 700.0, "OpenVINO": 180.0, "int8": 150.0},
    }
    trained = {
        "name": "`own_r18`, BCCD",
        "measured": {**lost, "interval": {"low": -0.0046, "high": 0.0018, "p_value": 0.4}},
        "megabytes": {"OpenVINO": 16.2, "int8": 4.7},
        "threads": {"1": threads},
    }
    seconds = {"torch": 2.0, "torch, before": 4.0, "detectron2": 5.0, "int8": 1.0}
    other = {"name": "R-50", "threads": {"2": {**threads, "processor_seconds": seconds}}}
    few = {**trained, "measured": {**lost, "interval": None}}
    table = int8_table(
        {"detectors": [trained, few, other], "hardware": "2 cores", "versions": {"nncf": "3.4"}}
    )
    lines = table.splitlines()
    told = "| `own_r18`, BCCD | 72 | 91.3 | 91.2 | -0.1 (-0.5 to +0.2) | 16.2 -> 4.7 |"
    assert lines[2] == told
    assert lines[3] == "| `own_r18`, BCCD | 72 | 91.3 | 91.2 | -0.1 | 16.2 -> 4.7 |"
    assert lines[7] == "| `own_r18`, BCCD | 1 | 4.00x |  |  | 3.00x | 700 -> 150 |"
    assert lines[9] == "| R-50 | 2 | 2.00x | 4.00x | 5.00x |  | 700 -> 150 |"
    assert lines[-1] == "2 cores; nncf 3.4."
