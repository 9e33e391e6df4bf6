"""Benchmarks in a README: each thing done in a row, peers beside ours."""

from tools.docs.markdown import goal_rows, measured_with, speed_rows

NETWORK = {
    "images_per_second": {"resdet": 30.0, "torchvision": 20.0, "timm": 15.0},
    "share_of_limit": {"resdet": 0.456, "torchvision": 0.3, "timm": 0.2},
}
ON = {"hardware": "a processor", "threads": 2, "versions": {"torch": "2.15.0+cu132"}}
DETECTOR = {"seconds": {"resdet": 0.5, "detectron2": 0.75}, "share_of_limit": {"resdet": 0.25}}
ALL = {
    "infer-backbone": {"networks": {"resnet50": NETWORK}, **ON},
    "infer-det": {"kinds": {"R-50-C4": DETECTOR}, **ON, "versions": {"detectron2": "0.6"}},
    "scaling": {"axes": {"batch": {"seconds": [1.0, 2.0]}}},
    "goals": [
        {"goal": "faster", "least": 1.8, "measured": 1.5, "met": False},
        {"goal": "alone", "least": 25, "measured": None, "met": None},
    ],
}


def test_each_thing_done_is_a_row():
    assert speed_rows(ALL)[2:] == [
        "| infer-backbone resnet50 | 30.0 img/s | 46% "
        "| torchvision 20.0 img/s, 1.50x; timm 15.0 img/s, 2.00x |",
        "| infer-det R-50-C4 | 0.500 s | 25% | detectron2 0.750 s, 1.50x |",
    ]


def test_hardware_and_versions_stand_once():
    assert measured_with(ALL) == "a processor, 2 threads; torch 2.15.0, detectron2 0.6."


def test_goals_missed_are_told():
    rows = goal_rows(ALL["goals"])[2:]
    assert rows == [
        "| faster | 1.8 | 1.50 | **no** |",
        "| alone | 25 |  | not measured |",
    ]
