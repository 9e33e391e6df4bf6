"""What each command is run with, and whether what it leaves is whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from backbones.files.lock import NAME as LOCK


@dataclass(frozen=True)
class Job:
    """A command with {given}/... for what it reads and {out}/... for what it writes.

    `again`: whether it writes over what it left; else that must be new.
    """

    words: str
    again: bool = True

    @property
    def tool(self) -> str:
        return self.words.split()[0].replace("-", "_")

    @property
    def read(self) -> list[str]:
        return self._below("{given}/")

    @property
    def written(self) -> list[str]:
        return self._below("{out}/")

    def _below(self, where: str) -> list[str]:
        return [word.removeprefix(where) for word in self.words.split() if word.startswith(where)]

    def argv(self, given: Path, out: Path) -> list[str]:
        return [word.format(given=given, out=out) for word in self.words.split()[1:]]


_DETECTOR = "--checkpoint {given}/detector/model_final.pth --engine tv --device cpu"
_VOC = "--data {given}/voc --split test"
_COCO = "--annotations {given}/voc/annotations/instances_test.json"
JOBS = (
    Job("convert {given}/voc {out}/set --to coco", again=False),
    Job("convert {given}/voc {out}/set --to yolo --link", again=False),
    Job("convert {given}/voc {out}/set --to voc", again=False),
    Job(
        "check-data --data {given}/voc --fix {out}/fixed --json {out}/report.json --workers 1",
        again=False,
    ),
    Job("make-shapes --output {out}/shapes --crops {out}/crops --train 6 --val 2 --test 2"),
    Job(
        "compare {given}/results/a.json {given}/results/b.json --resamples 100 "
        "--gallery {out}/gallery --json {out}/gain.json --markdown {out}/gain.md"
    ),
    Job(
        f"visualize {_DETECTOR} --input {{given}}/pictures --output {{out}}/drawn --threshold 0 "
        "--csv {out}/boxes.csv --json {out}/boxes.json --contact-sheet {out}/all.png"
    ),
    Job(f"visualize {_DETECTOR} --input {{given}}/film.mp4 --output {{out}}/film.mp4"),
    Job(f"eval-voc {_DETECTOR} {_VOC} --json {{out}}/r.json --plots {{out}}/plots"),
    Job(f"eval-voc {_DETECTOR} {_VOC} --json {{out}}/r.json --shards {{out}}/shards"),
    Job(f"eval-coco --detections {{given}}/found/results.json {_COCO} --json {{out}}/r.json"),
    Job(
        "eval-loc --detections {given}/guesses/own.txt --json {out}/r.json "
        "--data {given}/ILSVRC/Annotations/CLS-LOC --guesses {out}/guesses.txt"
    ),
    Job(
        "eval-backbone --weights {given}/classifier/model_final.pth --data {given}/crops "
        "--workers 0 --json {out}/r.json"
    ),
    Job("export {given}/classifier/model_final.pth --output {out}/network.onnx", again=False),
    Job("convert-weights {given}/classifier/model_final.pth {out}/network.safetensors"),
    Job("reproduce fig1 --output {out}/paper"),
    Job("doctor --data {given} --output {out} --json {out}/doctor.json"),
    Job("benchmark eval --only voc --share 0.001 --json {out}/speed.json"),
    Job(
        "train-det --config {given}/config/detector.yaml --engine tv --eval-only "
        "--init-from {given}/detector/model_final.pth --output {out}/run"
    ),
)
RUNS = (
    Job("train-backbone --config {given}/config/classifier.yaml --output {out}/run"),
    Job("train-det --config {given}/config/detector.yaml --engine tv --output {out}/run"),
    JOBS[-1],
)


def hidden(folder: Path) -> list[str]:
    """What is half written, or left of a lock."""
    return [str(p.relative_to(folder)) for p in folder.rglob(".*")]


def check_whole(folder: Path, known: Sequence[str], job: Job) -> None:
    """Raises: AssertionError for a file that is broken, or a folder that holds a part."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != LOCK]
    for path in files:
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            check = CHECKS.get(path.suffix, _something)
            assert check(path), f"{path} is broken"
    if not job.again:
        for name in job.written:
            there = [n for n in names(folder) if n.split("/")[0] == name]
            all_of_it = [n for n in known if n.split("/")[0] == name]
            assert there in ([], all_of_it), f"{name} has {len(there)} files of {len(all_of_it)}"


def names(folder: Path) -> list[str]:
    """The files below a folder; TensorBoard's are called after time and process too."""
    found = [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()]
    return sorted(re.sub(r"tfevents\..*", "tfevents", name) for name in found)


def _something(path: Path) -> bool:
    return path.stat().st_size > 0 or path.suffix in (".txt", ".log", "")


def _json(path: Path) -> bool:
    lines = path.read_text().splitlines() if path.name == "metrics.json" else [path.read_text()]
    return all(json.loads(line) is not None for line in lines)


def _picture(path: Path) -> bool:
    return cv2.imread(str(path)) is not None


def _film(path: Path) -> bool:
    film = cv2.VideoCapture(str(path))
    frames = 0
    while film.read()[0]:
        frames += 1
    return frames == 3


def _arrays(path: Path) -> bool:
    with np.load(path) as arrays:
        return all(arrays[name] is not None for name in arrays)


def _weights(path: Path) -> bool:
    import torch

    return bool(torch.load(path, weights_only=True))


def _tensors(path: Path) -> bool:
    import safetensors.torch

    return bool(safetensors.torch.load_file(path))


CHECKS: dict[str, Callable[[Path], bool]] = {
    ".json": _json,
    ".jpg": _picture,
    ".png": _picture,
    ".mp4": _film,
    ".npz": _arrays,
    ".pth": _weights,
    ".safetensors": _tensors,
}
