"""Which rules make a number: by hand where one rule decides, and the tools' own numbers."""

from dataclasses import replace
from pathlib import Path

import pytest

from backbones.files.json_file import read_json
from resdet.evaluation.explain import _BESIDES, explain
from resdet.evaluation.measures import Measure, measured
from resdet.evaluation.rules import COCO, DEVKIT
from resdet.evaluation.told import Claim
from resdet.evaluation.tools import TOOLS, in_words
from resdet.evaluation.voc.score import score_voc
from tools.evaluators.cases import Case
from tools.evaluators.golden import long
from tools.evaluators.measure import ours
from tools.evaluators.pairs import Found, explained

BOX, HALF, LESS, FAR = [0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 4.9], [50, 50, 60, 60]
MISS = "an overlap of exactly the threshold is a miss"
LISTED = "the mean is over all listed classes, 0 for one without objects"
LONGER = "sides are one longer than in files that count corners from 0"
BEST = "of equal scores the right ones come first: the best AP they allow"
MORE = "of an image and class, {} detections are kept, AP is of the last"


def told(found):
    """Of each set of rules: the steps in points, and the tools."""
    return [({s.rule: round(100 * s.share, 4) for s in one.steps}, one.tools) for one in found]


@pytest.fixture
def voc(matched):
    """(claim, objects and detections of one image) -> explanations of the area."""

    def explained(claim, truth, found, classes=("cat",)):
        def numbers(rules):
            objects = {"a": [(label, box, False) for label, box in truth]}
            rows = [("a", *row) for row in found]
            matches = matched(objects, rows, classes=classes, rules=rules)
            return measured(score_voc(matches, "area"), "r").values

        return explain([Claim.of(claim)], "voc", numbers)

    return explained


def test_an_overlap_of_exactly_half(voc):
    found = voc("0.0", [(0, BOX)], [(0, 0.9, HALF)])
    assert told(found) == [({MISS: -100.0}, ("detectron2",))]
    assert (found[0].measure.name, found[0].ours, found[0].result) == ("mAP@0.50", 1.0, 0.0)
    assert found[0].bounds is None


def test_pixels_that_are_one_longer(voc):
    ((steps, tools),) = told(voc("100.0", [(0, BOX)], [(0, 0.9, LESS)]))
    assert steps == {LONGER: 100.0}
    assert {*tools} == {
        "review_object_detection_metrics_voc",
        "mean-average-precision",
        "mmdetection_voc",
        "mapcalc",
    }


def test_classes_that_are_listed(voc):
    found = voc("50.0", [(0, BOX)], [(0, 0.9, BOX)], ("cat", "dog"))
    assert told(found)[-1] == ({LISTED: -50.0}, ("mean-average-precision",))
    assert [one.tools for one in found] == [("detectron2",), ("mean-average-precision",)]
    seen = voc("50.0", [(0, BOX)], [(0, 0.9, BOX), (1, 0.5, FAR)], ("cat", "dog"))
    assert [one.tools for one in seen] == [("mean-average-precision",), ()]  # else 0 / 0


def test_equal_scores(voc):
    (one,) = voc("1.00", [(0, BOX)], [(0, 0.5, FAR), (0, 0.5, BOX)])
    assert told([one]) == [({BEST: 50.0}, ())]
    assert one.bounds == (0.5, 1.0)
    (one,) = voc("0.50", [(0, BOX)], [(0, 0.5, FAR), (0, 0.5, BOX)])
    assert told([one])[0][0] == {}
    assert one.bounds == (0.5, 1.0)


def test_two_rules_where_none_alone_does(voc):
    found = voc("1.00", [(0, BOX)], [(0, 0.5, FAR), (0, 0.5, LESS)])
    assert told(found) == [({LONGER: 50.0, BEST: 50.0}, ())]


def test_no_set_of_rules(voc):
    (one,) = voc("0.33", [(0, BOX)], [(0, 0.9, HALF), (0, 0.8, FAR)])
    assert (one.result, one.tools) == (0.0, ("detectron2",))
    assert told([one])[0][0] == {MISS: -100.0}
    (one,) = voc("0.66", [(0, BOX)], [(0, 0.9, HALF), (0, 0.8, FAR)])
    assert (one.result, one.tools, one.steps) == (1.0, (), ())


def of_case(case, kind):
    names = TOOLS["pycocotools"].told if kind == "coco" else ("11point", "area")
    of = (lambda n: Measure(n)) if kind == "coco" else (lambda n: Measure("mAP@0.50", n))
    return lambda rules: {of(name): value for name, value in ours(case, rules, names).items()}


def test_limits_of_detections():
    entry = {"image_id": 1, "category_id": 1, "bbox": FAR}
    results = [{**entry, "score": 0.9 - k / 1000} for k in range(150)]
    truth = {
        "images": [{"id": 1}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": BOX, "iscrowd": 0, "area": 100}
        ],
    }
    case = Case("", truth, [*results, {**entry, "bbox": BOX, "score": 0.1}])
    first, second = explain([Claim.of("AP50=0.66%")], "coco", of_case(case, "coco"))
    assert told([first]) == [({MORE.format("100, 300, 1000"): 0.6623}, ("mmdetection_coco",))]
    assert told([second]) == [({MORE.format("1, 10, 300"): 0.6623}, ("ultralytics",))]


GOLDEN = read_json(Path(__file__).parents[2] / "golden" / "evaluators.json")
CASES = {case["kind"]: long(case) for case in GOLDEN["cases"]}


@pytest.mark.parametrize("kind", ["crowds", "ignored objects", "tiny boxes"])
@pytest.mark.parametrize("name", ["globox", "supervision", "kornia", "mean-average-precision"])
def test_numbers_of_the_tools_themselves(kind, name):
    said = GOLDEN["numbers"][name][[*CASES].index(kind)]
    rules = TOOLS[name].rules
    number = next(iter(said.values()))
    claim = Claim.of(f"{100 * number:.4f}%")
    found = explain([claim], rules.kind, of_case(CASES[kind], rules.kind))
    for one in found:
        assert claim.away(one.result) == 0
        assert one.ours + sum(s.share for s in one.steps) == pytest.approx(one.result)
    assert name in {tool for one in found for tool in one.tools} or not found[0].steps


@pytest.mark.parametrize(("name", "kind", "claim"), GOLDEN["pairs"])
def test_a_number_of_a_tool_is_known_for_its_own(name, kind, claim):
    assert explained(name, CASES[kind], Claim.of(claim)) == Found(given=True, named=True)


def test_what_a_tool_does_not_print_is_not_its_own():
    def explained(metric):
        def numbers(rules):
            three = rules.ties == "unsorted" and rules.plus_one and rules.difficult == "count"
            return {Measure("mAP@0.50", metric): 0.9 if three else 0.5}

        return explain([Claim.of("90.0")], "voc", numbers)

    assert [(len(one.steps), one.tools) for one in explained("area")] == [(3, ("mapcalc",))]
    assert [(one.result, one.tools) for one in explained("11point")] == [(0.5, ())]


def test_the_nearest_is_told_by_what_moves_it():
    def numbers(rules):
        hair, felt = 1e-8 * (rules.ties == "pandas"), 0.2 * (rules.difficult == "count")
        return {Measure("mAP@0.50", "area"): 0.5 + hair + felt + 0.1 * rules.plus_one}

    (one,) = explain([Claim.of("97.0")], "voc", numbers)
    assert [*told([one])[0][0].values()] == [20.0, 10.0]
    assert one.tools == ("mean-average-precision",)


def test_what_our_own_rules_give_needs_no_others():
    (one,) = explain([Claim.of("AP=0.22")], "coco", of_case(CASES["ordinary"], "coco"))
    assert (one.measure.name, one.steps) == ("AP", ())


def test_each_rule_has_its_words():
    for kind, changes in _BESIDES.items():
        for field, value in changes:
            usual = DEVKIT if kind == "voc" else COCO
            assert len(in_words(replace(usual, **{field: value}))) == 1


def test_a_number_is_of_what_is_printed():
    with pytest.raises(ValueError, match="a number must be of AP, AP50, .*, got one of mAP@0.75"):
        explain([Claim.of("mAP@0.75=3.0")], "coco", of_case(CASES["tiny boxes"], "coco"))


def test_several_numbers_are_given_at_once():
    numbers = of_case(CASES["crowds"], "coco")
    theirs = numbers(TOOLS["globox"].rules)
    claims = [
        Claim(measure.name, measure.name, value, 1e-6)
        for measure, value in theirs.items()
        if value is not None
    ]
    found = explain(claims, "coco", numbers)
    assert [one.tools for one in found] == [("globox",)]
    assert found[0].given
    wrong = replace(claims[-1], value=0.9)
    (near,) = explain([*claims[:-1], wrong], "coco", numbers)
    assert not near.given
