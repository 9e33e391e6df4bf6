"""Tables 12 to 14: ImageNet DET and CLS-LOC, ours beside the paper's.

Source: He et al. 2016, Appendices B and C.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import backbones
from backbones.files import outputs
from backbones.reproduction.sheet import Sheet
from backbones.reproduction.written import read_written
from backbones.training.results import RESULTS
from backbones.weights.checkpoint import Preprocessing
from resdet import config, engines
from resdet.checkpoints.checkpoint import FINAL
from resdet.data.catalog import load_dataset
from resdet.data.shapes.make import make_shape_imagenet
from resdet.detector.guesses import ORACLE, guesses
from resdet.detector.inference import load_detector
from resdet.evaluation.judging import localisation_of
from resdet.reproduction.request import Request
from resdet.reproduction.smoke import SMOKE, SMOKE_REMARK, smoke_shapes
from resdet.training.train import train_detector

DET, LOC, RCNN = "imagenet_det_r101", "imagenet_loc_r101", "imagenet_loc_rcnn_r101"
CLASSIFIER = "classifier.pth"  # in the folder of the runs: whose classes a row may ask for
_MULTI_SCALE = (224, 256, 384, 480, 640)  # Source: section 3.4; Appendix C tells none for CLS-LOC
_SMOKE = {**SMOKE, "MODEL.ROI_HEADS.NUM_CLASSES": 6, "MODEL.ROI_BOX_HEAD.WARPED_SIZE": 32}


@dataclass(frozen=True)
class Row:
    """A line of a table: what the paper printed, and how ours is measured, if it is.

    `by`, `sizes` and `crop`: see `guesses`; `by` is ORACLE or CLASSIFIER.
    """

    label: str
    paper: tuple[str, ...]
    config: str = ""
    by: str = ""
    sizes: tuple[int, ...] = ()
    crop: bool = False


@dataclass(frozen=True)
class Table:
    """A table of the paper; ours stands in the first of its columns."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


TABLES: Mapping[str, Table] = {
    "table12": Table(
        "Table 12: ImageNet DET, mAP",
        ("val2", "test"),
        (
            Row("GoogLeNet (ILSVRC'14)", ("", "43.9")),
            Row("one model, ResNet-101", ("60.5", "58.8"), DET),
            Row("ensemble", ("63.6", "62.1")),
        ),
    ),
    "table13": Table(
        "Table 13: localisation error, CLS-LOC val",
        ("error",),
        (
            Row("VGG-16, true classes, 1-crop", ("33.1",)),
            Row("RPN, ResNet-101, true classes, 1-crop", ("13.3",), LOC, ORACLE, (224,), True),
            Row("RPN, ResNet-101, true classes, dense", ("11.7",), LOC, ORACLE, _MULTI_SCALE),
            Row("RPN, classes of ResNet-101", ("14.4",), LOC, CLASSIFIER, _MULTI_SCALE),
            Row("RPN and R-CNN, classes of ResNet-101", ("10.6",), RCNN, CLASSIFIER, _MULTI_SCALE),
            Row("RPN and R-CNN, ensembles of both", ("8.9",)),
        ),
    ),
    "table14": Table(
        "Table 14: localisation error",
        ("val", "test"),
        (
            Row("OverFeat (ILSVRC'13)", ("30.0", "29.9")),
            Row("GoogLeNet (ILSVRC'14)", ("", "26.7")),
            Row("VGG (ILSVRC'14)", ("26.9", "25.3")),
            Row("ensembles (ILSVRC'15)", ("8.9", "9.0")),
            Row("one model of each", ("10.6", ""), RCNN, CLASSIFIER, _MULTI_SCALE),
        ),
    ),
}


def reproduce(request: Request) -> Sheet:
    """Measure what is missing, where there is data.

    A smoke needs none: it writes shapes, and measures every row that we have.
    Raises: as `train_detector`; ValueError where a classifier is missing.
    """
    table, smoke = TABLES[request.target], request.smoke
    data = request.data or (_shapes(request.folder) if smoke else None)
    runs = request.folder / "runs"
    return _sheet(table, [_cell(row, data, runs, smoke=smoke) for row in table.rows], smoke)


def _shapes(output: Path) -> Path:
    make_shape_imagenet(smoke_shapes(output), output / "ILSVRC")
    return output / "ILSVRC"


def _cell(row: Row, data: Path | None, runs: Path, *, smoke: bool) -> float | None:
    """What was measured before, or is now; None where nothing is."""
    if not row.config:
        return None
    name = "-".join([row.config, *filter(None, (row.by.partition(".")[0], "crop" * row.crop))])
    file = runs / f"{name}.json"
    if not file.is_file() and data is not None:
        _train(row.config, data, runs, smoke=smoke)
        measured = _localised(row, data, runs, smoke) if row.by else _detected(runs / row.config)
        outputs.write_json(file, measured)
    return float(read_written(file, "value")["value"]) if file.is_file() else None


def _train(name: str, data: Path, runs: Path, *, smoke: bool) -> None:
    if (runs / name / FINAL).is_file():
        return
    start = None
    if name == RCNN:
        _train(LOC, data, runs, smoke=smoke)
        start = runs / LOC / FINAL
    given: dict[str, Any] = {"DATASETS.ROOT": data, "OUTPUT_DIR": runs / name}
    if smoke:
        given |= _SMOKE | ({"TEST.MAXOUT_SIZES": [64, 96]} if name == DET else {})
    pairs = [str(text) for pair in given.items() for text in pair]
    cfg = config.load(name, pairs)
    config.check(cfg)
    train_detector(cfg, engines.load("tv"), name, runs / name, resume=True, init_from=start)


def _detected(run: Path) -> dict[str, Any]:
    (scores,) = read_written(run / RESULTS, "metrics")["metrics"].values()
    return {"value": 100 * scores["area"]["mAP"]["0.50"]}


def _localised(row: Row, data: Path, runs: Path, smoke: bool) -> dict[str, Any]:
    by = ORACLE if row.by == ORACLE else str(runs / CLASSIFIER)
    detector = load_detector(runs / row.config / FINAL, "tv")
    dataset = load_dataset("imagenet_loc_val", data)
    if row.by != ORACLE and not Path(by).is_file():
        if not smoke:
            raise ValueError(
                f"{by} must be the classifier whose classes are placed, got no file; copy one that "
                "resdet train-backbone --config imagenet_resnet101 wrote there"
            )
        _write_classifier(Path(by), dataset.class_names)
    table = guesses(detector, dataset, by, () if smoke else row.sizes, crop=row.crop)
    truth = {r.image_id: r.ground_truth for r in dataset.records if r.ground_truth}
    scores = localisation_of(dataset, truth, table)
    return {"value": scores["localisation"][-1], "config": row.config, **scores}


def _write_classifier(path: Path, class_names: Sequence[str]) -> None:
    """Of random weights: what it says means nothing."""
    network = backbones.create("cifar_resnet8", num_classes=len(class_names))
    seen = Preprocessing("RGB", 1 / 255, (0.5,) * 3, (0.25,) * 3, tuple(class_names))
    backbones.save_backbone(
        path,
        arch=network.arch,
        num_classes=len(class_names),
        model=network.state_dict(),
        preprocessing=seen,
        recipe={"INPUT": {"SIZE": 32, "MIN_SIZE_TEST": 36}},
        meta={},
    )


def _sheet(table: Table, cells: Sequence[float | None], smoke: bool) -> Sheet:
    first, *others = table.columns
    rows = list(zip(table.rows, cells, strict=True))
    return Sheet(
        title=table.title + (" [smoke]" if smoke else ""),
        header=[
            *("", f"{first}: paper", f"{first}: ours"),
            *(f"{column}: paper" for column in others),
            "config",
        ],
        rows=[
            [row.label, row.paper[0], _percent(cell), *row.paper[1:], row.config]
            for row, cell in rows
        ],
        records=[
            {"row": row.label}
            | {f"paper_{name}": value for name, value in zip(table.columns, row.paper)}
            | {"ours": "" if cell is None else cell, "config": row.config}
            for row, cell in rows
        ],
        remarks=[SMOKE_REMARK] * smoke,
        words=frozenset({"", "config"}),
    )


def _percent(cell: float | None) -> str:
    return "" if cell is None else f"{cell:.1f}"
