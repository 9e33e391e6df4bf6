"""A classification network leaves with its numbers, its classes and its preprocessing."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import backbones
from backbones.export import classifier as exporter
from backbones.export.classifier import ClassifierGraph, export_classifier
from backbones.export.formats import METADATA
from backbones.weights.checkpoint import Preprocessing, load_backbone, save_backbone

NAMES = tuple("abcde")


def save_network(path: Path, name: str, size: int = 64, **arch: object) -> Path:
    """A network of five classes whose scores are spread."""
    torch.manual_seed(0)
    mean_image = tuple(arch.pop("mean_image", ()))
    model = backbones.create(name, num_classes=5, **arch)
    last = model.get_submodule(model.classifier_names[0])
    torch.nn.init.normal_(last.weight, std=0.3)
    preprocessing = Preprocessing(
        "BGR", 1.0, (103.0, 116.0, 123.0), (57.0, 57.0, 58.0), NAMES, mean_image
    )
    save_backbone(
        path,
        arch=model.arch,
        num_classes=5,
        model=model.state_dict(),
        preprocessing=preprocessing,
        recipe={"INPUT": {"SIZE": size, "SIZE_TEST": size, "MIN_SIZE_TEST": size + 16}},
        meta={},
    )
    return path


def test_torch_export(tmp_path: Path) -> None:
    source = save_network(tmp_path / "net.pth", "resnet18", width=0.125)
    done = export_classifier(source, "torch-export", tmp_path / "net.pt2")
    assert len(done.rows) == 10  # each image cut, and whole
    extra = {METADATA: ""}
    program = torch.export.load(io.BytesIO(done.path.read_bytes()), extra_files=extra).module()
    about = json.loads(extra[METADATA])
    assert json.loads(about["class_names"]) == list(NAMES)
    assert json.loads(about["preprocessing"])["shorter_side"] == 80
    image = np.random.default_rng(0).integers(0, 256, (3, 70, 90, 3), np.uint8)
    logits, scores = program(torch.from_numpy(image))
    assert about["checkpoint_sha256"] == load_backbone(source).hash
    assert torch.allclose(scores, torch.softmax(logits, -1))
    assert scores.shape == (3, 5)


@pytest.mark.parametrize("side", [7, 8, 9, 13, 24])
def test_pool_to_7_as_products(side: int) -> None:
    x = torch.rand(2, 3, side, side + 2)
    down, across = exporter._pooling(side), exporter._pooling(side + 2)
    assert torch.allclose(down @ x @ across.t(), F.adaptive_avg_pool2d(x, 7), atol=1e-6)


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "cifar_resnet20"])
def test_graph_equals_network(tmp_path: Path, name: str) -> None:
    from backbones.data.normalize import Normalizer
    from backbones.evaluation.networks import load_network

    path = save_network(tmp_path / "net.pth", name, width=0.25)
    network = load_network(str(path))
    graph = ClassifierGraph(exporter._folded(network.model), network.preprocessing).eval()
    images = torch.randint(0, 256, (2, 70, 64, 3), dtype=torch.uint8)
    with torch.no_grad():
        expected = network.model(Normalizer(network.preprocessing, "cpu")(images))
        logits, scores = graph(images)
    assert torch.allclose(logits, expected, rtol=1e-4, atol=1e-4)
    assert torch.allclose(scores, expected.softmax(-1), atol=1e-5)


def test_different_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = save_network(tmp_path / "net.pth", "resnet18", width=0.125)
    monkeypatch.setattr(exporter, "encode", lambda *_: b"")
    wrong = np.full((5, 5), 0.2, np.float32)
    monkeypatch.setattr(exporter, "runner", lambda *_: lambda image: [wrong, wrong[: len(image)]])
    with pytest.raises(ValueError, match=r"scores must differ by at most 0.001, got .* on made up"):
        export_classifier(source, "torch-export", tmp_path / "net.pt2")
    assert not (tmp_path / "net.pt2").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "vgg16", "cifar_resnet20", "mean image"])
def test_onnx(tmp_path: Path, name: str) -> None:
    for package in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(package)
    arch: dict = {"width": 0.25}
    if name == "mean image":
        name, arch["mean_image"] = "cifar_resnet20", np.linspace(0, 255, 32 * 32 * 3).tolist()
    source = save_network(tmp_path / "net.pth", name, 32 if "cifar" in name else 64, **arch)
    done = export_classifier(source, "onnx", tmp_path / "net.onnx")
    assert len(done.rows) == (5 if "cifar" in name else 10)
    assert max(float(row[2]) for row in done.rows) < 1e-4
