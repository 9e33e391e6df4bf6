"""The ONNX file of a detector: its numbers at any size, what it says of itself, its example."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from resdet.export import trial
from resdet.export.exportable import load_exportable
from resdet.export.form import INSIDE, Form
from resdet.export.pairing import compare
from resdet.structures.records import Detections

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("height", "width"), [(33, 40), (80, 80), (128, 200), (301, 64)])
def test_any_size(exported: tuple[Path, Path], height: int, width: int) -> None:
    import onnxruntime

    source, file = exported
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    image = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
    detector = load_exportable(source)
    found = Detections(0, *session.run(None, {"image": image}))
    resized = trial.resized(detector, Form("onnx", INSIDE), image)
    expected = detector.detect_resized(resized, height, width)
    assert len(expected) > 0
    assert compare(expected, found, 0.001, 100).small


def test_a_plain_image_may_show_nothing(exported: tuple[Path, Path]) -> None:
    """Also no detection, and no proposal of some level, is an answer."""
    import onnxruntime

    session = onnxruntime.InferenceSession(exported[1], providers=["CPUExecutionProvider"])
    boxes, labels, scores = session.run(None, {"image": np.zeros((32, 32, 3), np.uint8)})
    assert boxes.shape == (len(scores), 4)
    assert len(labels) == len(scores)


def test_file_says_what_it_is(exported: tuple[Path, Path]) -> None:
    import onnx

    from backbones.files.digests import file_digest

    source, file = exported
    model = onnx.load(file)
    about = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(about["class_names"]) == [f"class {at}" for at in range(6)]
    sizes = json.loads(about["preprocessing"])
    assert (sizes["resize"], sizes["min_size"], sizes["max_size"]) == ("inside", 80, 140)
    assert about["checkpoint"] == "model_best.pth"
    assert about["checkpoint_sha256"] == file_digest(source)
    assert about["resdet_version"]
    (image,) = model.graph.input
    axes = [dim.dim_param or dim.dim_value for dim in image.type.tensor_type.shape.dim]
    assert axes == ["height", "width", 3]
    assert [out.name for out in model.graph.output] == ["boxes", "labels", "scores"]
    assert model.producer_name == "resdet"


def test_file_says_nothing_of_where_it_was_made(exported: tuple[Path, Path]) -> None:
    data = exported[1].read_bytes()
    for word in (str(ROOT), "site-packages", ".py"):
        assert word.encode() not in data


def test_example_runs_where_torch_is_absent(exported: tuple[Path, Path], tmp_path: Path) -> None:
    source, file = exported
    rng = np.random.default_rng(5)
    picture = rng.integers(0, 256, (150, 211, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "photo.png"), picture)
    example = ROOT / "docs/examples/onnx_without_torch.py"
    paths = [file, tmp_path / "photo.png", tmp_path / "drawn.png"]
    blocked = "import runpy, sys\n" + "".join(
        f"sys.modules[{name!r}] = None\n"
        for name in ("torch", "torchvision", "resdet", "backbones")
    )
    run = f"{blocked}sys.argv = {list(map(str, [example, *paths]))!r}\n"
    run += f"runpy.run_path({str(example)!r})"
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    expected = load_exportable(source).detect(picture[..., ::-1])
    sure = [at for at in range(len(expected)) if expected.scores[at] >= 0.5]
    lines = [f"class {expected.labels[at]} {expected.scores[at]:.3f}" for at in sure]
    assert lines
    assert [" ".join(line.split()[:3]) for line in done.stdout.splitlines()] == lines
    told = np.array([line.split()[3:] for line in done.stdout.splitlines()], float)
    assert np.abs(told - expected.boxes[sure]).max() <= 0.06  # a tenth is printed
    assert (cv2.imread(str(paths[2])) != picture).any()
    told = subprocess.run(
        [sys.executable, example, file, "no.jpg", "drawn.png"], capture_output=True, text=True
    ).stderr.splitlines()
    assert told[-1] == "no.jpg must be a picture that OpenCV reads; give another"
    assert "Traceback" not in "".join(told)


def test_example_is_short() -> None:
    lines = (ROOT / "docs/examples/onnx_without_torch.py").read_text().split('"""')[2].splitlines()
    code = [line for line in lines if line.strip() and not line.startswith(("import", "from"))]
    assert len(code) <= 20


def test_a_localiser_is_not_exported(tiny_localiser: Path) -> None:
    with pytest.raises(ValueError, match=r"must be a Faster R-CNN to be exported, got a localiser"):
        load_exportable(tiny_localiser)
