"""Rules of other evaluators: the numbers that the tools themselves gave, and their words."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from backbones.files.json_file import read_json
from resdet.evaluation.rules import COCO, DEVKIT, Rules
from resdet.evaluation.tools import TOOLS, in_words, tool_named
from tools.evaluators.cases import Case
from tools.evaluators.golden import long
from tools.evaluators.measure import apart, ours

GOLDEN = read_json(Path(__file__).parents[2] / "golden" / "evaluators.json")
CASES = [long(case) for case in GOLDEN["cases"]]
BY_OTHER_WORDS = {"torchvision": "pycocotools", "devkit": ""}  # of those that did not run


def test_every_tool_has_its_numbers():
    assert {*TOOLS} - {*BY_OTHER_WORDS} == {*GOLDEN["numbers"]}
    assert TOOLS["torchvision"].rules == TOOLS["pycocotools"].rules


@pytest.mark.parametrize("name", GOLDEN["numbers"])
def test_numbers_are_the_tools_own(name):
    tool, said = TOOLS[name], GOLDEN["numbers"][name]
    most = 1e-6 if "32 bits" in tool.beside else 1e-9
    pairs = [(c, n) for c, n in zip(CASES, said) if isinstance(n, dict)]
    assert len(pairs) >= 8
    for case, numbers in pairs:
        assert apart(ours(case, tool.rules, tool.told), numbers) <= most, case.kind


def test_the_devkit_is_ours_but_for_matlabs_tenths():
    assert TOOLS["devkit"].rules == replace(DEVKIT, recall="matlab")


@pytest.mark.parametrize("name", TOOLS)
def test_every_rule_is_told_with_its_source(name):
    tool = TOOLS[name]
    usual = DEVKIT if tool.rules.kind == "voc" else COCO
    changed = {
        f.name for f in fields(Rules) if getattr(tool.rules, f.name) != getattr(usual, f.name)
    }
    assert changed == {*tool.sources}
    assert len(in_words(tool.rules)) == len(changed)


def test_ours_differ_in_nothing():
    assert in_words(COCO) == in_words(DEVKIT) == []
    assert in_words(replace(COCO, max_detections=(1, 10, 300))) == [
        "of an image and class, 1, 10, 300 detections are kept, AP is of the last"
    ]


def test_names():
    assert tool_named("podm", "voc") is TOOLS["podm"]
    both = "review_object_detection_metrics"
    assert [tool_named(both, kind).rules.kind for kind in ("voc", "coco")] == ["voc", "coco"]
    with pytest.raises(ValueError, match="got podm; that one is eval-voc's"):
        tool_named("podm", "coco")
    with pytest.raises(ValueError, match="--as must be pycocotools, .* got 'globx'; did you mean"):
        tool_named("globx", "coco")


BOX = [0.0, 0.0, 40.0, 40.0]
FAR = [60.0, 60.0, 40.0, 40.0]


def case(found, objects=((1, BOX),), images=2):
    truth = {
        "images": [{"id": i} for i in range(1, images + 1)],
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [
            {"id": n, "image_id": image, "category_id": 1, "bbox": box, "iscrowd": 0}
            for n, (image, box) in enumerate(objects, 1)
        ],
    }
    results = [{"image_id": i, "category_id": 1, "bbox": b, "score": s} for i, b, s in found]
    return Case("", truth, results)


@pytest.mark.parametrize("usual", [COCO, DEVKIT])
def test_equal_scores_bound_what_they_allow(usual):
    given = case([(1, FAR, 0.5), (1, BOX, 0.5), (2, BOX, 0.5), (2, FAR, 0.5)])
    told = "AP50" if usual is COCO else "area"
    aps = {
        ties: ours(given, replace(usual, ties=ties), [told])[told]
        for ties in ("stable", "true-first", "false-first")
    }
    assert aps == pytest.approx({"stable": 1 / 2, "true-first": 1.0, "false-first": 1 / 4})


def test_equal_scores_of_images_fall_by_ids_as_text():
    found = [(2, FAR, 0.5), (10, BOX, 0.5)]
    given = case(found, [(10, BOX)], images=10)
    for usual, told in ((COCO, "AP50"), (DEVKIT, "area")):
        as_text = replace(usual, ties="ids-as-text")
        assert ours(given, usual, [told])[told] == pytest.approx(1 / 2)
        assert ours(given, as_text, [told])[told] == pytest.approx(1.0)


def test_images_without_detections_may_be_left_out():
    given = case([(1, BOX, 0.9)], [(1, BOX), (2, BOX)])
    rules = replace(COCO, found_images=True)
    assert ours(given, COCO, ["AP50"])["AP50"] == pytest.approx(51 / 101)
    assert ours(given, rules, ["AP50"])["AP50"] == pytest.approx(1.0)


def test_other_limits_of_detections():
    given = case([(1, FAR, 0.9 - k / 1000) for k in range(150)] + [(1, BOX, 0.1)])
    more = replace(COCO, max_detections=(1, 10, 300))
    assert ours(given, COCO, ["AP50"])["AP50"] == 0
    assert ours(given, more, ["AP50"])["AP50"] == pytest.approx(1 / 151)
    assert ours(given, replace(more, ap_at_100=True), ["AP"]) == {"AP": None}
