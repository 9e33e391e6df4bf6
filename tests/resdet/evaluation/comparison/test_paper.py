"""The paper's rows: of which configs and measures."""

import pytest

from resdet.evaluation.comparison.paper import known_pairs, paper_pairs
from resdet.evaluation.measures import Measure


def test_the_papers_rows():
    voc, coco = [Measure("mAP@0.50"), Measure("AP", class_index=0)], [Measure("AP")]
    assert paper_pairs("voc07pp12_vgg16", voc) == {"mAP@0.50": (0.704, 0.738)}
    assert paper_pairs("coco_r101", coco) == {"AP50": (0.415, 0.484), "AP": (0.212, 0.272)}
    assert paper_pairs("coco2014_r101", coco) == paper_pairs("coco_r101", coco)
    with pytest.raises(ValueError, match="one of voc0712_vgg16, .*, coco_r101, got 'shapes_r18'"):
        paper_pairs("shapes_r18", voc)
    text = r"results must have AP50 or AP to stand beside the paper's coco_r101, got mAP@0\.50;"
    with pytest.raises(ValueError, match=text):
        paper_pairs("coco_r101", voc)
    with pytest.raises(ValueError, match=r"must have mAP@0\.50 to .* voc0712_r101, got AP;"):
        paper_pairs("voc0712_r101", coco)
    vgg, resnet = "voc0712_vgg16", "voc0712_r101"
    assert known_pairs(vgg, resnet, voc) == {"mAP@0.50": (0.732, 0.764)}
    assert known_pairs(vgg, resnet, coco) == {}
    for pair in (
        ("voc0712_vgg16", "voc07pp12_r101"),
        ("voc0712_r101", "voc0712_vgg16"),
        ("voc0712_vgg16_fpn", "voc0712_r101_fpn"),
        ("shapes_vgg16", "shapes_r101"),
        (None, "voc0712_r101"),
        (None, None),
    ):
        assert known_pairs(*pair, voc) == {}
