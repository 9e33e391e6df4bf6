"""val1 and val2, the user's or ours."""

from collections import Counter

import pytest

from resdet.data.discover import discover
from resdet.data.shapes.make import make_shape_imagenet
from resdet.data.voc.check import check_voc
from resdet.data.voc.halves import HALVES, made_half
from resdet.data.voc.layout import voc_layout
from resdet.data.voc.reader import load_voc


@pytest.fixture
def det(shapes, tmp_path):
    make_shape_imagenet(shapes, tmp_path / "ILSVRC")
    return tmp_path / "ILSVRC" / "Annotations" / "DET"


def test_halves_divide_val_and_share_its_classes(det):
    parts = [load_voc(det, half) for half in HALVES]
    ids = [[record.image_id for record in part.records] for part in parts]
    whole = load_voc(det, "val")
    assert sorted(ids[0] + ids[1]) == sorted(record.image_id for record in whole.records)
    assert [made_half(voc_layout(det), half) for half in HALVES] == ids
    counts = [
        Counter(label for r in part.records for label in {*r.ground_truth.labels.tolist()})
        for part in parts
    ]
    assert all(of_half[label] for of_half in counts for label in range(6))
    assert abs(len(ids[0]) - len(ids[1])) <= 2
    assert any("our own halves of val" in remark for remark in discover(det).remarks)
    assert check_voc(det, ["val1"]).total("error") == 0


def test_lists_of_the_user_go_before(det):
    lists = det.parents[1] / "ImageSets" / "DET"
    lines = (lists / "val.txt").read_text().splitlines()
    for half, own in zip(HALVES, (lines[:3], lines[3:]), strict=True):
        (lists / f"{half}.txt").write_text("".join(f"{line}\n" for line in own))
    found = discover(det)
    assert (found.counts["val1"], len(found.load("val1"))) == (3, 3)
    assert not any("our own halves" in remark for remark in found.remarks)
    assert made_half(voc_layout(det), "val1") is None


def test_other_data_has_no_halves(shapes):
    assert made_half(voc_layout(shapes), "val1") is None
