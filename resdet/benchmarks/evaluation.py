"""What `resdet benchmark eval` measures: VOC, COCO and the bootstrap at full size."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from backbones.benchmarks.limits import measure_limits
from backbones.machine.environment import environment
from backbones.terminal.wording import count
from resdet.benchmarks.coco import benchmark_coco
from resdet.benchmarks.evaluation_growth import benchmark_growth, plot_growth
from resdet.benchmarks.synthetic import make_voc
from resdet.benchmarks.voc import benchmark_voc
from resdet.benchmarks.whole import EVAL_COCO, EVAL_VOC
from resdet.data.voc.reader import load_voc
from resdet.evaluation.comparison.bootstrap import draw_weights, resampled_ap
from resdet.evaluation.voc.score import ground_truth_by_id, match_voc
from resdet.structures.classes import VOC_CLASSES

EVALUATIONS = ("voc", "coco", "bootstrap")
RESAMPLES = 1000
_ROUNDS = 3  # of COCO's evaluators, whose whole processes of a second and more other work disturbs
COLUMNS = ("seconds", "times as fast", "peak MB", "largest difference", "of the limit")
_OF_WHOLE = ("seconds", "ratio", "peak_megabytes")
_VOC, _COCO = (4952, 470_000), (5000, 487_000)  # images and detections: VOC2007 test, val2017


def benchmark_evaluation(
    only: Sequence[str] = EVALUATIONS, share: float = 1.0, growth: Path | None = None
) -> dict[str, Any]:
    """The parts named in `only`, at `share` of the full size; with `growth`, a PNG, growth too.

    share_of_limit of VOC and COCO is the time in which the bytes of their files are copied in
    memory, by the time from those files to numbers.
    Raises: ValueError for a share that is none.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be in (0, 1], got {share}")
    measured: dict[str, Any] = {"share": share}
    voc, coco = ((max(2, round(share * i)), max(2, round(share * d))) for i, d in (_VOC, _COCO))
    with tempfile.TemporaryDirectory() as folder:
        if "voc" in only:
            root = Path(folder) / "voc"
            found = benchmark_voc(root, images=voc[0], detections=voc[1])
            measured["voc"] = found | _limit(root, {"resdet": found["seconds"]})
        if "coco" in only:
            root = Path(folder) / "coco"
            found = benchmark_coco(root, images=coco[0], detections=coco[1], rounds=_ROUNDS)
            measured["coco"] = found | _limit(root, found["seconds"])
        if "bootstrap" in only:
            measured["bootstrap"] = benchmark_bootstrap(
                Path(folder) / "bootstrap", images=voc[0], detections=voc[1]
            )
    if growth:
        measured["growth"] = benchmark_growth(voc, coco)
        plot_growth(measured["growth"], growth)
    return {**measured, "environment": environment()}


def _limit(folder: Path, seconds: Mapping[str, float]) -> dict[str, Any]:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    copied = size / measure_limits("cpu", threads=1)["bandwidth"]  # as one core evaluates
    return {
        "bytes": size,
        "share_of_limit": {way: copied / taken for way, taken in seconds.items()},
    }


def benchmark_bootstrap(folder: Path, *, images: int, detections: int) -> dict[str, Any]:
    """Seconds of 1,000 resamples of two models' AP at IoU 0.5, from matches made before."""
    sides = []
    for seed in range(2):
        root = folder / str(seed) / "VOC2007"
        table = make_voc(root, num_images=images, num_detections=detections, seed=seed)
        data = load_voc(root, "test", images=False)
        sides.append(match_voc(ground_truth_by_id(data.records), table, VOC_CLASSES))
    start = time.perf_counter()
    weights = draw_weights(images, RESAMPLES, seed=0)
    for matches in sides:
        resampled_ap(matches, weights, ["11point"])
    return {
        "images": images,
        "detections": detections,
        "models": len(sides),
        "resamples": RESAMPLES,
        "seconds": time.perf_counter() - start,
    }


def tables(measured: Mapping[str, Any]) -> list[Table]:
    """One table a part, with the machine below it."""
    machine = measured["environment"]
    where = f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}"
    made = []
    for part, lines in rows(measured).items():
        of_part = measured[part.lower()]
        title = f"{part}, {_size(of_part)}" if "images" in of_part else part
        width = max(len(title), len(where)) + 2
        table = Table(title=title, title_justify="left", min_width=width)
        table.caption, table.caption_justify = where, "left"
        table.add_column("")
        for name in COLUMNS:
            table.add_column(name, justify="right")
        for cells in lines:
            table.add_row(*cells)
        made.append(table)
    return made


def rows(measured: Mapping[str, Any]) -> dict[str, list[list[str]]]:
    """{"VOC": rows, ...}: what, seconds, times as fast as the peer, peak MB, difference from it,
    share of the rate at which the files' bytes can be copied.
    """
    made = {}
    if voc := measured.get("voc"):
        made["VOC"] = _voc_rows(voc)
    if coco := measured.get("coco"):
        keys = ("seconds", "ratio", "peak_mb", "difference", "share_of_limit")
        made["COCO"] = [
            _row(f"COCO, {name}", *(coco.get(key, {}).get(name) for key in keys))
            for name in coco["seconds"]
        ] + _whole_rows(coco)
    if boot := measured.get("bootstrap"):
        what = f"{count(boot['resamples'], 'resample')} of {count(boot['models'], 'model')}"
        made["Bootstrap"] = [_row(what, boot["seconds"])]
    if growth := measured.get("growth"):
        made["Growth"] = [
            row for name in (EVAL_VOC, EVAL_COCO) for row in _growth_rows(name, growth[name])
        ]
    return made


def _growth_rows(name: str, costs: Mapping[str, Any]) -> Iterator[list[str]]:
    keys = ("images", "detections", "seconds", "peak_megabytes")
    for images, detections, seconds, peak in zip(*(costs[key] for key in keys)):
        what = _size({"images": images, "detections": detections})
        yield _row(f"{name}, {what}", seconds, None, peak)


def _whole_rows(part: Mapping[str, Any]) -> list[list[str]]:
    whole = part.get("whole", {})
    return [
        _row(f"{name}, whole process", *(whole[key].get(name) for key in _OF_WHOLE))
        for name in whole.get("seconds", ())
    ]


def _voc_rows(voc: Mapping[str, Any]) -> list[list[str]]:
    theirs = voc["detectron2_seconds"]
    keys = ("seconds", "ratio", "peak_megabytes", "max_difference")
    made = [
        _row("VOC, ours", *(voc[key] for key in keys), voc.get("share_of_limit", {}).get("resdet")),
        _row("VOC, ours, XML cached", voc["seconds_with_cache"]),
    ]
    if theirs is None:
        return [*made, _row("VOC, detectron2: not here"), *_whole_rows(voc)]
    peer = _row("VOC, detectron2", theirs, 1.0, voc["detectron2_peak_megabytes"])
    return [*made, peer, *_whole_rows(voc)]


def _row(what: str, *numbers: float | None) -> list[str]:
    formats = ("{:.2f}", "{:.1f}", "{:.0f}", "{:.1e}", "{:.2%}")
    cells = ["" if n is None else form.format(n) if n else "0" for form, n in zip(formats, numbers)]
    return [what, *cells, *[""] * (len(formats) - len(cells))]


def _size(part: Mapping[str, Any]) -> str:
    return f"{count(part['images'], 'image')}, {count(part['detections'], 'detection')}"
