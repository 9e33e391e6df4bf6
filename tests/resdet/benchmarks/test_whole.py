"""Whole processes side by side."""

from pathlib import Path

from resdet.benchmarks.whole import coco_commands, compared, voc_commands


def run(seconds):
    return {
        "seconds": seconds,
        "cpu_seconds": 2 * seconds,
        "peak_megabytes": 10 * seconds,
        "printed": "",
    }


def test_medians_and_ratios_to_the_peer():
    runs = {"ours": [run(1.0), run(2.0), run(9.0)], "peer": [run(80.0)]}
    found = compared(runs, "peer")
    assert found["seconds"] == {"ours": 2.0, "peer": 80.0}
    assert found["peak_megabytes"]["ours"] == 20.0
    assert found["ratio"] == found["cpu_ratio"] == {"ours": 40.0, "peer": 1.0}


def test_no_ratio_without_the_peer():
    assert compared({"ours": [run(1.0)]}, "peer")["ratio"] == {}


def test_commands_are_those_of_a_user():
    for name, command in voc_commands(Path("a"), Path("b")).items():
        assert name.split()[:2] == list(command[:2])
    for name, command in coco_commands(Path("a"), Path("b")).items():
        assert name.split()[:2] == list(command[:2])
        assert " ".join(map(str, command)).endswith(name.removeprefix("resdet eval-coco").strip())
