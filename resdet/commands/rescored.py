"""The detections and objects behind a result, to be scored again by other rules."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from resdet.commands import sources
from resdet.evaluation.coco.truth import coco_truth
from resdet.evaluation.comparison.differences import rules_in
from resdet.evaluation.comparison.held import detections_held, holds_all, objects_held
from resdet.evaluation.comparison.sides import MeasuredRun
from resdet.evaluation.detection_table import DetectionTable
from resdet.evaluation.explain import Kind
from resdet.evaluation.judging import on_data
from resdet.evaluation.measures import sections, value_of
from resdet.evaluation.record import matches_path
from resdet.evaluation.registry import VOC_METRICS
from resdet.evaluation.scorer import Numbers, coco_numbers, voc_numbers
from resdet.evaluation.voc.score import VocMatching, ground_truth_by_id
from resdet.structures.corners import AUTO
from resdet.structures.records import Dataset

_SAME = 1e-6  # of a number: two so near are of the same files


class Rescored:
    """A result, and the detections and objects that `args`, it or its matches tell.

    Raises: ValueError for rules that are none.
    """

    def __init__(self, run: MeasuredRun, args: argparse.Namespace) -> None:
        self.run, self.args, self.rules = run, args, rules_in(run.result)
        self.kind, self.part = self.rules.kind, sections(run.result)[0]
        self.told = _sources(run.result)

    def numbers(self, kind: Kind, metrics: Iterable[str] = VOC_METRICS) -> Numbers:
        """By the rules of a kind; VOC's by these metrics, at the thresholds of the result.

        Raises: ValueError where the files are not told, not there or others by now.
        """
        data, table = self._dataset, self._table
        if kind == "coco":
            numbers = coco_numbers(coco_truth(data), sources.as_coco_results(table, data))
        else:
            thresholds = [float(key) for key in self.part.get("mAP", {})] or [0.5]
            truth = ground_truth_by_id(data.records)
            matching = VocMatching(truth, table, data.class_names, thresholds)
            known = [metric for metric in VOC_METRICS if metric in metrics]
            numbers = voc_numbers(matching, known or VOC_METRICS, partial(on_data, data))
        if kind == self.kind:
            self._check(numbers)
        return numbers

    def _check(self, numbers: Numbers) -> None:
        now = numbers(self.rules)
        for measure, value in self.run.measured.values.items():
            again = value_of(now, measure)
            if again is not None and value is not None and abs(again - value) > _SAME:
                raise ValueError(
                    f"{self.run.path} must be what its files give, got {measure.printed} "
                    f"{100 * value:.2f}, for which they give {100 * again:.2f} now; evaluate "
                    "again, or name the right ones by --detections and --annotations or --data"
                )

    @cached_property
    def _dataset(self) -> Dataset:
        given = {name: getattr(self.args, name) for name in ("annotations", "data", "split")}
        if not (given["annotations"] or given["data"]):
            if (held := self._held()) is not None:
                return held
            name = "data" if "data" in self.told else "annotations"
            given = {"annotations": None, "data": None, "split": self.told.get("split")}
            given[name] = self._named(name, "--annotations JSON or --data DIR")
        names = tuple(self.told.get("class_names", ()))
        usual = {"images": None, "checkpoint": None, "detections": self.run.path}
        corners = self.told.get("voc_corners", AUTO)
        options = argparse.Namespace(**usual, **given, voc_corners=corners)
        return sources.ground_truth(options, names)

    def _held(self) -> Dataset | None:
        """The objects of the matches; None where they are in no form, or a file of COCO's is there:
        detections may name classes by its ids.
        """
        path = self.told.get("annotations")
        if "corners" not in self.told or (path and Path(path).is_file()):
            return None
        return objects_held(self.run, self.told["corners"])

    @cached_property
    def _table(self) -> DetectionTable:
        """The file's, whose order settles equal scores; else those that are held."""
        told = self.told.get("detections")
        path = self.args.detections or (Path(told) if told and Path(told).exists() else None)
        if path is None and holds_all(self.run):
            print(
                f"detections of {matches_path(self.run.path)}, sorted by score: what rounded "
                "scores change is not seen; --detections names their file"
            )
            return detections_held(self.run).for_classes(
                self.run.measured.conventions["classes"], self._dataset.class_names
            )
        path = path or self._named("detections", "--detections PATH")
        options = argparse.Namespace(checkpoint=None, detections=path)
        table = sources.detections(options, self._dataset)
        assert table is not None  # no detector runs in several processes
        return table

    def _named(self, name: str, option: str) -> Path:
        """Where the result says that they lie. Raises: ValueError where they do not."""
        path = self.told.get(name)
        if isinstance(path, str) and Path(path).exists():
            return Path(path)
        got = f"no {path}" if path else "none"
        raise ValueError(
            f"{self.run.path} must say where its {name} lie, got {got}; name them by {option}"
        )


def _sources(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a result tells of its files; without what an edit has left of another kind."""
    told = result.get("sources")
    if not isinstance(told, dict):
        return {}
    names = told.get("class_names")
    known = {key: value for key, value in told.items() if isinstance(value, (str, type(None)))}
    return {**known, "class_names": names if isinstance(names, list) else ()}
