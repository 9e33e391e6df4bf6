"""Finished runs on the shapes, without training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backbones.files.outputs import write_json
from resdet.data.voc.reader import load_voc
from resdet.evaluation import to_coco_results
from resdet.reproduction.pair_runs import Run
from resdet.structures.records import Detections


@pytest.fixture
def finished_run(shapes_root: Path, small_config: Callable, tmp_path: Path) -> Callable[..., Run]:
    """`finished_run("own_r18", missed=2)`: it finds all objects but the first few of the test."""

    def make(name: str, missed: int = 0, seed: int = 1, **keys: str) -> Run:
        folder = tmp_path / "runs" / f"{name}-seed{seed}"
        folder.mkdir(parents=True)
        pairs = [text for pair in keys.items() for text in pair]
        (folder / "config.yaml").write_text(small_config(*pairs).dump())
        told = {"seed": seed, "iterations": 4, "seconds": 1.5, "device": "cpu", "metrics": {}}
        told |= {"environment": {"cpu": "a processor", "packages": {"torch": "2"}}}
        write_json(folder / "results.json", told)
        data = load_voc(shapes_root, "test")
        left, found = missed, []
        for record in data.records:
            truth = record.ground_truth
            assert truth is not None
            kept = slice(min(left, len(truth)), None)
            left -= min(left, len(truth))
            scores = np.full(len(truth), 0.9)[kept]
            found.append(Detections(record.image_id, truth.boxes[kept], truth.labels[kept], scores))
        entries = to_coco_results(found, data.category_ids, data.class_names)
        write_json(folder / "coco_instances_results.json", entries)
        return Run(name, folder)

    return make
