"""Goals: the worst network counts, a goal without its peer is open, each device has its own."""

import pytest

from resdet.benchmarks.goals import GOALS, goals_table, judge

CROP = {"ratio": {"resdet": 2.0}, "of_decode_alone": {"resdet": 0.8}}
MEASURED = {
    "input": {"classification": {"scale": CROP, "area": {**CROP, "ratio": {"resdet": 1.7}}}},
    "infer-det": {
        "kinds": {
            "a": {"seconds": {"resdet": 1.0, "resdet, as asked": 0.5, "detectron2": 1.5}},
            "b": {
                "seconds": {"resdet": 1.0, "detectron2": 2.0, "resdet, openvino": 0.1},
                "processor_seconds": {
                    **{"resdet": 3.0, "resdet, openvino": 2.0},
                    **{"resdet, int8": 0.5, "detectron2": 2.0},
                },
                "peak_megabytes": {"resdet": 300.0, "resdet, openvino": 200.0},
            },
            "c": {"seconds": {"resdet": 1.0, "torchvision": 0.1}},
        }
    },
    "train-backbone": {
        "networks": {
            "x": {"images_per_second": {"resdet": 14.0, "torchvision": 10.0, "timm": 14.0}},
            "y": {"images_per_second": {"resdet": 30.0, "torchvision": 20.0, "timm": 31.0}},
        }
    },
    "train-det": {
        "kinds": {
            "a": {"seconds": {"resdet": 4.0, "torchvision": 5.0, "detectron2": 3.0}},
            "b": {"seconds": {"resdet": 4.0, "detectron2": 6.0}},
        }
    },
    "eval": {
        "voc": {"whole": {"ratio": {}}},
        "coco": {"whole": {"ratio": {"resdet eval-coco": 32.0, "pycocotools": 1.0}}},
    },
}


def judged(device):
    return {row["goal"]: (row["measured"], row["met"]) for row in judge(MEASURED, device)}


def test_goals_on_a_cpu():
    assert judged("cpu") == {
        "input, the paper's views: times torchvision's PIL pipeline": (2.0, True),
        "input, the paper's views: share of decoding alone": (0.8, True),
        "detectors: times detectron2's fp32": (2.0, True),
        "OpenVINO: torch's peak memory, times its own": (1.5, False),
        "int8: times detectron2's fp32, processor seconds": (4.0, False),
        "training: times timm": (pytest.approx(30 / 31), False),
        "training detectors: times torchvision": (1.25, True),
        "training detectors: times detectron2": (0.75, False),
        "VOC evaluation, whole process: times detectron2": (None, None),
        "COCO evaluation, whole process: times pycocotools": (32.0, True),
    }


def test_goals_on_a_gpu():
    found = judged("cuda:0")
    assert found["detectors: times detectron2's fp32"] == (2.0, True)
    assert found["training: times torchvision's loop with its AMP"] == (1.4, True)


def test_only_what_ran_is_judged():
    assert [row["benchmark"] for row in judge({"eval": MEASURED["eval"]})] == ["eval", "eval"]
    assert judge({}) == []


def test_without_peers_nothing_is_met_or_missed():
    alone = {"infer-det": {"kinds": {"a": {"seconds": {"resdet": 1.0}}}}, "eval": {}}
    assert {row["met"] for row in judge(alone)} == {None}


def test_the_table_tells_each(capsys):
    from rich.console import Console

    Console(width=100).print(goals_table(judge(MEASURED)))
    printed = capsys.readouterr().out
    assert "peer not here" in printed
    assert len([line for line in printed.splitlines() if " no " in line]) == 4
    assert all(goal.text in printed for goal in GOALS if goal.device != "cuda")
