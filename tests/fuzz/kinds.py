"""Every kind of file that the project reads, small and sound, and the reading of it."""

from __future__ import annotations

import importlib
import io
import pickle
import sys
import tarfile
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from flipping import Kind

import backbones
from backbones.config import load_classification
from backbones.data.images import open_split
from backbones.files.outputs import write_json
from backbones.images.decoding import decode_image, image_size, read_image
from backbones.weights import checkpoint
from backbones.weights.checkpoint import Preprocessing, save_backbone
from backbones.weights.interop import read_weights
from backbones.weights.keymaps import KINDS as NETWORKS
from backbones.weights.keymaps import from_ours
from resdet import config
from resdet.checkpoints import checkpoint as detector
from resdet.data.coco.reader import load_coco
from resdet.data.voc.reader import load_voc
from resdet.detector.shards import detect_in_shards
from resdet.evaluation import from_coco_results, load_matches, read_comp4, write_comp4
from resdet.evaluation.coco.truth import read_truth
from resdet.evaluation.comparison.compare import compare
from resdet.evaluation.comparison.report import comparison_markdown, comparison_tables
from resdet.evaluation.comparison.sides import read_sides
from resdet.evaluation.measures import convention, sections
from resdet.evaluation.record import matches_path
from resdet.structures.records import Dataset, Detections, ImageRecord

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ("cat", "dog")
BOXES = {"000007": (10, 10, 40, 30), "000012": (5, 5, 45, 35), "000019": (1, 2, 30, 40)}

cv2.utils.logging.setLogLevel(0)  # a damaged image is told by our message


def picture() -> Any:
    rows, columns = np.mgrid[:60, :80]
    waves = [np.sin(rows / 5 + i) + np.cos(columns / (7 + i)) for i in range(3)]
    return np.clip(np.dstack(waves) * 60 + 128, 0, 255).astype(np.uint8)


def found() -> list[Detections]:
    return [
        Detections(stem, [box, [0, 0, 5, 5]], [i % 2, 1], np.array([0.875, 0.25]))
        for i, (stem, box) in enumerate(BOXES.items())
    ]


def make_voc(folder: Path) -> Path:
    for name in ("Annotations", "ImageSets/Main", "JPEGImages"):
        (folder / name).mkdir(parents=True)
    (folder / "classes.txt").write_text("cat\ndog\n")
    (folder / "ImageSets/Main/test.txt").write_text("".join(f"{stem}\n" for stem in BOXES))
    for i, (stem, (x1, y1, x2, y2)) in enumerate(BOXES.items()):
        cv2.imwrite(str(folder / f"JPEGImages/{stem}.jpg"), picture())
        (folder / f"Annotations/{stem}.xml").write_text(
            f"<annotation>\n<folder>VOC2007</folder>\n<filename>{stem}.jpg</filename>\n<size>"
            "<width>80</width><height>60</height><depth>3</depth></size>\n<object>"
            f"<name>{CLASSES[i % 2]}</name><pose>Left</pose><truncated>1</truncated><difficult>0"
            f"</difficult>\n<bndbox><xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin><xmax>{x2}</xmax>"
            f"<ymax>{y2}</ymax></bndbox></object>\n</annotation>\n"
        )
    return folder / "Annotations/000012.xml"


def read_voc(path: Path) -> Any:
    root = next(folder for folder in path.parents if (folder / "ImageSets").is_dir())
    return load_voc(root, "test")


def make_list(folder: Path) -> Path:
    make_voc(folder)
    return folder / "ImageSets/Main/test.txt"


def make_coco(folder: Path) -> Path:
    images = [
        {"id": int(stem), "file_name": f"{stem}.jpg", "width": 80, "height": 60} for stem in BOXES
    ]
    objects = [
        {"id": i + 1, "image_id": int(stem), "category_id": i % 2 + 1, "iscrowd": 0, "area": 600.0}
        | {"bbox": [x1, y1, x2 - x1, y2 - y1]}
        for i, (stem, (x1, y1, x2, y2)) in enumerate(BOXES.items())
    ]
    categories = [{"id": i + 1, "name": name} for i, name in enumerate(CLASSES)]
    content = {"images": images, "annotations": objects, "categories": categories}
    for stem in BOXES:
        cv2.imwrite(str(folder / f"{stem}.jpg"), picture())
    write_json(folder / "truth.json", content)
    return folder / "truth.json"


def read_coco(path: Path) -> Any:
    return load_coco(path, path.parent), read_truth(path, None)


def make_comp4(folder: Path) -> Path:
    write_comp4(folder / "comp4", found(), CLASSES)
    return folder / "comp4/comp4_det_test_dog.txt"


def make_detections(folder: Path) -> Path:
    boxes = [
        {"image_id": int(d.image_id), "category_id": int(label) + 1, "bbox": box, "score": score}
        | {"category_name": CLASSES[label]}
        for d in found()
        for label, box, score in zip(d.labels, d.boxes.tolist(), d.scores.tolist())
    ]
    write_json(folder / "found.json", boxes)
    return folder / "found.json"


def make_result(folder: Path) -> Path:
    """What eval_voc writes, twice: of one the JSON alone, of the other its matches too."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        tool = importlib.import_module("eval_voc")
    finally:
        sys.path.remove(str(ROOT / "tools"))
    make_voc(folder / "voc")
    write_comp4(folder / "comp4", found(), CLASSES)
    argv = ["--detections", folder / "comp4", "--data", folder / "voc", "--split", "test"]
    for name in ("first.json", "second.json"):
        with redirect_stdout(io.StringIO()):
            tool.main([*map(str, argv), "--json", str(folder / name)])
    matches_path(folder / "second.json").unlink()
    return folder / "second.json"


def read_result(path: Path) -> Any:
    sides = read_sides([f"a={path.parent / 'first.json'}", f"b={path}"])
    comparison = compare(sides[0], sides[1:], resamples=0)
    title = "; ".join(convention(part) for part in sections(sides[1].runs[0].result))
    comparison_tables(comparison, title, [{}])
    return comparison.to_dict(), comparison_markdown(comparison, title, [{}])


def make_matches(folder: Path) -> Path:
    return matches_path(make_result(folder).with_name("first.json"))


def make_detection_config(folder: Path) -> Path:
    (folder / "c.yaml").write_text(config.load("shapes_r18").dump())
    return folder / "c.yaml"


def read_detection_config(path: Path) -> Any:
    cfg = config.load(str(path))
    config.check(cfg)
    return cfg.dump()


def make_network_config(folder: Path) -> Path:
    (folder / "c.yaml").write_text((ROOT / "configs/backbones/shapes_resnet18.yaml").read_text())
    return folder / "c.yaml"


def network(name: str = "resnet18", **options: Any) -> Any:
    torch.manual_seed(0)
    return backbones.create(name, **{"width": 0.125, "num_classes": 2, **options})


def make_ours(folder: Path, suffix: str) -> Path:
    model = network()
    save_backbone(
        folder / f"a{suffix}",
        arch=model.arch,
        num_classes=2,
        model=model.state_dict(),
        preprocessing=Preprocessing("RGB", 1.0, (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), CLASSES),
        recipe={"INPUT": {"SIZE": 32}},
        meta={"iterations": 3},
    )
    return folder / f"a{suffix}"


def read_network(path: Path) -> Any:
    saved = read_weights(str(path), "")
    # a .safetensors is mapped into memory: what was read would change with the file
    weights = {key: value.clone() for key, value in saved.model.items()}
    return weights, saved.num_classes, dict(saved.arch)


def make_theirs(folder: Path, kind: str, name: str, suffix: str) -> Path:
    model = network(name, stride_in_1x1=NETWORKS[kind].stride_in_1x1)
    state = from_ours(NETWORKS[kind], model, model.state_dict())
    path = folder / f"a{suffix}"
    if suffix == ".pkl":
        arrays = {key: value.numpy() for key, value in state.items()}
        author = "Caffe2" if kind == "msra" else "torchvision"
        content = {"model": arrays, "__author__": author, "matching_heuristics": True}
        path.write_bytes(pickle.dumps(content, 2))
    elif suffix == ".safetensors":
        import safetensors.torch

        path.write_bytes(safetensors.torch.save(state))
    else:
        torch.save(state, path)
    return path


def make_detector(folder: Path) -> Path:
    weights = {"trunk.stem.conv1.weight": torch.arange(12.0).reshape(3, 4)}
    cfg = config.load("shapes_r18", ["MODEL.ROI_HEADS.NUM_CLASSES", "2"])
    saved = detector.DetectorCheckpoint(weights, cfg, CLASSES, "tv", 7, {})
    detector.save(folder / "d.pth", saved)
    return folder / "d.pth"


def read_detector(path: Path) -> Any:
    saved = detector.load(path)
    return saved.model, saved.cfg.dump(), saved.class_names, saved.engine, saved.iteration


def make_old_torch_file(folder: Path) -> Path:
    values = {"w": torch.arange(12.0), "n": 3, "names": ["a", "b"]}
    torch.save(values, folder / "old.pth", _use_new_zipfile_serialization=False)
    return folder / "old.pth"


def make_cifar(folder: Path) -> Path:
    inside = folder / "cifar-10-batches-py"
    inside.mkdir()
    names = [b"a", b"b"]
    (inside / "batches.meta").write_bytes(pickle.dumps({b"label_names": names}, 2))
    draw = np.random.default_rng(0)
    for name in ("test_batch", *(f"data_batch_{i}" for i in range(1, 6))):
        pixels = draw.integers(0, 256, (2, 3072), np.uint8)
        batch = {b"batch_label": name.encode(), b"labels": [0, 1], b"data": pixels}
        (inside / name).write_bytes(pickle.dumps(batch, 2))
    return inside / "data_batch_3"


def read_cifar(path: Path) -> Any:
    images = open_split(path.parents[1], "train")
    return images.class_names, images.labels, [images.read(i) for i in range(len(images))]


def make_shard(folder: Path) -> Path:
    path = folder / "train-0.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for i in range(4):
            image = cv2.imencode(".png", picture()[: 20 + i, :30])[1].tobytes()
            for name, data in ((f"{i}.png", image), (f"{i}.cls", b"%d" % (i % 2))):
                member = tarfile.TarInfo(f"{'long' * 30}/{name}")
                member.size = len(data)
                member.pax_headers = {"mtime": "1.5"}
                tar.addfile(member, io.BytesIO(data))
    return path


def read_shard(path: Path) -> Any:
    images = open_split(path.parent, "train")
    return images.class_names, images.labels, [images.read(i) for i in range(len(images))]


def make_image(folder: Path, suffix: str) -> Path:
    path = folder / f"a{suffix}"
    path.write_bytes(cv2.imencode(suffix, picture())[1].tobytes())
    return path


def read_picture(path: Path) -> Any:
    image_size(path)
    half = decode_image(path.read_bytes(), str(path), "RGB", lambda height, width: 2)
    assert half.dtype == np.uint8
    return read_image(path, "BGR")


def make_detector_shard(folder: Path) -> Path:
    data = Dataset("d", "voc", CLASSES, _records(folder), folder)
    detect_in_shards(_Finds(), data, folder, {"checkpoint": "a"})
    (path,) = folder.glob("*.shard")
    return path


def read_detector_shard(path: Path) -> Any:
    """Nothing is detected anew: a shard that is not whole is refused."""
    data = Dataset("d", "voc", CLASSES, _records(path.parent), path.parent)
    return detect_in_shards(_Finds(), data, path.parent, {"checkpoint": "a"})


class _Finds:
    """Stands for a detector."""

    def predict_records(self, records: Any) -> Any:
        wanted = {record.image_id for record in records}
        yield from (detections for detections in found() if detections.image_id in wanted)


def _records(folder: Path) -> tuple[ImageRecord, ...]:
    return tuple(ImageRecord(stem, folder / f"{stem}.jpg", 60, 80) for stem in BOXES)


def make_state(folder: Path) -> Path:
    """Optimiser and such: any values that a training keeps."""
    values = {"format": "x", "optimizer": {"state": {0: {"m": torch.ones(5)}}}, "rate": 0.1}
    checkpoint.save(folder / "s.pth", values)
    return folder / "s.pth"


KINDS = (
    Kind("VOC XML", make_voc, read_voc),
    Kind("VOC split list", make_list, read_voc, closed=False),
    Kind("COCO JSON", make_coco, read_coco),
    Kind("comp4", make_comp4, lambda path: read_comp4(path.parent, CLASSES), closed=False),
    Kind("detections JSON", make_detections, lambda p: from_coco_results(p, (1, 2), CLASSES)),
    Kind("results JSON", make_result, read_result),
    Kind("matches.npz", make_matches, load_matches, sealed=True),
    Kind("results JSON beside matches", lambda f: make_result(f).with_name("first.json"),
         lambda p: read_result(p.with_name("second.json"))),
    Kind("YAML of a detector", make_detection_config, read_detection_config, closed=False),
    Kind("YAML of a network", make_network_config,
         lambda path: load_classification(str(path)).dump(), closed=False),
    Kind("network .pth", partial(make_ours, suffix=".pth"), read_network, sealed=True),
    Kind("network .safetensors", partial(make_ours, suffix=".safetensors"), read_network,
         sealed=True),
    Kind("detector .pth", make_detector, read_detector, sealed=True),
    Kind("training state .pth", make_state, checkpoint.load, sealed=True),
    Kind("old torch file", make_old_torch_file, checkpoint.load),
    Kind("torchvision .pth", partial(make_theirs, kind="torchvision", name="resnet18",
         suffix=".pth"), read_network, sealed=True),
    Kind("timm .safetensors", partial(make_theirs, kind="torchvision", name="resnet18",
         suffix=".safetensors"), read_network),
    Kind("detectron2 .pkl", partial(make_theirs, kind="detectron2", name="resnet18",
         suffix=".pkl"), read_network),
    Kind("MSRA .pkl", partial(make_theirs, kind="msra", name="resnet50", suffix=".pkl"),
         read_network),
    Kind("CIFAR batch", make_cifar, read_cifar),
    Kind("tar shard", make_shard, read_shard),
    Kind("shard of detections", make_detector_shard, read_detector_shard, sealed=True),
    *(Kind(f"image {suffix}", partial(make_image, suffix=suffix), read_picture)
      for suffix in (".jpg", ".png", ".webp", ".bmp", ".gif", ".tif", ".jp2", ".avif", ".ppm")),
)  # fmt: skip
assert len({kind.name for kind in KINDS}) == len(KINDS)
