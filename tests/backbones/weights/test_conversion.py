"""Files from kind to kind: both networks see the same, or nothing is written."""

import dataclasses
import os
import pickle

import numpy as np
import pytest
import torch
import torchvision

import backbones
from backbones.weights import conversion, reference
from backbones.weights.checkpoint import Preprocessing, load_backbone, save_backbone
from backbones.weights.conversion import TOLERANCE, as_input, convert, fixed_image
from backbones.weights.interop import load_weights, read_both, read_weights

OURS = Preprocessing("RGB", 1.0, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
CAFFE = Preprocessing("RGB", 1.0, (128.0, 117.0, 104.0), (58.395, 57.12, 57.375))


@pytest.fixture
def saved(tmp_path, random_network):
    def save(name, preprocessing=OURS, **options):
        model = random_network(name, **{"width": 0.125, **options})
        path = tmp_path / "ours.pth"
        save_backbone(
            path,
            arch=model.arch,
            num_classes=model.num_classes,
            model=model.state_dict(),
            preprocessing=preprocessing,
            meta={"iterations": 3},
            recipe={"INPUT": {"SIZE": 224}},
        )
        return path

    return save


@pytest.mark.parametrize(
    ("name", "kind", "suffix", "options"),
    [
        ("resnet18", "torchvision", ".pth", {}),
        ("resnet50", "detectron2", ".pkl", {"stride_in_1x1": False}),
        ("resnet50", "msra", ".pkl", {}),
        ("vgg16", "timm", ".safetensors", {"norm": "bn"}),
        ("cifar_resnet20", "akamaster", ".pth", {"width": 1.0, "num_classes": 10}),
        ("googlenet_torchvision", "torchvision", ".pth", {}),
        ("bn_inception_caffe", "pretrainedmodels", ".safetensors", {"preprocessing": CAFFE}),
    ],
)
def test_out_and_in_again(saved, tmp_path, name, kind, suffix, options):
    source = saved(name, **options)
    out = convert(str(source), tmp_path / f"theirs{suffix}", kind)
    assert (out.found, out.written) == ("ours", kind)
    assert out.difference <= TOLERANCE
    back = convert(str(tmp_path / f"theirs{suffix}"), tmp_path / "back.pth", "ours")
    assert back.found == kind
    assert back.difference <= TOLERANCE
    again = load_backbone(tmp_path / "back.pth")
    assert back.hash == again.hash == out.hash
    model = load_backbone(source).model
    changed = [k for k, v in again.model.items() if not torch.equal(v, model[k])]
    first = {"msra": ["stem.conv1.weight"], "pretrainedmodels": ["stem.unit.conv.weight"]}
    assert changed == first.get(kind, [])  # BGR, std 1
    assert again.recipe["INPUT"]["SIZE"] == (32 if kind == "akamaster" else 224)


def test_ours_keeps_all_that_it_carries(saved, tmp_path):
    named = dataclasses.replace(OURS, class_names=tuple("abcdefg"), mean_image=(0.5,) * 12)
    source = saved("resnet18", named)
    done = convert(str(source), tmp_path / "new" / "copy.safetensors", "ours", name="resnet18")
    copy, first = load_backbone(tmp_path / "new" / "copy.safetensors"), load_backbone(source)
    assert done.hash == copy.hash == first.hash
    assert (copy.recipe, copy.meta, copy.arch) == (first.recipe, first.meta, first.arch)
    assert copy.preprocessing == named


def test_pixels_mean_the_same_to_msra(saved, tmp_path):
    """The same image, taken as each kind takes it, gives the same logits."""
    source = saved("resnet50")
    convert(str(source), tmp_path / "R-50.pkl", "msra")
    found, blobs = read_both(str(tmp_path / "R-50.pkl"), "resnet50")
    assert found.preprocessing.channel_order == "BGR"
    assert found.preprocessing.std == (1.0, 1.0, 1.0)
    image = fixed_image(64)
    model = backbones.create(num_classes=7, **load_backbone(source).arch).eval()
    load_weights(model, str(source))
    with torch.no_grad():
        expected = model(as_input(image, OURS))
    right = reference.run("msra", blobs, as_input(image, found.preprocessing))["logits"]
    torch.testing.assert_close(right, expected, rtol=1e-4, atol=1e-4)
    rgb = dataclasses.replace(found.preprocessing, channel_order="RGB")
    wrong = reference.run("msra", blobs, as_input(image, rgb))["logits"]
    assert (right - wrong).abs().max() > 1e-2  # the image tells the orders apart


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"mean": (124.0, 116.28, 103.53)}, r"got mean \[124\.0, 116\.28, 103\.53\] in 0\.\.255"),
        ({"mean_image": (0.5,) * 12}, "got a mean image; keep them ours"),
    ],
)
def test_what_no_convolution_can_take_up_is_refused(saved, tmp_path, change, fault):
    source = saved("resnet18", dataclasses.replace(OURS, **change))
    with pytest.raises(ValueError, match=fault):
        convert(str(source), tmp_path / "x.pth", "torchvision")
    assert os.listdir(tmp_path) == ["ours.pth"]


def test_a_network_that_sees_something_else_is_not_written(saved, tmp_path, monkeypatch):
    source = saved("resnet18")
    (tmp_path / "x.pth").write_bytes(b"old")
    real = conversion.from_ours

    def wrong(kind, model, state):
        theirs = real(kind, model, state)
        theirs["layer3.1.bn1.running_mean"] = theirs["layer3.1.bn1.running_mean"] + 3e-3
        return theirs

    monkeypatch.setattr(conversion, "from_ours", wrong)
    with pytest.raises(ValueError, match=r"agree .* to 1e-05 .* res4 by .*; nothing was written"):
        convert(str(source), tmp_path / "x.pth", "torchvision")
    assert (tmp_path / "x.pth").read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["ours.pth", "x.pth"]


def test_nan_is_no_agreement():
    with pytest.raises(ValueError, match="nothing was written"):
        conversion._refuse({"res2": float("nan")}, "a", "msra")


def test_names_and_suffixes_are_held(saved, tmp_path):
    source = str(saved("resnet18"))
    with pytest.raises(ValueError, match="name must be resnet18, the network in .*, got resnet34"):
        convert(source, tmp_path / "x.pth", "ours", name="resnet34")
    with pytest.raises(ValueError, match=r"OUTPUT of kind timm must end in .*, got x\.pkl"):
        convert(source, tmp_path / "x.pkl", "timm")
    with pytest.raises(ValueError, match="must be of kind msra, got a file of ours"):
        convert(source, tmp_path / "x.pth", "ours", source_kind="msra")
    torch.save({"w": torch.ones(1)}, tmp_path / "w.pth")
    with pytest.raises(ValueError, match=r"format of .* must be 'backbones/2', got None"):
        convert(str(tmp_path / "w.pth"), tmp_path / "x.pth", "ours", source_kind="ours")


def test_published_weights(tmp_path, monkeypatch):
    torch.manual_seed(0)
    state = torchvision.models.resnet18().state_dict()
    enum = torchvision.models.ResNet18_Weights
    monkeypatch.setattr(enum, "get_state_dict", lambda self, **_: state)
    spec = "torchvision:IMAGENET1K_V1"
    done = convert(spec, tmp_path / "resnet18.pth", "ours", name="resnet18")
    assert (done.found, done.num_classes) == ("torchvision", 1000)
    assert done.difference <= TOLERANCE
    kept = load_backbone(tmp_path / "resnet18.pth")
    assert kept.recipe == {"INPUT": {"SIZE": 224, "MIN_SIZE_TEST": 256}}
    assert kept.hash == conversion.backbone_hash(
        *(getattr(read_weights(spec, "resnet18"), part) for part in ("model", "arch")),
        kept.preprocessing,
    )


def test_a_pickle_names_numpy_as_every_version_knows_it(saved, tmp_path):
    convert(str(saved("resnet50")), tmp_path / "R-50.pkl", "msra")
    data = (tmp_path / "R-50.pkl").read_bytes()
    assert b"numpy.core.multiarray" in data
    assert b"numpy._core" not in data[:1000]
    content = pickle.loads(data)
    assert (content["__author__"], content["matching_heuristics"]) == ("Caffe2", True)
    assert {type(value) for value in content["model"].values()} == {np.ndarray}
