"""Measures of detectors: pure functions of NumPy arrays; torch is not imported here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resdet.evaluation.coco.match import match_coco
    from resdet.evaluation.coco.results import from_coco_results, to_coco_results
    from resdet.evaluation.coco.score import evaluate_coco, score_coco
    from resdet.evaluation.coco.truth import coco_ground_truth
    from resdet.evaluation.comparison.compare import compare
    from resdet.evaluation.detection_table import DetectionTable
    from resdet.evaluation.matches import Matches, Objects
    from resdet.evaluation.record import load_matches, save_matches
    from resdet.evaluation.rules import Rules
    from resdet.evaluation.voc.comp4 import read_comp4, write_comp4
    from resdet.evaluation.voc.score import evaluate_voc, ground_truth_by_id, match_voc, score_voc

__all__ = [
    "DetectionTable",
    "Matches",
    "Objects",
    "Rules",
    "coco_ground_truth",
    "compare",
    "evaluate_coco",
    "evaluate_voc",
    "from_coco_results",
    "ground_truth_by_id",
    "load_matches",
    "match_coco",
    "match_voc",
    "read_comp4",
    "save_matches",
    "score_coco",
    "score_voc",
    "to_coco_results",
    "write_comp4",
]

_HOMES = {
    "DetectionTable": "resdet.evaluation.detection_table",
    "Matches": "resdet.evaluation.matches",
    "Objects": "resdet.evaluation.matches",
    "Rules": "resdet.evaluation.rules",
    "coco_ground_truth": "resdet.evaluation.coco.truth",
    "compare": "resdet.evaluation.comparison.compare",
    "evaluate_coco": "resdet.evaluation.coco.score",
    "evaluate_voc": "resdet.evaluation.voc.score",
    "from_coco_results": "resdet.evaluation.coco.results",
    "ground_truth_by_id": "resdet.evaluation.voc.score",
    "load_matches": "resdet.evaluation.record",
    "match_coco": "resdet.evaluation.coco.match",
    "match_voc": "resdet.evaluation.voc.score",
    "read_comp4": "resdet.evaluation.voc.comp4",
    "save_matches": "resdet.evaluation.record",
    "score_coco": "resdet.evaluation.coco.score",
    "score_voc": "resdet.evaluation.voc.score",
    "to_coco_results": "resdet.evaluation.coco.results",
    "write_comp4": "resdet.evaluation.voc.comp4",
}


def __getattr__(name: str) -> Any:
    """The public names, imported when they are first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'resdet.evaluation' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
