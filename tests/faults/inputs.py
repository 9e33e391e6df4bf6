"""One small set of each kind of input that commands read."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import torch

import backbones
from backbones.config import load_classification
from backbones.files.outputs import write_json
from backbones.weights.checkpoint import Preprocessing
from resdet import config, engines
from resdet.checkpoints import checkpoint
from resdet.data.coco.reader import load_coco
from resdet.data.shapes.draw import SHAPE_CLASSES
from resdet.data.shapes.make import make_shape_crops, make_shape_imagenet, make_shapes
from resdet.data.voc.reader import load_voc
from resdet.detector.build import build_model
from resdet.detector.guesses import OWN, guesses
from resdet.detector.inference import load_detector
from resdet.evaluation import ground_truth_by_id, match_voc, score_voc, to_coco_results
from resdet.evaluation.analysis.analyse import analyse
from resdet.evaluation.localisation import guesses_text
from resdet.evaluation.record import write_result
from resdet.evaluation.voc.comp4 import write_comp4
from resdet.structures.corners import VOC

SIZE = 64
DETECTOR = {
    "MODEL.WEIGHTS": "",
    "MODEL.DEVICE": "cpu",
    "MODEL.RESNETS.NORM": "GN",
    "MODEL.BACKBONE.FREEZE_AT": "0",
    "MODEL.BACKBONE.WIDTH": "0.125",
    "MODEL.RPN.POST_NMS_TOPK_TEST": "10",
    "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE": "8",
    "MODEL.ROI_HEADS.SCORE_THRESH_TEST": "0.0",
    "INPUT.MIN_SIZE_TRAIN": f"[{SIZE}]",
    "INPUT.MAX_SIZE_TRAIN": str(SIZE),
    "INPUT.MIN_SIZE_TEST": str(SIZE),
    "INPUT.MAX_SIZE_TEST": str(SIZE),
    "DATALOADER.NUM_WORKERS": "0",
    "SOLVER.IMS_PER_BATCH": "2",
    "SOLVER.STEPS": "[]",
    "SOLVER.MAX_ITER": "2",
}
CLASSIFIER = {
    "MODEL.NAME": "cifar_resnet8",
    "MODEL.DEVICE": "cpu",
    "DATASETS.HOLD_OUT": "0",
    "DATALOADER.NUM_WORKERS": "0",
    "INPUT.SIZE": "16",
    "SOLVER.IMS_PER_BATCH": "4",
    "SOLVER.MAX_ITER": "2",
    "SOLVER.STEPS": "[]",
    "SOLVER.WARMUP_ITERS": "0",
}


def make_inputs(root: Path) -> None:
    """voc, ILSVRC, crops, pictures, film.mp4, config, library, detector, localiser, classifier,
    comp4, found, results, guesses.
    """
    make_shapes(root / "voc", num_train=4, num_val=2, num_test=3, size=SIZE, seed=3)
    make_shape_imagenet(root / "voc", root / "ILSVRC")
    make_shape_crops(root / "voc", root / "crops", size=16, seed=0)
    images = sorted((root / "voc" / "JPEGImages").iterdir())[:3]
    (root / "pictures").mkdir()
    for path in images:
        shutil.copyfile(path, root / "pictures" / path.name)
    (root / "library").mkdir()
    (root / "library" / "ort.wasm.bundle.min.mjs").write_text("export {}")
    _film(root / "film.mp4", [cv2.imread(str(path)) for path in images])
    _configs(root)
    _weights(root)
    _localiser(root)
    _found(root)


def _film(path: Path, pictures: list[Any]) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 5.0, (SIZE, SIZE))
    for picture in pictures:
        writer.write(picture)
    writer.release()


def _configs(root: Path) -> None:
    keys = {**DETECTOR, "DATASETS.ROOT": str(root / "voc")}
    cfg = config.load("shapes_r18", [text for pair in keys.items() for text in pair])
    own = {**CLASSIFIER, "DATASETS.ROOT": str(root / "crops")}
    other = load_classification("cifar10_resnet20", [t for pair in own.items() for t in pair])
    for name, given in (("detector", cfg), ("classifier", other)):
        (root / "config").mkdir(exist_ok=True)
        (root / "config" / f"{name}.yaml").write_text(given.dump())
    (root / "config" / "names.txt").write_text("".join(f"{name}\n" for name in SHAPE_CLASSES))


def _weights(root: Path) -> None:
    """A detector and a classifier of random weights."""
    torch.manual_seed(0)
    cfg, engine = config.load(str(root / "config" / "detector.yaml")), engines.load("tv")
    state = engine.canonical_state(build_model(cfg, engine)[0])
    at_rest = checkpoint.DetectorCheckpoint(state, cfg, SHAPE_CLASSES, "tv", 0, {})
    checkpoint.save(root / "detector" / "model_final.pth", at_rest)
    network = backbones.create("cifar_resnet8", num_classes=len(SHAPE_CLASSES))
    backbones.save_backbone(
        root / "classifier" / "model_final.pth",
        arch=network.arch,
        num_classes=len(SHAPE_CLASSES),
        model=network.state_dict(),
        preprocessing=Preprocessing("RGB", 1 / 255, (0.5,) * 3, (0.25,) * 3, SHAPE_CLASSES),
        recipe={"INPUT": {"SIZE": 16, "MIN_SIZE_TEST": 16}},
        meta={},
    )


def _localiser(root: Path) -> None:
    """One of random weights, and what it guesses."""
    small = {**DETECTOR, "MODEL.RESNETS.DEPTH": "18", "MODEL.ROI_HEADS.NUM_CLASSES": "6"}
    cfg = config.load("imagenet_loc_r101", [text for pair in small.items() for text in pair])
    engine, path = engines.load("tv"), root / "localiser" / "model_final.pth"
    dataset = load_voc(root / "ILSVRC" / "Annotations" / "CLS-LOC", "val")
    state = engine.canonical_state(build_model(cfg, engine)[0])
    checkpoint.save(
        path, checkpoint.DetectorCheckpoint(state, cfg, dataset.class_names, "tv", 0, {})
    )
    table = guesses(load_detector(path, "tv", "cpu"), dataset, OWN)
    text = guesses_text(table, [record.image_id for record in dataset.records], VOC)
    (root / "guesses").mkdir()
    (root / "guesses" / "own.txt").write_text(text)


def _found(root: Path) -> None:
    """What the detector finds, in both forms, and two results of it."""
    dataset = load_voc(root / "voc", "test")
    detector = load_detector(root / "detector" / "model_final.pth", "tv", "cpu")
    found = list(detector.predict_records(dataset.records))
    write_comp4(root / "comp4", found, dataset.class_names)
    numbered = load_coco(root / "voc/annotations/instances_test.json", root / "voc" / "JPEGImages")
    again = detector.predict_records(numbered.records)
    write_json(root / "found" / "results.json", to_coco_results(again, numbered.category_ids))
    matches = match_voc(ground_truth_by_id(dataset.records), found, dataset.class_names)
    content = {**score_voc(matches, "area"), "analysis": analyse(matches, "area")}
    for name in "ab":
        write_result(root / "results" / f"{name}.json", content, matches, dataset, None)


def digests(root: Path) -> dict[Path, str]:
    """Of every file below a folder; a link counts as what it leads to."""
    return dict(_digests(root))


def _digests(root: Path) -> Iterator[tuple[Path, str]]:
    for path in root.rglob("*"):
        if path.is_file():
            yield path, hashlib.sha256(path.read_bytes()).hexdigest()
