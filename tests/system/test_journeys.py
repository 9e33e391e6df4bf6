"""The journeys of the README, word by word, at a small size: all run, and leave what they name."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]

SIDES = [f"INPUT.{name}_SIZE_{phase}" for name in ("MIN", "MAX") for phase in ("TRAIN", "TEST")]
# what makes a command one of seconds, appended to it
SMALL: dict[str, list[str]] = {
    "train-det": [
        *(f"{key}={'[64]' if key == 'INPUT.MIN_SIZE_TRAIN' else 64}" for key in SIDES),
        "MODEL.DEVICE=cpu",
        "MODEL.WEIGHTS=",
        "MODEL.BACKBONE.WIDTH=0.125",
        "MODEL.RPN.PRE_NMS_TOPK_TRAIN=50",
        "MODEL.RPN.POST_NMS_TOPK_TRAIN=10",
        "MODEL.RPN.PRE_NMS_TOPK_TEST=50",
        "MODEL.RPN.POST_NMS_TOPK_TEST=10",
        "MODEL.ROI_BOX_HEAD.FC_DIM=16",
        "DATALOADER.NUM_WORKERS=0",
        "SOLVER.IMS_PER_BATCH=1",
        "SOLVER.MAX_ITER=2",
        "SOLVER.STEPS=[1]",
    ],
    "train-backbone": [
        "MODEL.DEVICE=cpu",
        "DATALOADER.NUM_WORKERS=0",
        "SOLVER.IMS_PER_BATCH=4",
        "SOLVER.MAX_ITER=2",
    ],
    "reproduce": ["--scale", "smoke", "MODEL.DEVICE=cpu"],
}
WRITES = ("--output", "--json", "--gallery", "--fix")


def sections(text: str) -> dict[str, str]:
    """What stands below each heading of the third level."""
    parts = re.split(r"^### (.+)\n", text, flags=re.MULTILINE)
    ends = (re.split(r"^## ", part, flags=re.MULTILINE)[0] for part in parts[2::2])
    return dict(zip(parts[1::2], ends))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def commands(text: str) -> Iterator[list[str]]:
    """The words of every line that calls `resdet`, joined where a backslash ends it."""
    for block in blocks(text, "bash"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["resdet"]:
                yield words[1:]


def call(words: list[str]) -> None:
    from resdet.commands.entry import command as tool

    assert not tool(words[0]).main(words[1:]), words


def shapes(root: Path, num_train: int = 4) -> Path:
    from resdet.data.shapes.make import make_shapes

    make_shapes(root, num_train=num_train, num_val=2, num_test=3, size=64, seed=1)
    return root


def voc_2007_and_2012(place: Path) -> None:
    """Six of VOC's classes, drawn as shapes."""
    from resdet.data.shapes.make import SHAPE_CLASSES

    for year in (2007, 2012):
        root = shapes(place / "datasets" / "VOCdevkit" / f"VOC{year}")
        for name in ("classes.txt", "labelmap.txt"):
            (root / name).unlink()
        for path in root.glob("Annotations/*.xml"):
            text = path.read_text()
            for shape, name in zip(SHAPE_CLASSES, ("cat", "dog", "bus", "car", "cow", "sofa")):
                text = text.replace(f"<name>{shape}</name>", f"<name>{name}</name>")
            path.write_text(text)


def images_with_xml_beside_them(place: Path) -> None:
    made = shapes(place / "made")
    (place / "my_voc").mkdir()
    for path in [*made.glob("JPEGImages/*.jpg"), *made.glob("Annotations/*.xml")]:
        shutil.copy(path, place / "my_voc")


def a_detector_of_detectron2(place: Path) -> None:
    """A slim one under the name that the model zoo gives its own."""
    import pickle

    from resdet import config, engines
    from resdet.checkpoints.detectron2_names import Layout, to_detectron2
    from resdet.detector.build import build_model

    images_with_xml_beside_them(place)
    slim = [word for pair in SMALL["train-det"] for word in pair.split("=") if "WIDTH" in pair]
    slim += ["MODEL.WEIGHTS", "''", "MODEL.ROI_BOX_HEAD.FC_DIM", "16"]
    engine = engines.load("tv")
    model, _ = build_model(config.load("coco_r50_fpn", slim), engine)
    state = to_detectron2(engine.canonical_state(model), Layout("FPN", "resnet50"), "made")
    arrays = {key: value.numpy() for key, value in state.items()}
    with (place / "model_final_280758.pkl").open("wb") as file:
        pickle.dump({"model": arrays, "__author__": "Detectron2 Model Zoo"}, file)


def as_roboflow_exports_coco(place: Path) -> None:
    made = shapes(place / "made")
    for ours, theirs in (("train", "train"), ("val", "valid"), ("test", "test")):
        content = json.loads((made / "annotations" / f"instances_{ours}.json").read_text())
        folder = place / "my_coco" / theirs
        folder.mkdir(parents=True)
        (folder / "_annotations.coco.json").write_text(json.dumps(content))
        for image in content["images"]:
            shutil.copy(made / "JPEGImages" / image["file_name"], folder)
    shutil.copytree(made / "JPEGImages", place / "photos")


def classes_in_folders(place: Path) -> None:
    from resdet.data.shapes.make import make_shape_crops

    made = shapes(place / "made", num_train=12)
    make_shape_crops(made, place / "my_images", size=40)
    for split in ("train", "test"):
        shutil.copytree(place / "my_images" / "train", place / "datasets" / "cifar10" / split)


JOURNEYS: dict[str, Callable[[Path], None]] = {
    "A table of the paper": voc_2007_and_2012,
    "Your VOC data": images_with_xml_beside_them,
    "From COCO's weights": a_detector_of_detectron2,
    "Your COCO data": as_roboflow_exports_coco,
    "Only the networks": classes_in_folders,
}


@pytest.mark.parametrize("title", JOURNEYS)
def test_a_journey_ends_where_it_says(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DETECTRON2_DATASETS", raising=False)
    if "ONNX" in title or "export" in sections(README)[title]:
        pytest.importorskip("onnxruntime")
    JOURNEYS[title](tmp_path)
    told = list(commands(sections(README)[title]))
    assert len(told) >= 3
    for words in told:
        call([*words, *SMALL.get(words[0], [])])
        for option, value in pairwise(words):
            if option in WRITES:
                assert Path(value).exists(), (words, value)
    for block in blocks(sections(README)[title], "python"):
        exec(compile(block, f"README.md, {title}", "exec"), {})


@pytest.mark.detectron2
def test_the_journey_in_detectron2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("detectron2")
    from detectron2.config import get_cfg

    monkeypatch.chdir(tmp_path)
    images_with_xml_beside_them(tmp_path)
    call(["train-det", "--data", "my_voc", "--output", "runs/mine", *SMALL["train-det"]])
    names = {"cfg": get_cfg()}
    for block in blocks(sections(README)["In detectron2"], "python"):
        exec(block, names)
    for path in sorted(ROOT.glob("configs/detection/*.yaml")):
        names["cfg"].clone().merge_from_file(str(path))
    import cv2

    image = cv2.imread(str(next((tmp_path / "my_voc").glob("*.jpg"))))
    assert "instances" in names["predictor"](image)


def test_every_journey_is_followed() -> None:
    first_hour = README.partition("## The first hour")[2].partition("\n## ")[0]
    assert set(re.findall(r"^### (.+)$", first_hour, re.MULTILINE)) == {*JOURNEYS, "In detectron2"}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_options_that_are_told_exist(page: Path) -> None:
    from resdet.commands.entry import command as tool

    for words in commands(page.read_text(encoding="utf-8")):
        if len(words) > 1 and not words[0].startswith("-"):
            tool(words[0]).arguments().parse_args(words[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_python_that_is_told_is_python(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8"), "python"):
        ast.parse(block)
