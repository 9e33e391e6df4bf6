"""Sides and their runs: names, files, and what must be the same of both."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backbones.files.outputs import write_json
from resdet.evaluation import compare, match_voc, save_matches, score_voc
from resdet.evaluation.comparison.sides import read_run, read_sides, records_to_show
from resdet.evaluation.record import Record, load_matches, matches_path
from resdet.structures.records import GroundTruth

CLASSES = ("cat", "[dog]", "rare", "absent")


def comparison_of(*texts):
    baseline, *others = read_sides(texts)
    return compare(baseline, others)


def test_images_in_another_order_are_the_same_images(write, ground_truth):
    backwards = dict(reversed(ground_truth.items()))
    straight = write("vgg", 0.5), write("res", 0.7, seed=1)
    turned = straight[0], write("turned", 0.7, seed=1, truth=backwards)
    assert comparison_of(*straight).rows[0][1:3] == comparison_of(*turned).rows[0][1:3]
    straight, turned = (records_to_show(read_sides(pair))[1].matches for pair in (straight, turned))
    assert straight.image_ids == turned.image_ids
    np.testing.assert_array_equal(straight.truth.boxes, turned.truth.boxes)
    found = [
        sorted(zip(m.labels.tolist(), m.scores.tolist(), m.objects[0].tolist()))
        for m in (straight, turned)
    ]
    assert found[0] == found[1]


def test_other_images_or_objects_are_named(write, ground_truth, found):
    truth, images = ground_truth, list(ground_truth)
    fewer = {image: truth[image] for image in images[:-1]} | {"new": truth[images[-1]]}
    moved = truth | {images[5]: replace(truth[images[5]], boxes=truth[images[5]].boxes + 1)}
    hard = truth | {images[7]: replace(truth[images[7]], difficult=np.ones(3, bool))}
    empty = truth | {images[3]: GroundTruth(np.zeros((0, 4)), np.zeros(0, int))}
    baseline = write("vgg")
    for name, changed, text in (
        ("moved", moved, r"other classes, boxes or difficult objects in image '000005'"),
        ("hard", hard, r"other classes, boxes or difficult objects in image '000007'"),
        ("empty", empty, r"0 objects for 3 in image '000003'"),
    ):
        pattern = rf"{name}\.json must be measured on the images and objects of .*vgg\.json, got "
        with pytest.raises(ValueError, match=pattern + text):
            comparison_of(baseline, write(name, truth=changed))
    detections = [d for d in found(0.5, 0) if d.image_id != images[-1]]
    other = write_result(baseline, "other", match_voc(fewer, detections, CLASSES))
    with pytest.raises(ValueError, match=r"got 2 images that one alone has \('000039', 'new'\)"):
        comparison_of(baseline, other)


def write_result(beside, name, matches):
    path = Path(beside).with_name(f"{name}.json")
    write_json(path, score_voc(matches, "area"))
    save_matches(matches_path(path), Record(matches))
    return str(path)


def test_matches_of_another_evaluation_are_refused(write, tmp_path):
    read_run(Path(write("vgg", 0.4)))
    write("res", 0.8)
    record = load_matches(tmp_path / "res.matches.npz")
    renamed = replace(record.matches, class_names=("cat", "dog", "rare", "absent"))
    for other in (record, Record(renamed)):
        save_matches(tmp_path / "vgg.matches.npz", other)
        text = r"vgg\.matches\.npz must hold the matches of .*vgg\.json, got others; evaluate again"
        with pytest.raises(ValueError, match=text):
            read_run(tmp_path / "vgg.json")


def test_one_file_is_one_run(write, tmp_path):
    run = write("r")
    (tmp_path / "link.json").symlink_to(run)
    for again in (run, tmp_path / "link.json", tmp_path / ".." / tmp_path.name / "r.json"):
        with pytest.raises(
            ValueError, match=r"runs of a side must be different files, got .*r\.json"
        ):
            read_sides([f"A={run},{again}"])
    copied = shutil.copy(run, tmp_path / "copy.json")
    assert len(read_sides([f"A={run},{copied}"])[0].runs) == 2
    assert len(read_sides([f"A={run}", f"B={run}"])) == 2


def test_a_list_of_runs_may_be_longer_than_a_files_name(write, tmp_path, monkeypatch):
    write("r")
    names = [f"a_run_of_a_long_name_{number}.json" for number in range(12)]
    for name in names:
        os.link(tmp_path / "r.json", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(read_sides(["A=" + ",".join(names)])[0].runs) == 12


def test_names_of_sides(write, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    paths = [write("a/r"), write("b/r", 0.6), write("c=d")]
    assert [side.name for side in read_sides(paths[:1])] == ["r"]
    assert [side.name for side in read_sides(paths)] == ["a/r", "b/r", f"{tmp_path.name}/c=d"]
    (side,) = read_sides([f"ResNet-101={paths[0]},{paths[1]}"])
    assert (side.name, len(side.runs)) == ("ResNet-101", 2)
    (side,) = read_sides([f"x={paths[2]}"])
    assert (side.name, side.runs[0].path.name) == ("x", "c=d.json")
    with pytest.raises(ValueError, match="names must differ, got 'x' twice"):
        read_sides([f"x={paths[0]}", f"x={paths[1]}"])
    for wrong in ("x=", "=r.json", "", ",", "x=,"):
        with pytest.raises(ValueError, match=r"a side must be \[NAME=\]FILE"):
            read_sides([wrong])
    with pytest.raises(FileNotFoundError, match="JSON file must exist, got none.json"):
        read_sides(["none.json"])
