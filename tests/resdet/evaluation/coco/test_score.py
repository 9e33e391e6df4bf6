"""COCO's twelve: two libraries, odd files, and the judge's own summary."""

import contextlib
import copy
import io
import json
import re

import numpy as np
import pytest

from resdet.evaluation import evaluate_coco, from_coco_results
from resdet.evaluation.coco.accumulate import accumulate
from resdet.evaluation.coco.match import match_areas, match_coco
from resdet.evaluation.coco.results import read_results
from resdet.evaluation.coco.score import TWELVE, by_library, cross_check, score_coco
from resdet.evaluation.coco.truth import read_truth

BACKENDS = ("numpy", "faster", "pycocotools")
CATEGORIES = {3: "cat", 7: "dog", 90: "owl"}


def random_coco(seed=0, num_images=15):
    rng = np.random.default_rng(seed)
    annotations, results = [], []
    ids = rng.permutation(120)[:num_images].tolist()
    for image_id in ids:
        for _ in range(rng.integers(0, 8)):
            x, y = rng.random(2) * 200
            w, h = np.exp(rng.random(2) * 4 + 1.5)
            category = int(rng.choice([3, 7]))  # no owl in the ground truth
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": category,
                    "bbox": [x, y, w, h],
                    "area": w * h * 0.8,
                    "iscrowd": int(rng.random() < 0.1),
                }
            )
            for _ in range(rng.integers(0, 3)):
                box = (np.array([x, y, w, h]) + rng.normal(0, 2, 4)).clip(1).tolist()
                results.append(
                    {
                        "image_id": image_id,
                        "category_id": int(rng.choice([category, category, 90])),
                        "bbox": box,
                        "score": float(rng.integers(0, 30)) / 30,
                    }
                )
    truth = {
        "images": [{"id": i, "file_name": f"{i:06}.jpg"} for i in ids],
        "annotations": annotations,
        "categories": [{"id": i, "name": name} for i, name in CATEGORIES.items()],
    }
    return truth, results


def judged(truth, results):
    """pycocotools as its users call it."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = {"info": {}, **copy.deepcopy(truth)}
        gt.createIndex()
        judge = COCOeval(gt, gt.loadRes(copy.deepcopy(results)), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge.stats.tolist()


def twelve(scores):
    return [scores[name] for name in TWELVE]


@pytest.mark.parametrize("seed", range(12))
def test_ours_are_the_numbers_of_pycocotools_to_the_bit(seed):
    truth, results = random_coco(seed)
    assert twelve(evaluate_coco(truth, results)) == judged(truth, results)
    columns = read_truth(truth, None), read_results(results)
    for ours, theirs in zip(accumulate(match_areas(*columns)), by_library(*columns, "pycocotools")):
        assert np.array_equal(ours, theirs)


def test_matches_hold_the_ap_of_each_class():
    truth, results = random_coco()
    per_class = evaluate_coco(truth, results)["per_class"]
    matches = match_coco(read_truth(truth, None), read_results(results))
    for name, aps in matches.average_precisions("101point").items():
        if per_class[name] is None:
            assert set(aps.values()) == {None}
        else:
            assert np.mean(list(aps.values())) == pytest.approx(per_class[name], abs=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_the_backends_agree(seed):
    truth, results = random_coco(seed)
    ours, fast, judge = (evaluate_coco(truth, results, backend=b) for b in BACKENDS)
    assert twelve(judge) == judged(truth, results)
    assert twelve(fast) == pytest.approx(twelve(judge), abs=1e-14)
    assert ours["per_class"] == judge["per_class"]
    for name in ("cat", "dog"):
        assert fast["per_class"][name] == pytest.approx(judge["per_class"][name], abs=1e-14)
    assert 0 < fast["AP"] < 1
    assert fast["per_class"]["owl"] is None
    assert fast["AP"] == pytest.approx(np.mean([fast["per_class"][n] for n in ("cat", "dog")]))


def test_a_cross_check_says_how_far_apart():
    truth, results = random_coco()
    columns = read_truth(truth, None), read_results(results)
    scores = score_coco(*columns)
    said = "all 12 numbers and the AP of 3 classes by numpy are those of"
    assert cross_check(*columns, scores) == f"cross-check: {said} pycocotools to the last bit"
    assert f"{said} faster to " in cross_check(*columns, scores, backend="faster")
    with pytest.raises(ValueError, match=r"^APm must be that of pycocotools, got .* of 0\.001"):
        cross_check(*columns, {**scores, "APm": scores["APm"] + 1e-3})
    per_class = {**scores["per_class"], "owl": 0.5}
    with pytest.raises(ValueError, match="^AP of owl must be that of pycocotools, got .* of inf"):
        cross_check(*columns, {**scores, "per_class": per_class})


@pytest.mark.parametrize(
    ("ids", "fault"),
    [
        ([0, 1], "id is 0, which means unmatched there"),
        ([1, 1], r"id is there twice, as \[1\]"),
        ([1, None], "id is missing"),
        ([1, 2], None),
    ],
)
def test_a_cross_check_names_ids_that_libraries_take_otherwise(ids, fault):
    box = [0, 0, 9, 9]
    truth = {
        "images": [{"id": 1}, {"id": 2}],
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [
            {"id": number, "image_id": image, "category_id": 1, "bbox": box}
            for image, number in enumerate(ids, 1)
        ],
    }
    results = [{"image_id": i, "category_id": 1, "bbox": box, "score": 0.9} for i in (1, 2)]
    columns = read_truth(truth, None), read_results(results)
    told = cross_check(*columns, score_coco(*columns))
    assert (re.search(fault, told) is not None) if fault else "given the file" not in told


def test_the_conventions_stand_beside():
    scores = evaluate_coco(*random_coco())
    assert (scores["kind"], scores["metric"], scores["backend"]) == ("coco", "101point", "numpy")
    assert scores["thresholds"] == [round(t / 100, 2) for t in range(50, 100, 5)]
    assert scores["area_ranges"]["small"] == [0, 1024]
    assert scores["max_detections"] == [1, 10, 100]


def test_arguments_are_left_alone_and_nothing_is_printed(capfd):
    truth, results = random_coco()
    before = copy.deepcopy((truth, results))
    for backend in BACKENDS:
        evaluate_coco(truth, results, backend=backend)
    assert (truth, results) == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("backend", BACKENDS)
def test_empty_results_score_zero(backend):
    truth, _ = random_coco()
    scores = evaluate_coco(truth, [], backend=backend)
    assert twelve(scores) == [0.0] * 12
    assert scores["per_class"] == {"cat": 0.0, "dog": 0.0, "owl": None}
    assert (scores["num_images"], scores["num_detections"]) == (15, 0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_to_find_is_undefined(backend):
    truth, results = random_coco()
    assert (
        twelve(evaluate_coco({**truth, "annotations": []}, results, backend=backend)) == [-1] * 12
    )


def test_annotation_id_0_counts(tmp_path):
    # both libraries take a match with id 0 for no match at all
    truth = {
        "images": [{"id": 0}],
        "annotations": [{"id": 0, "image_id": 0, "category_id": 0, "bbox": [0, 0, 40, 40]}],
        "categories": [{"id": 0, "name": "cell"}],
    }
    result = [{"image_id": 0, "category_id": 0, "bbox": [0, 0, 40, 40], "score": 0.9}]
    path = tmp_path / "gt.json"
    path.write_text(json.dumps(truth))
    for backend in BACKENDS:
        assert evaluate_coco(path, result, backend=backend)["AP"] == pytest.approx(1.0)


def test_string_ids_and_file_names_mean_the_image():
    truth, results = random_coco()
    expected = twelve(evaluate_coco(truth, results))
    named = [{**r, "image_id": f"{r['image_id']:06}"} for r in results]
    assert twelve(evaluate_coco(truth, named)) == expected
    text = copy.deepcopy(truth)
    for entry, key in [(i, "id") for i in text["images"]] + [
        (a, "image_id") for a in text["annotations"]
    ]:
        entry[key] = f"{entry[key]:06}"
    assert twelve(evaluate_coco(text, results)) == expected


def test_a_part_of_the_images():
    truth, results = random_coco()
    ids = [image["id"] for image in truth["images"]][:6]
    part = {
        **truth,
        "images": truth["images"][:6],
        "annotations": [a for a in truth["annotations"] if a["image_id"] in ids],
    }
    mine = [r for r in results if r["image_id"] in ids]
    scores = evaluate_coco(truth, mine, image_ids=ids, backend="pycocotools")
    assert twelve(scores) == judged(part, mine)
    with pytest.raises(ValueError, match=r"must be ids of the annotations, got \[-1\]"):
        evaluate_coco(truth, [], image_ids=[-1])


def test_broken_files_are_named(tmp_path):
    truth, _ = random_coco()
    for name, content in (("gt.json", {**truth, "images": [1]}), ("d.json", [{"image_id": {}}])):
        (tmp_path / name).write_text(json.dumps(content))
    where = re.escape(str(tmp_path))
    with pytest.raises(ValueError, match=rf"^{where}/gt\.json: image 0: id must be"):
        evaluate_coco(tmp_path / "gt.json", [])
    with pytest.raises(ValueError, match=rf"^{where}/d\.json: detection 0: image_id must be"):
        evaluate_coco(truth, tmp_path / "d.json")
    with pytest.raises(ValueError, match=r"d\.json: detection 0: image_id must be"):
        from_coco_results(tmp_path / "d.json", [3], ["cat"])


def test_missing_keys_and_wrong_backend():
    truth, _ = random_coco()
    with pytest.raises(ValueError, match="detection 0: category_id must be .*, got None"):
        evaluate_coco(truth, [{"image_id": truth["images"][0]["id"]}])
    with pytest.raises(ValueError, match="backend must be numpy or faster or pycocotools, got"):
        evaluate_coco(truth, [], backend="slow")
