"""Rules as files hold them."""

import json
from dataclasses import asdict, replace

import pytest

from resdet.evaluation.rules import COCO, DETECTRON2, DEVKIT, rules_of


@pytest.mark.parametrize("rules", [DEVKIT, DETECTRON2, replace(COCO, limit=300, id_0=True)])
def test_there_and_back(rules):
    assert rules_of(json.loads(json.dumps(asdict(rules)))) == rules


def test_json_tells_what_is_not_usual():
    assert COCO.to_dict().keys() == DEVKIT.to_dict().keys()
    assert replace(COCO, limit=300).to_dict()["limit"] == 300


@pytest.mark.parametrize(
    "change",
    [
        {"ties": "any"},
        {"limit": -1},
        {"limit": True},
        {"max_detections": [0]},
        {"max_detections": 100},
        {"id_0": 1},
        {"score_decimals": 1.5},
        {"later": 1},
        {"recall": None},
        {"recall": []},
    ],
)
def test_what_no_rule_is(change):
    with pytest.raises(ValueError, match="rules {"):
        rules_of({**asdict(DEVKIT), **change})
