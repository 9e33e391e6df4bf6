"""A run of a network of a pair: trained once, measured by the rules of each table."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbones.reproduction import runs
from backbones.reproduction.written import read_written
from backbones.training.alone import alone
from backbones.training.results import RESULTS
from resdet import config, engines
from resdet.evaluation import ground_truth_by_id, match_voc, score_voc
from resdet.evaluation.coco.match import match_areas
from resdet.evaluation.coco.results import from_coco_results, read_results, with_ids_of
from resdet.evaluation.coco.score import score_coco
from resdet.evaluation.coco.truth import coco_truth
from resdet.evaluation.comparison.sides import MeasuredRun, read_run
from resdet.evaluation.detection_table import DetectionTable
from resdet.evaluation.judging import asked_of, own_rules
from resdet.evaluation.matches import Matches
from resdet.evaluation.record import write_result
from resdet.evaluation.voc.submission import write_submission
from resdet.structures.records import Dataset
from resdet.training.datasets import load_datasets
from resdet.training.evaluation import COCO_RESULTS
from resdet.training.fitting import CONFIG
from resdet.training.train import train_detector

SUBMISSION = "comp4.tar.gz"  # in the folder of a run, where a server has the objects
Scores = tuple[dict[str, Any], Matches]


@dataclass(frozen=True)
class Run:
    """A config trained in a folder, by KEY VALUE pairs beside it, which measuring does not need."""

    config: str
    folder: Path
    pairs: Sequence[str] = ()

    def train(self) -> None:
        """Go on from where it was interrupted; what is finished is not trained again.

        Raises: ConfigError; ValueError for a run begun by other keys or on other data; as
            `train_detector`.
        """
        cfg = config.load(self.config, [*self.pairs, "OUTPUT_DIR", str(self.folder)])
        config.check(cfg)
        with alone(self.folder):
            runs.check_begun(self.folder, self.pairs)
            runs.add(self.folder, {"overrides": list(self.pairs)})
            train_detector(cfg, engines.load("tv"), self.config, self.folder, resume=True)

    def measure(self, kind: str) -> MeasuredRun | None:
        """By the rules of "voc" or "coco"; None where a server has the objects: see SUBMISSION.

        Raises: ValueError for data that are no longer there.
        """
        file, trained = (
            self.folder / f"{kind}.json",
            read_written(self.folder / RESULTS, "iterations"),
        )
        done = {"config": self.config, "iterations": trained["iterations"]}
        if known := _known(file, done["iterations"]):
            return known
        cfg = config.load(str(self.folder / CONFIG))
        (dataset,) = load_datasets(cfg, cfg.DATASETS.TEST)
        found = self.folder / f"{COCO_RESULTS}.json"
        if any(record.ground_truth is None for record in dataset.records):
            table = _table(dataset, found)
            write_submission(self.folder / SUBMISSION, table, dataset.class_names)
            return None
        numbers, matches = _SCORES[kind](dataset, found)
        write_result(file, done | numbers, matches, dataset, _folder_of(dataset))
        return read_run(file)


def _known(file: Path, iterations: int) -> MeasuredRun | None:
    """What was measured after so many iterations; None of what is damaged, which is told."""
    if not file.is_file():
        return None
    try:
        run = read_run(file)
    except (ValueError, OSError) as fault:
        print(f"measured again: {fault}", flush=True)
        return None
    return run if run.record and run.result.get("iterations") == iterations else None


def _table(dataset: Dataset, found: Path) -> DetectionTable:
    table = from_coco_results(found, dataset.category_ids, dataset.class_names)
    return table.for_images(dataset.files)


def _score_voc(dataset: Dataset, found: Path) -> Scores:
    """At IoU 0.5 by the rule of the data's year."""
    truth, table = asked_of(dataset, ground_truth_by_id(dataset.records), _table(dataset, found))
    matches = match_voc(truth, table, dataset.class_names, rules=own_rules(dataset))
    return score_voc(matches, dataset.metric), matches


def _score_coco(dataset: Dataset, found: Path) -> Scores:
    truth, categories = coco_truth(dataset), dict(zip(dataset.category_ids, dataset.class_names))
    results = with_ids_of(categories, read_results(found))
    matched = match_areas(truth, results)
    return score_coco(truth, results, matched=matched), matched.matches


_SCORES: Mapping[str, Callable[[Dataset, Path], Scores]] = {
    "voc": _score_voc,
    "coco": _score_coco,
}


def _folder_of(dataset: Dataset) -> Path:
    """The one that holds all images."""
    return Path(os.path.commonpath([record.path.parent for record in dataset.records]))
