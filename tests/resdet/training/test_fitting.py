"""A config fitted to data: what is chosen, what stays the user's, and what a run keeps."""

import json
from pathlib import Path

import numpy as np
import pytest

from backbones.machine import precision
from resdet import config
from resdet.structures.records import GroundTruth, ImageRecord
from resdet.training import fitting
from resdet.training.fitting import (
    EVALUATION,
    ITERATIONS,
    MOSAIC,
    RATIOS,
    SIZES,
    WARMUP,
    anchors_of,
    changed,
    epochs,
    fit_config,
    misfit,
    pairs_for,
    unmatched,
)


def records(side: float, images: int = 40, height: int = 480, width: int = 640, objects: int = 3):
    rng = np.random.default_rng(0)
    found = []
    reach = [min(200.0, width - side), min(200.0, height - side)]  # inside the image
    for number in range(images):
        corner = rng.uniform(0, reach, (objects, 2))
        boxes = np.concatenate([corner, corner + side], axis=1)
        truth = GroundTruth(boxes, np.zeros(objects, np.int64))
        found.append(ImageRecord(str(number), Path(f"{number}.jpg"), height, width, truth))
    return found


@pytest.fixture(autouse=True)
def a_processor_without_bf16(monkeypatch):
    monkeypatch.setattr(precision, "processor_has_bf16", lambda: False)


def chosen(cfg, data, *fixed):
    pairs, lines = fit_config(cfg, data, fixed)
    return read(pairs), lines


def read(pairs):
    """By key, as a config takes them."""
    values = [
        word if word.isalnum() and not word.isdigit() else json.loads(word) for word in pairs[1::2]
    ]
    return dict(zip(pairs[::2], values))


def test_strides_are_those_of_the_levels():
    own = anchors_of(config.load("own_r18"))
    assert own.strides == (8, 16, 32, 64)
    assert own.sizes == ((24,), (48,), (96,), (160,))
    assert len(own.ratios) == 4
    assert anchors_of(config.load("coco_r101")).strides == (16,)
    assert anchors_of(config.load("coco_vgg16")).strides == (16,)
    assert anchors_of(config.load("coco_r50_dc5")).strides == (16,)
    other = [
        "MODEL.BACKBONE.NAME",
        "build_resdet_network_backbone",
        "MODEL.RPN.IN_FEATURES",
        "['s']",
    ]
    assert anchors_of(config.load("coco_r101", other)) is None  # known when it is built
    theirs = ["MODEL.BACKBONE.NETWORK", "theirs"]  # whose res4 may have any stride
    assert anchors_of(config.load("coco_r101", theirs)) is None


def test_anchors_follow_large_objects_and_the_share_without_one_is_told():
    cfg = config.load("own_r18")
    values, lines = chosen(cfg, records(400.0), "INPUT.MIN_SIZE_TEST")
    assert values.keys() == {SIZES, RATIOS, EVALUATION}
    assert max(map(max, values[SIZES])) > 200
    assert lines[0].startswith("anchors  of ")
    assert lines[1].startswith(
        "         objects badly covered (IoU under 0.5) 0%, was 100%, not well "
    )
    told = unmatched(anchors_of(cfg), np.array([[0.0, 0, 300, 300]]))
    assert "100% of the objects have none" in told
    assert "most are about 300 pixels where they are trained on; give MODEL.ANCHOR_GEN" in told
    tiny = unmatched(anchors_of(cfg), np.array([[0.0, 0, 6, 6], [0.0, 0, 9, 9]]))
    assert tiny.endswith(
        "most are 6 to 9 pixels where they are trained on; give larger images, --imgsz N"
    )
    again = unmatched(anchors_of(cfg), np.array([[0.0, 0, 300, 300]]), fitted=True)
    assert again.endswith("trained on; give larger images, --imgsz N")  # no second --data
    assert unmatched(anchors_of(cfg), np.array([[0.0, 0, 48, 48]])) == ""


def test_anchors_are_judged_at_the_size_that_is_trained_at():
    data = records(400.0)  # 267 pixels at 320
    assert misfit(config.load("own_r18"), data).startswith(
        "anchors do not fit: 100% of the objects"
    )
    half = ["INPUT.MIN_SIZE_TRAIN", "160", "INPUT.MAX_SIZE_TRAIN", "2400"]
    assert misfit(config.load("own_r18", half), data) == ""
    theirs = ["MODEL.BACKBONE.NETWORK", "theirs"]
    assert misfit(config.load("own_r18", ["MODEL.RPN.IN_FEATURES", "['s']", *theirs]), data) == ""


def test_what_the_user_says_stays():
    cfg = config.load("own_r18")
    assert SIZES not in chosen(cfg, records(400.0), SIZES)[0]
    values, _ = chosen(cfg, records(8.0), "INPUT.MIN_SIZE_TRAIN", RATIOS)
    assert values.keys() == {EVALUATION}
    assert EVALUATION not in chosen(cfg, records(400.0), EVALUATION)[0]


def test_anchors_are_fitted_at_the_size_that_the_user_says(monkeypatch):
    seen = []
    monkeypatch.setattr(fitting, "fit", lambda boxes, start: seen.append(boxes) or start)
    small = config.load("own_r18")  # at 416 pixels, but for the user
    values, _ = chosen(small, records(14.0), "INPUT.MIN_SIZE_TEST")
    assert values.keys() == {SIZES, RATIOS, EVALUATION}
    np.testing.assert_allclose(seen[0][:, 2] - seen[0][:, 0], 14 * 320 / 480)


def test_small_objects_ask_for_larger_images_within_reason():
    cfg = config.load("own_r18")
    values, lines = chosen(cfg, records(14.0))  # 9.3 pixels at 320
    assert values["INPUT.MIN_SIZE_TRAIN"] == [416]
    assert (values["INPUT.MIN_SIZE_TEST"], values["INPUT.MAX_SIZE_TEST"]) == (416, 624)
    assert "416 instead of 320 pixels" in lines[0]
    assert "1.7 times as long" in lines[0]
    assert chosen(cfg, records(4.0))[0]["INPUT.MIN_SIZE_TEST"] == 480  # the images' own
    huge = chosen(cfg, records(4.0, height=3000, width=4000))[0]
    assert huge["INPUT.MIN_SIZE_TEST"] == 640  # four times the work is the most


def test_what_starts_anew_takes_smaller_images_for_large_objects_and_more_of_them():
    cfg = config.load("own_r18")
    values, lines = chosen(cfg, records(75.0))  # 50 pixels at 320
    assert values["INPUT.MIN_SIZE_TRAIN"] == [224]
    assert (values["INPUT.MIN_SIZE_TEST"], values["INPUT.MAX_SIZE_TEST"]) == (224, 336)
    assert values["INPUT.MAX_SIZE_TRAIN"] == 336
    assert (values[ITERATIONS], values[EVALUATION]) == (1448, 290)
    assert lines[0] == (
        "images   shorter side 224 instead of 320 pixels, enough for objects as large; so 1448 "
        "iterations instead of 900, in about the same time (--imgsz 320 undoes it)"
    )
    assert chosen(cfg, records(400.0))[0]["INPUT.MIN_SIZE_TEST"] == 224  # the least there is
    assert chosen(cfg, records(75.0), ITERATIONS)[0].keys() >= {"INPUT.MIN_SIZE_TEST"}
    assert ITERATIONS not in chosen(cfg, records(75.0), ITERATIONS)[0]
    assert "INPUT.MIN_SIZE_TEST" in chosen(cfg, records(75.0), MOSAIC)[0]  # no key of the size
    for stays in (["INPUT.MAX_SIZE_TEST"], [SIZES]):  # the user's, or anchors in pixels of 320
        kept = chosen(cfg, records(75.0), *stays)[0]
        assert not {"INPUT.MIN_SIZE_TEST", ITERATIONS} & kept.keys()
    learnt = config.load("own_r50_fpn")  # weights that know objects of their own size
    assert "INPUT.MIN_SIZE_TEST" not in chosen(learnt, records(400.0))[0]


def test_images_of_many_objects_make_no_mosaics():
    cfg = config.load("own_r18")
    assert cfg.INPUT.MOSAIC > 0
    many = records(60.0, objects=6)
    assert MOSAIC not in chosen(cfg, records(60.0))[0]
    values, lines = chosen(cfg, many)
    assert values[MOSAIC] == 0.0
    assert "mosaics  none: 6 objects an image are enough" in lines
    assert MOSAIC not in chosen(cfg, many, MOSAIC)[0]
    assert MOSAIC not in chosen(config.load("own_r50_fpn"), many)[0]  # it makes none


def test_iterations_follow_the_number_of_images():
    cfg = config.load("own_r18")
    assert ITERATIONS not in chosen(cfg, records(24.0))[0]
    assert chosen(cfg, records(24.0, images=1000))[0][ITERATIONS] == 2250
    assert chosen(cfg, records(24.0))[0][EVALUATION] == 180
    assert epochs(cfg, 180) == 20
    steps = config.load("voc0712_r101")  # its rate falls at iterations of its own
    assert ITERATIONS not in chosen(steps, records(24.0, images=9000))[0]


def test_without_objects_nothing_is_fitted():
    none = [ImageRecord("a", Path("a.jpg"), 48, 64, None)]
    assert chosen(config.load("own_r18"), none)[0].keys() == {EVALUATION}


def test_a_run_that_goes_on_keeps_what_it_began_with(tmp_path, small_config):
    shortened = ["SOLVER.MAX_ITER", "77", WARMUP, "8"]
    begun = small_config(SIZES, "[[10], [20], [30], [40]]", *shortened, base="own_r18")
    (tmp_path / "config.yaml").write_text(begun.dump())
    cfg = config.load("own_r18")
    kept, lines = pairs_for(cfg, tmp_path, None, [ITERATIONS], resume=True, measure=False)
    values = read(kept)
    assert values[SIZES] == [[10], [20], [30], [40]]
    assert ITERATIONS not in values
    assert values[WARMUP] == 8
    assert lines == []


def test_a_detector_to_start_from_keeps_its_anchors(tmp_path, tiny_checkpoint, small_config):
    cfg = small_config()
    pairs, _ = pairs_for(cfg, tmp_path, tiny_checkpoint, [], resume=False, measure=False)
    values = read(pairs)
    assert values[SIZES] == cfg.MODEL.ANCHOR_GENERATOR.SIZES
    assert EVALUATION in values


@pytest.mark.parametrize("key", [ITERATIONS, "MODEL.ROI_HEADS.NMS_THRESH_TEST"])
def test_keys_that_changed_are_told(key):
    before = config.load("own_r18")
    now = config.load("own_r18", [key, "1"])
    (line,) = changed(before, now)
    assert line == f"{key} is {config.get(now, key)!r} now, was {config.get(before, key)!r} when " \
        "the run began"  # fmt: skip
    assert changed(before, before) == []
