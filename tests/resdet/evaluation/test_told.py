"""Numbers as they were told: with their digits and their names, by hand or in files of tools."""

import pytest

from resdet.evaluation.measures import Measure
from resdet.evaluation.told import Claim, claims_in


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0.813", 0.8125, 0.8135),
        ("81.3", 0.8125, 0.8135),
        ("AP=81", 0.805, 0.815),
        ("0.8%", 0.0075, 0.0085),
        ("1.0", 0.95, 1.05),
        ("100", 0.995, 1.005),
    ],
)
def test_a_claim_has_its_digits(text, low, high):
    claim = Claim.of(text)
    assert [claim.away(n) == 0 for n in (low, high, low - 1e-6, high + 1e-6, None)] == [
        *(True, True),
        *(False, False, False),
    ]


def test_a_claim_names_what_it_is_of():
    claim = Claim.of("mAP@0.50=81.3")
    assert claim.names(Measure("mAP@0.50", "area"))
    assert not claim.names(Measure("mAP@0.75", "area"))
    assert not Claim.of("81.3").names(Measure("cat@0.50", "area", 0))


@pytest.mark.parametrize("text", ["mAP=58.8", "map50-95=58.8", "AP=58.8"])
def test_a_claim_may_have_a_tools_name(text):
    claim = Claim.of(text)
    names = ("AP", "AP50", "mAP@0.50", "mAP@0.75", "mAP, mean of 10", "AR100")
    named = [name for name in names if claim.names(Measure(name))]
    assert named == ["AP", "mAP@0.50", "mAP@0.75", "mAP, mean of 10"]
    assert [n for n in names if Claim.of("map_50=91").names(Measure(n))] == ["AP50", "mAP@0.50"]


@pytest.mark.parametrize("text", ["", "1", "0", "-3.0", "nan", "1e1", "101.0", "AP", "81,3", "AP="])
def test_what_is_no_claim(text):
    with pytest.raises(ValueError, match="must be a number with its digits"):
        Claim.of(text)


@pytest.mark.parametrize("text", ["APx=3.0", "foo=81.3", "AP-cat=81.3"])
def test_a_name_of_nothing(text):
    with pytest.raises(ValueError, match=f"must be of AP, AP50, .* or mAP@0.50, ...: {text}"):
        Claim.of(text)


def test_decimals_are_those_that_were_told():
    assert [Claim.of(t).decimals for t in ("81", "81.3", "0.8131", "81.3127")] == [2, 2, 2, 4]


def told(content, kind="coco"):
    return {
        claim.name: (round(claim.value, 6), claim.half)
        for claim in claims_in(content, kind, "metrics.json")
    }


def test_what_tools_write():
    of_detectron2 = {"bbox": {"AP": 27.193, "AP50": 48.1, "APs": -1, "AP-cat": 30.5}}
    assert told(of_detectron2) == {"AP": (0.27193, 5e-6), "AP50": (0.481, 5e-6)}
    of_torchmetrics = {"map": 0.2719384, "map_50": 0.5, "mar_100": 0.4, "classes": [1, 2]}
    assert told(of_torchmetrics) == {
        "AP": (0.271938, 5e-7),
        "AP50": (0.5, 5e-7),
        "AR100": (0.4, 5e-7),
    }
    of_mmdetection = {"coco/bbox_mAP": 0.271, "coco/bbox_mAP_50": 0.481, "epoch": 12}
    assert [*told(of_mmdetection)] == ["AP", "AP50"]
    twelve = [0.3, 0.5, 0.3, -1, 0.2, 0.4, 0.1, 0.2, 0.3, -1, 0.2, 0.4]
    assert len(told(twelve)) == 10
    assert told(twelve)["ARl"][0] == 0.4


def test_boxes_alone_are_read():
    of_both = {"bbox": {"AP": 27.2}, "segm": {"AP": 25.1}}
    of_a_log = {"bbox/AP": 27.2, "segm/AP": 25.1, "keypoints/AP": 60.0, "AP-cat": float("nan")}
    of_ultralytics = {"metrics/mAP50-95(B)": 27.2, "metrics/mAP50-95(M)": 25.1, "fitness": 0.3}
    for content in (of_both, of_a_log, of_ultralytics):
        assert told(content) == {"AP": (0.272, 5e-4)}
    assert [*told({"map": float("nan"), "map_50": 0.5, "map_75": -1})] == ["AP50"]


def test_numbers_lie_at_any_depth():
    content = {"AP": 27.2}
    for _ in range(5000):
        content = {"metrics": content}
    assert told(content) == {"AP": (0.272, 5e-4)}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"a": {"AP": 27.2}, "b": {"AP": 25.1}}, "must hold one AP, got 27.2 and 25.1; leave one"),
        ({"AP": 27.2, "AP50": 481}, "must hold fractions, or points up to 100, got AP50 481"),
        ({"AP": float("inf")}, "must hold fractions, or points up to 100, got AP inf"),
    ],
)
def test_numbers_that_cannot_be(content, text):
    with pytest.raises(ValueError, match=text):
        claims_in(content, "coco", "metrics.json")


def test_names_of_vocs_numbers():
    assert [*told({"mAP": 0.73}, "voc")] == ["mAP@0.50"]
    assert [*told({"AP": 40.1, "AP50": 73.2, "AP75": 41.2}, "voc")] == [
        *("mAP, mean of 10", "mAP@0.50", "mAP@0.75")
    ]


@pytest.mark.parametrize("content", [{}, [], [0.5], "AP", 3, {"loss": 0.3}, {"AP": "27.2"}, None])
def test_what_holds_no_number(content):
    with pytest.raises(ValueError, match="metrics.json must be what eval-voc or eval-coco wrote"):
        claims_in(content, "coco", "metrics.json")
