"""A detector over datasets: detections to disk, numbers back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from backbones.files import outputs
from backbones.files.plan import Output, check_place
from resdet.detector.detector import Detector
from resdet.detector.shards import detect_all
from resdet.evaluation.coco import score as coco
from resdet.evaluation.coco.results import to_coco_results
from resdet.evaluation.detection_table import DetectionTable
from resdet.evaluation.judging import asked_of, localisation_of, own_rules
from resdet.evaluation.voc import comp4
from resdet.evaluation.voc import score as voc
from resdet.structures.records import Dataset, Detections

COCO_RESULTS = "coco_instances_results"
VOC_RESULTS = "comp4"


def evaluate(
    detector: Detector,
    datasets: Sequence[Dataset],
    write_to: Path | None = None,
    look: Callable[[Dataset, Sequence[Detections]], None] | None = None,
) -> dict[str, dict[str, Any]]:
    """{dataset: its numbers}; in processes other than the main one, empty.

    VOC's stand under "11point" and "area", COCO's under their usual names. Detections are
    written in COCO form, VOC's as comp4 too: the first dataset's under the plain names. `look` is
    called with each dataset and its detections.

    Raises: ValueError if a dataset's classes are not the detector's.
    """
    scores = {}
    for index, dataset in enumerate(datasets):
        check_classes(detector.class_names, dataset)
        found = detect_all(detector, dataset)
        if found is None:
            continue
        scores[dataset.name] = _score(dataset, found)
        if look is not None:
            look(dataset, found)
        if write_to is not None:
            _write(write_to, dataset, found, index)
    return scores


def check_places(directory: Path, datasets: Sequence[Dataset]) -> None:
    """Find out before the work whether `evaluate` could write what it finds.

    Raises: OSError for what lies where a file is to be; ValueError as `comp4.check_comp4`.
    """
    for index, dataset in enumerate(datasets):
        file, folder = _places(directory, index)
        check_place(Output("--output", file))
        if dataset.kind == "voc":
            comp4.check_comp4(folder, [record.image_id for record in dataset.records])


def _places(directory: Path, index: int) -> tuple[Path, Path]:
    """The file in COCO's form and the folder of comp4 files of one of the datasets."""
    suffix = f"_{index + 1}" if index else ""
    return directory / f"{COCO_RESULTS}{suffix}.json", directory / f"{VOC_RESULTS}{suffix}"


def check_classes(class_names: Sequence[str], dataset: Dataset) -> None:
    """Raises: ValueError with both lists if a model and a dataset name other classes."""
    if tuple(class_names) != tuple(dataset.class_names):
        raise ValueError(
            f"classes of {dataset.name} must be the model's ({', '.join(class_names)}), "
            f"got {', '.join(dataset.class_names)}; give data with the same classes in that order"
        )


def primary(dataset: Dataset, numbers: dict[str, Any]) -> float | None:
    """The number that decides which checkpoint is best: AP for COCO, mAP at 0.5 for VOC.

    Of CLS-LOC the share of the images that five guesses localise.
    """
    if dataset.kind == "coco":
        return numbers.get("AP")
    if dataset.judged_by == "localisation":
        return 1 - numbers["localisation"][-1] / 100 if numbers else None
    rule = numbers.get(dataset.metric)
    return rule["mAP"]["0.50"] if rule else None


def primary_name(dataset: Dataset) -> str:
    """What `primary` is called."""
    if dataset.judged_by == "localisation":
        return "localised in five guesses"
    return "AP" if dataset.kind == "coco" else "mAP@.5"


def flatten(scores: dict[str, dict[str, Any]]) -> dict[str, float]:
    """One name a number, as metrics.json and TensorBoard want it."""
    flat: dict[str, float | None] = {}
    for dataset, numbers in scores.items():
        for name, value in numbers.items():
            if isinstance(value, dict) and "mAP" in value:
                flat |= {f"{dataset}/mAP@{t}-{name}": v for t, v in value["mAP"].items()}
            elif name in ("localisation", "classification"):
                flat[f"{dataset}/{name}-error"] = value[-1]
            elif name in coco.TWELVE:
                flat[f"{dataset}/{name}"] = value
    return {name: value for name, value in flat.items() if value is not None}


def _score(dataset: Dataset, detections: Sequence[Detections]) -> dict[str, Any]:
    truths = {r.image_id: r.ground_truth for r in dataset.records if r.ground_truth is not None}
    if len(truths) < len(dataset):
        return {}  # a test split whose annotations are not public
    if dataset.kind == "coco":
        ids = [record.image_id for record in dataset.records]
        entries = _entries(dataset, detections)
        return coco.evaluate_coco(dataset.annotations, entries, image_ids=ids)
    table = DetectionTable.of(detections)
    if dataset.judged_by == "localisation":
        return localisation_of(dataset, truths, table)
    asked, table = asked_of(dataset, truths, table)
    matches = voc.match_voc(asked, table, dataset.class_names, rules=own_rules(dataset))
    return {rule: voc.score_voc(matches, rule) for rule in ("11point", "area")}


def _entries(dataset: Dataset, detections: Sequence[Detections]) -> list[dict[str, Any]]:
    """Those of a results file: of classes that the JSON which it is measured against has."""
    names = dataset.class_names if dataset.kind == "voc" else None
    entries = to_coco_results(detections, dataset.category_ids, names)
    return [entry for entry in entries if entry["category_id"] not in dataset.absent]


def _write(directory: Path, dataset: Dataset, detections: Sequence[Detections], index: int) -> None:
    entries = _entries(dataset, detections)
    file, folder = _places(directory, index)
    outputs.write_json(file, entries)
    if dataset.kind == "voc":
        comp4.write_comp4(folder, detections, dataset.class_names)
