"""Measures of detectors: pure functions of NumPy arrays; torch is not imported here."""

from resdet.evaluation.coco import evaluate_coco, score_coco
from resdet.evaluation.coco_form import coco_ground_truth, from_coco_results, to_coco_results
from resdet.evaluation.coco_match import match_coco
from resdet.evaluation.comp4 import read_comp4, write_comp4
from resdet.evaluation.compare import compare
from resdet.evaluation.matches import Matches, Objects, Rules
from resdet.evaluation.record import load_matches, save_matches
from resdet.evaluation.results import environment, read_json, write_json
from resdet.evaluation.table import DetectionTable
from resdet.evaluation.voc import evaluate_voc, ground_truth_by_id, match_voc, score_voc

__all__ = [
    "DetectionTable",
    "Matches",
    "Objects",
    "Rules",
    "coco_ground_truth",
    "compare",
    "environment",
    "evaluate_coco",
    "evaluate_voc",
    "from_coco_results",
    "ground_truth_by_id",
    "load_matches",
    "match_coco",
    "match_voc",
    "read_comp4",
    "read_json",
    "save_matches",
    "score_coco",
    "score_voc",
    "to_coco_results",
    "write_comp4",
    "write_json",
]
