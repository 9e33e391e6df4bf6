"""The shapes where VOC and COCO are looked for."""

from __future__ import annotations

from pathlib import Path

from resdet.data.catalog import load_dataset, names_below
from resdet.data.shapes.make import make_shape_published
from resdet.data.voc.reader import load_voc
from resdet.structures.classes import COCO_CLASSES, VOC_CLASSES


def objects(dataset) -> int:  # type: ignore[no-untyped-def]
    return sum(len(record.ground_truth) for record in dataset.records)


def test_every_set_that_a_config_names_is_there(shapes: Path, tmp_path: Path) -> None:
    root = tmp_path / "datasets"
    assert make_shape_published(shapes, root)
    assert not make_shape_published(shapes, root)
    own = {split: load_voc(shapes, split) for split in ("trainval", "test", "train")}
    found = {name: load_dataset(name, root) for name in names_below(root)}
    halves = [found[f"voc_{year}_trainval"] for year in (2007, 2012)]
    assert sum(map(objects, halves)) == objects(own["trainval"])
    assert {half.class_names for half in halves} == {VOC_CLASSES}
    assert found["voc_2007_test"].metric == "11point"
    years = [found[f"coco_{year}_train"] for year in (2014, 2017)]
    assert [objects(year) for year in years] == [objects(own["train"])] * 2
    assert years[0].class_names == COCO_CLASSES


def test_what_servers_keep_is_not_told(shapes: Path, tmp_path: Path) -> None:
    make_shape_published(shapes, tmp_path / "datasets")
    for name, form in (("voc_2012_test", "2012_"), ("coco_2017_test-dev", "")):
        dataset = load_dataset(name, tmp_path / "datasets")
        assert {record.ground_truth for record in dataset.records} == {None}
        assert all(str(record.image_id).startswith(form) for record in dataset.records)
