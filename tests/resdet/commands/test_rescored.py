"""The files behind a result: where it says, where one is told, or what is held; or refused."""

import re
import shutil

import pytest

from backbones.files.json_file import read_json
from backbones.files.outputs import write_json
from resdet.commands import eval_coco, eval_voc, explain


def test_files_that_are_elsewhere_are_named(ours, files, told):
    first, second = ours(eval_coco, "a.json"), ours(eval_coco, "b.json", "--ties", "true-first")
    shutil.move(files / "gt.json", files / "moved.json")
    with pytest.raises(ValueError, match="where its annotations lie, got no .*--annotations"):
        explain.main([str(first), str(second)])
    assert "the same 3" in told(first, second, "--annotations", files / "moved.json")
    voc = files / "v.json"
    result = read_json(first)
    write_json(files / "a.json", {k: v for k, v in result.items() if k != "sources"})
    with pytest.raises(ValueError, match="say where its annotations lie, got none; name them"):
        explain.main([str(first), str(second)])
    assert not voc.exists()


def test_detections_that_are_gone_are_those_that_are_held(ours, files, told):
    first = ours(eval_voc, "a.json", "--metric", "area")
    (files / "d.json").unlink()
    (files / "gt.json").unlink()
    shown = told(first, "50.0")
    assert "a.matches.npz, sorted by score: what rounded scores change is not seen" in shown
    assert "an overlap of exactly the threshold is a miss -50.00" in shown


def test_files_that_have_changed_are_refused(ours, files):
    first, second = ours(eval_coco, "a.json"), ours(eval_coco, "b.json", "--ties", "true-first")
    shutil.copy(files / "d2.json", files / "d.json")
    with pytest.raises(ValueError, match=r"a.json must be what its files give, got AP 55.45, for"):
        explain.main([str(first), str(second)])


def test_results_that_were_edited(ours, files, told):
    result = read_json(ours(eval_coco, "a.json"))
    sources = {"annotations": str(files / "gt.json"), "detections": 5, "class_names": None}
    write_json(files / "a.json", {**result, "sources": sources})
    assert "detections of a.matches.npz" in told("a.json", "50.0")
    write_json(files / "a.json", {**result, "rules": [1]})
    with pytest.raises(ValueError, match=r"a.json must be the JSON that .* wrote, got rules \[1\]"):
        told("a.json", "50.0")


def test_ids_of_classes_with_gaps_are_those_of_the_annotations(ours, files, told):
    for name in ("gt.json", "d.json"):
        text = (files / name).read_text()
        (files / name).write_text(
            re.sub(r'("category_id"|\{\s*"id"): 1(,\s*"[bn])', r"\1: 7\2", text)
        )
    first, second = ours(eval_voc, "a.json"), ours(eval_coco, "b.json")
    assert "detections the same 3" in told(first, second)
