"""Table 9 on synthetic shapes: what each extra of testing gains, and what it costs.

The paper adds its steps one to another, on COCO; here each is alone, and all of them together.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from backbones.files import outputs
from backbones.files.json_file import read_json
from backbones.images.decoding import read_image
from backbones.machine import environment
from backbones.reproduction.sheet import Sheet
from resdet import config, engines
from resdet.checkpoints.checkpoint import FINAL
from resdet.data.voc.reader import load_voc
from resdet.detector.detector import Detector
from resdet.detector.inference import load_detector
from resdet.evaluation import ground_truth_by_id, match_voc, score_voc
from resdet.evaluation.comparison.compare import METHOD, compare
from resdet.evaluation.comparison.sides import MeasuredRun, Side, read_run
from resdet.evaluation.measures import mean_if_all
from resdet.evaluation.record import write_result
from resdet.reproduction.extras_table import FILE, GAIN, MEASURES, extras_sheet
from resdet.reproduction.request import Request
from resdet.structures.records import Dataset, Detections
from resdet.training.train import train_detector

BASELINE, CONTEXT, OTHER = "shapes_r18", "shapes_r18_context", "shapes_vgg16"
DATA, WEIGHTS = "shapes", "resnet18/model_final.pth"  # in the demo's folder
RESNET, VGG = "detect_resnet18/model_final.pth", "detect_vgg16/model_final.pth"
THRESHOLDS = tuple(k / 100 for k in range(50, 100, 5))
PYRAMID = "[53, 107, 160, 213, 267]"  # to 160 as the paper's 200, 400, .. 1000 to 600
VIEWS = "[107, 160, 213]"  # a whole detector finds little at the ends


@dataclass(frozen=True)
class Test:
    """A line: a detector, the keys of TEST it is tested with, the paper's step in points.

    With `every_run` it is the mean of all runs, for other weights, whose training is noise too.

    Source: He et al. 2016, Table 9, on COCO val by mAP@.5 and mAP@[.5,.95]; the ensemble's
        step is on test-dev.
    """

    label: str
    detector: str = BASELINE
    testing: tuple[str, ...] = ()
    paper: tuple[float, float] | None = None
    every_run: bool = False


_REFINE = ("TEST.REFINE", "True")
_MAXOUT = ("TEST.MAXOUT_SIZES", PYRAMID)
_ENSEMBLE = ("TEST.ENSEMBLE", "['{other}']")
_VIEWS = (
    *("TEST.AUG.ENABLED", "True", "TEST.AUG.MIN_SIZES", VIEWS),
    *("TEST.AUG.MAX_SIZE", "0", "TEST.AUG.FLIP", "True"),
)
TESTS = (
    Test("ResNet-18", paper=(48.4, 27.2)),
    Test("box refinement", testing=_REFINE, paper=(1.5, 2.7)),
    Test("multi-scale, maxout", testing=_MAXOUT, paper=(2.7, 2.5)),
    Test("multi-scale, mirrored, merged", testing=_VIEWS),
    Test("ensemble with VGG-16", testing=_ENSEMBLE, paper=(3.3, 2.5)),
    Test("all but merged views", CONTEXT, (*_REFINE, *_MAXOUT, *_ENSEMBLE)),
    Test("ResNet-18", every_run=True),
    Test("global context", CONTEXT, paper=(1.2, 0.1), every_run=True),
)


def measure(demo: Path, output: Path, seeds: int = 1, resamples: int = 1000) -> dict[str, Any]:
    """Every line on the test images of `make demo` in the folder `demo`.

    Detectors with context, and others for seeds beyond the first, are trained where they are not
    in `output`, which gets a result file of each line as well: for compare and for galleries.
    Raises: ValueError naming what is missing in `demo`.
    """
    _check_demo(demo)
    dataset = load_voc(demo / DATA, "test")
    tested = _Tested(_train_all(demo, output, seeds), demo / VGG, dataset, output)
    return {
        "lines": [
            _line(test, tested, seeds, resamples)
            for test in TESTS
            if seeds > 1 or not _is_first_again(test)
        ],
        "num_images": len(dataset),
        "method": METHOD,
        "resamples": resamples,
        "environment": environment.environment(),
    }


def _check_demo(demo: Path) -> None:
    needed = [demo / name for name in (DATA, WEIGHTS, RESNET, VGG)]
    missing = [str(path) for path in needed if not path.exists()]
    if missing:
        raise ValueError(
            f"--data must be the folder of `make demo`, got one without {', '.join(missing)}; "
            "run make demo, and give --data demo"
        )


def _train_all(demo: Path, output: Path, seeds: int) -> dict[str, list[Path]]:
    """The folder of each seed's run of each detector; that of the demo is the baseline's first."""
    folders = {BASELINE: [demo / Path(RESNET).parent], CONTEXT: []}
    for name, seed in product(folders, range(1, seeds + 1)):
        if (name, seed) != (BASELINE, 1):
            folders[name].append(output / "runs" / f"{name}-seed{seed}")
            _train(demo, folders[name][-1], name, seed)
    return folders


def _is_first_again(test: Test) -> bool:
    """Of a single seed."""
    return test.every_run and not test.testing and test.detector == BASELINE


@dataclass(frozen=True)
class _Tested:
    """Trained detectors on a dataset, each tested once in each way that is asked for."""

    folders: Mapping[str, Sequence[Path]]
    other: Path
    dataset: Dataset
    output: Path
    known: dict[tuple[str, tuple[str, ...], int], tuple[MeasuredRun, float]] = field(
        default_factory=dict
    )

    def run(self, test: Test, seed: int) -> tuple[MeasuredRun, float]:
        """The run of a seed, and the milliseconds of an image."""
        key = test.detector, test.testing, seed
        if key not in self.known:
            path = self.folders[test.detector][seed - 1] / FINAL
            testing = [text.format(other=self.other) for text in test.testing]
            detector = load_detector(path, "tv", "cpu", testing=testing)
            found, took = _timed(detector, self.dataset)
            written = self.output / f"{len(self.known)}.json"
            _score(written, self.dataset, found)
            self.known[key] = read_run(written), took
            print(f"{test.label}, run {seed}: {took:.1f} ms an image", flush=True)
        return self.known[key]

    def side(self, test: Test, count: int) -> Side:
        """The first `count` runs."""
        return Side(test.label, tuple(self.run(test, seed)[0] for seed in range(1, count + 1)))


def _line(test: Test, tested: _Tested, seeds: int, resamples: int) -> dict[str, Any]:
    count = seeds if test.every_run else 1
    first, side = tested.side(TESTS[0], count), tested.side(test, count)
    return {
        "label": f"{test.label}, {count} runs" if count > 1 else test.label,
        "detector": test.detector,
        "testing": " ".join(test.testing).format(other=OTHER),
        "runs": count,
        "measures": _values(side),
        "gains": {} if first.runs == side.runs else _gains(first, side, resamples),
        "milliseconds": round(tested.run(test, 1)[1], 1),
        "paper": test.paper,
    }


def reproduce(request: Request) -> Sheet:
    """Measure, or without data take what is published.

    Raises: ValueError as `measure` does.
    """
    published = config.CONFIG_FOLDER / FILE
    if request.data is None:
        return extras_sheet(read_json(published))
    measured = measure(request.data, request.folder / "table9", request.seeds)
    paths = [request.folder / "table9.json", *[published] * request.publish]
    for path in paths:
        outputs.write_json(path, measured)
    return extras_sheet(measured, paths)


def _values(side: Side) -> dict[str, float | None]:
    runs = [{m.key: v for m, v in run.measured.values.items()} for run in side.runs]
    return {ours: mean_if_all([run[name] for run in runs]) for ours, name in MEASURES.items()}


def _gains(first: Side, side: Side, resamples: int) -> dict[str, dict[str, Any]]:
    (rows,) = compare(first, [side], resamples=resamples).rows
    known = {row.name: row.to_dict() for row in rows}
    return {ours: {c: known[name][c] for c in GAIN} for ours, name in MEASURES.items()}


def _timed(detector: Detector, dataset: Dataset) -> tuple[list[Detections], float]:
    """Detections, and the median of what an image took once it was read.

    Unit: milliseconds of processor time, over all threads: other programs do not count.
    """
    found: list[Detections] = []
    times = []
    for record in dataset.records:
        image = read_image(record.path, "BGR")
        started = time.process_time()
        found += detector.predict_named([(record.image_id, image)], live=True)
        times.append(time.process_time() - started)
    return found, 1000 * statistics.median(times)


def _score(path: Path, dataset: Dataset, found: Sequence[Detections]) -> None:
    truth = ground_truth_by_id(dataset.records)
    matches = match_voc(truth, found, dataset.class_names, thresholds=THRESHOLDS)
    write_result(path, score_voc(matches, "area"), matches, dataset, None)


def _train(demo: Path, output: Path, name: str, seed: int) -> None:
    if (output / FINAL).is_file():
        return
    given = {
        "DATASETS.ROOT": demo / DATA,
        "MODEL.WEIGHTS": demo / WEIGHTS,
        "OUTPUT_DIR": output,
        "SEED": seed,
    }
    cfg = config.load(name, [str(text) for pair in given.items() for text in pair])
    config.check(cfg)
    train_detector(cfg, engines.load("tv"), name, output, resume=True)
