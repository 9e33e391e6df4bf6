"""COCO's libraries as peers."""

import json

import pytest

from resdet.benchmarks.coco import write_random_coco
from resdet.benchmarks.peers.coco_libraries import LIBRARIES, main
from resdet.evaluation import evaluate_coco


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_twelve_are_ours(name, tmp_path, capsys):
    files = write_random_coco(tmp_path, images=10, detections=200, classes=3)
    main([name, *map(str, files)])
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    ours = evaluate_coco(*files)
    assert found["twelve"][0] == pytest.approx(ours["AP"], abs=1e-12)
    assert len(found["twelve"]) == 12
    assert found["seconds"] > 0
