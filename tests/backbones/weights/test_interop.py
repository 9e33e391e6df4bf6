"""Weights of others and of our own files: what fits is loaded, what does not is named."""

import io
import pickle
import re
import urllib.error

import pytest
import torch
import torchvision

import backbones
from backbones.weights.checkpoint import Preprocessing, save_backbone
from backbones.weights.interop import (
    from_torchvision,
    load_weights,
    read_weights,
    to_torchvision,
    torchvision_weights,
)
from backbones.weights.keymaps import KINDS, from_ours

PREPROCESSING = Preprocessing("RGB", 1.0, (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), ("a", "b", "c"))


def create(name="resnet18", **options):
    return backbones.create(name, **{"width": 0.125, "num_classes": 3, **options})


@pytest.fixture
def saved(tmp_path):
    def save(model):
        path = tmp_path / "model.pth"
        save_backbone(
            path,
            arch=model.arch,
            num_classes=model.num_classes,
            model=model.state_dict(),
            preprocessing=PREPROCESSING,
            recipe={},
            meta={},
        )
        return str(path)

    return save


def equal(a, b):
    return all(torch.equal(v, b.state_dict()[k]) for k, v in a.state_dict().items())


@pytest.mark.parametrize(
    ("source", "target"), [("bn", "bn"), ("bn", "frozen"), ("frozen", "bn"), ("bn", "sync")]
)
def test_a_file_fills_every_kind_of_batch_norm(saved, source, target):
    theirs, ours = create(norm=source), create(norm=target)
    assert load_weights(ours, saved(theirs)).preprocessing == PREPROCESSING
    images = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(ours.eval()(images), theirs.eval()(images))


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"name": "resnet34"}, "name must be 'resnet34', got 'resnet50'"),
        ({"stride_in_1x1": False}, "stride_in_1x1 must be False, got True"),
        ({"width": 0.25}, "width must be 0.25, got 0.125"),
        ({"shortcut": "C"}, "shortcut must be 'C', got 'B'"),
        ({"eps": 1e-3}, "eps must be 0.001, got 1e-05"),
        ({"norm": "gn"}, "norm must be gn, got batch norm"),
    ],
)
def test_another_architecture_is_refused(saved, options, fault):
    path = saved(create("resnet50"))
    with pytest.raises(ValueError, match=fault):
        load_weights(create(**{"name": "resnet50", **options}), path)


def test_every_difference_is_listed(saved):
    with pytest.raises(ValueError, match=r"width must be .*; shortcut must be .*'C'"):
        load_weights(create(width=0.25), saved(create(shortcut="C")))
    path = saved(create("resnet50"))
    other = {"stride_in_1x1": False, "shortcut": "C", "eps": 1e-3, "norm": "gn", "num_classes": 7}
    with pytest.raises(
        ValueError,
        match=r"name must be 'resnet101', got 'resnet50'; shortcut .*; stride_in_1x1 .*; eps .*; "
        r"norm must be gn, got batch norm; num_classes must be 7, got 3",
    ):
        load_weights(create("resnet101", **other), path)


def test_stride_in_1x1_is_no_difference_without_1x1_layers(saved):
    theirs, ours = create(stride_in_1x1=False), create(stride_in_1x1=True)
    load_weights(ours, saved(theirs))
    assert equal(ours, theirs)


def test_other_classes_need_the_word(saved):
    path, ours = saved(create()), create(num_classes=7)
    classifier = ours.fc.weight.clone()
    with pytest.raises(ValueError, match=r"num_classes must be 7, got 3 .*drop_classifier"):
        load_weights(ours, path)
    assert load_weights(ours, path, drop_classifier=True).dropped == ("fc.weight", "fc.bias")
    assert torch.equal(ours.fc.weight, classifier)


def test_a_missing_or_foreign_key_is_named(saved):
    model = create()
    state = model.state_dict()
    del state["res2.0.conv1.weight"]
    model.state_dict = lambda: {**state, "res9.weight": torch.zeros(1)}
    with pytest.raises(ValueError, match=r"(?s)res2\.0\.conv1\.weight.*res9\.weight"):
        load_weights(create(), saved(model))


def test_torchvision_keys_without_counterpart_are_listed():
    state = torchvision.models.resnet18(num_classes=3).state_dict()
    state["layer9.weight"] = state.pop("layer1.0.conv1.weight")
    with pytest.raises(ValueError, match=r"layer9\.weight.*layer1\.0\.conv1"):
        from_torchvision("resnet18", state)
    del state["layer9.weight"]
    with pytest.raises(ValueError, match=r"unknown keys: none; missing keys: .*layer1\.0\.conv1"):
        from_torchvision("resnet18", state)
    with pytest.raises(ValueError, match=r"unknown keys: \['res2.*shortcut"):
        to_torchvision("resnet18", create(shortcut="C").state_dict())


def test_vgg_with_batch_norm_has_torchvision_names():
    with torch.device("meta"):
        theirs = torchvision.models.vgg16_bn(num_classes=3).state_dict()
        ours = backbones.create("vgg16", norm="bn", num_classes=3).state_dict()
    assert to_torchvision("vgg16", ours).keys() == theirs.keys()
    assert from_torchvision("vgg16", theirs).keys() == ours.keys()


def test_torchvision_weights_through_its_enum(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    theirs = torchvision.models.resnet18()
    enum = torchvision.models.ResNet18_Weights
    monkeypatch.setattr(enum, "get_state_dict", lambda self, **_: theirs.state_dict())
    found = torchvision_weights("torchvision:IMAGENET1K_V1", "resnet18")
    assert found.num_classes == len(found.preprocessing.class_names) == 1000
    assert found.preprocessing.mean == (0.485, 0.456, 0.406)
    assert found.preprocessing.pixel_mean_std()[0] == pytest.approx([123.675, 116.28, 103.53])
    ours = backbones.create("resnet18")
    load_weights(ours, "torchvision:IMAGENET1K_V1")
    assert torch.equal(ours.stem.conv1.weight, theirs.conv1.weight)


def test_torchvision_weights_stride_in_the_3x3(monkeypatch):
    with torch.device("meta"):
        state = torchvision.models.resnet50().state_dict()
    enum = torchvision.models.ResNet50_Weights
    monkeypatch.setattr(enum, "get_state_dict", lambda self, **_: state)
    assert torchvision_weights("torchvision:IMAGENET1K_V2", "resnet50").arch == {
        **{"name": "resnet50", "width": 1.0, "norm": "bn", "eps": 1e-5, "shortcut": "B"},
        "stride_in_1x1": False,
    }


def test_torchvision_weights_out_of_reach_say_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def unreachable(*args, **kwargs):
        raise urllib.error.URLError("no route")

    monkeypatch.setattr("torch.hub.urlopen", unreachable)
    monkeypatch.setattr("sys.stderr", io.StringIO())
    told = rf"no route.*resnet18-f37072fd\.pth into {re.escape(str(tmp_path))}"
    with pytest.raises(ValueError, match=told):
        torchvision_weights("torchvision:IMAGENET1K_V1", "resnet18")
    with pytest.raises(ValueError, match=r"must be one of torchvision:IMAGENET1K_V1, .*got .*:V9"):
        torchvision_weights("torchvision:V9", "resnet18")
    with pytest.raises(ValueError, match="torchvision has no plain18"):
        torchvision_weights("torchvision:IMAGENET1K_V1", "plain18")


def msra_file(path, model, **container):
    blobs = from_ours(KINDS["msra"], model, model.state_dict())
    blobs = {key: value.numpy() for key, value in blobs.items()}
    path.write_bytes(pickle.dumps({**container, "model": blobs} if container else blobs, 2))
    return str(path)


@pytest.mark.parametrize("container", [{}, {"__author__": "Caffe2", "matching_heuristics": True}])
def test_msra_pickles_bring_their_stride_and_preprocessing(tmp_path, random_network, container):
    theirs = random_network("resnet50", width=0.125)
    path = msra_file(tmp_path / "R-50.pkl", theirs, **container)
    ours = create("resnet50", num_classes=7, norm="frozen")
    seen = load_weights(ours, path).preprocessing
    images = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(ours.eval()(images), theirs(images))
    assert (seen.channel_order, seen.scale, seen.std) == ("BGR", 1.0, (1.0, 1.0, 1.0))
    assert seen.mean == (103.53, 116.28, 123.675)
    assert read_weights(path, "resnet50").recipe == {"INPUT": {"SIZE": 224, "MIN_SIZE_TEST": 256}}
    with pytest.raises(ValueError, match="stride_in_1x1 must be False, got True"):
        load_weights(create("resnet50", num_classes=7, stride_in_1x1=False), path)
    with pytest.raises(ValueError, match=r"R-50\.pkl does .* 'resnet101', got 'resnet50'"):
        load_weights(create("resnet101"), path, drop_classifier=True)


def test_cifar_checkpoints_in_their_container(tmp_path, random_network):
    theirs = random_network("cifar_resnet20", width=1.0, num_classes=10)
    state = from_ours(KINDS["akamaster"], theirs, theirs.state_dict())
    state = {f"module.{key}": value for key, value in state.items()}
    torch.save({"state_dict": state, "best_prec1": 91.7}, tmp_path / "resnet20.th")
    ours = backbones.create("cifar_resnet20", num_classes=10)
    seen = load_weights(ours, str(tmp_path / "resnet20.th")).preprocessing
    assert equal(ours, theirs)
    assert (seen.mean, seen.class_names[3]) == ((0.485, 0.456, 0.406), "cat")
    with pytest.raises(ValueError, match="shortcut must be 'B', got 'A'"):
        load_weights(
            backbones.create("cifar_resnet20", num_classes=10, shortcut="B"),
            str(tmp_path / "resnet20.th"),
        )


def test_files_that_say_too_little_are_refused(tmp_path, random_network):
    model = random_network("resnet50", width=0.125)
    path = msra_file(tmp_path / "R-50.pkl", model, __author__="someone")
    with pytest.raises(ValueError, match=r"__author__ of .* must be one of Caffe2, torchvision"):
        read_weights(path, "resnet50")
    torch.save(model.state_dict(), tmp_path / "bare.pth")
    with pytest.raises(ValueError, match=r"weights of .*bare\.pth must be of one kind among ours"):
        read_weights(str(tmp_path / "bare.pth"), "resnet50")
    torch.save({"model": {"w": torch.ones(1), "epoch": 3}}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth must hold a dict of weights, got .*'epoch'"):
        read_weights(str(tmp_path / "other.pth"), "resnet50")
    (tmp_path / "list.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(ValueError, match=r"list\.pkl must hold a dict of weights, got list"):
        read_weights(str(tmp_path / "list.pkl"), "resnet50")
    state = to_torchvision("resnet18", create().state_dict())
    del state["layer2.0.bn1.bias"]
    torch.save(state, tmp_path / "cut.pth")
    with pytest.raises(ValueError, match=r"cut\.pth is no torchvision .*layer2\.0\.bn1\.bias"):
        read_weights(str(tmp_path / "cut.pth"), "resnet18")


def test_torchvisions_vgg_without_a_classifier_is_not_offered():
    with pytest.raises(ValueError, match="_V1, torchvision:DEFAULT for vgg16, got .*_FEATURES"):
        torchvision_weights("torchvision:IMAGENET1K_FEATURES", "vgg16")


def test_a_vgg_with_batch_norm_asks_torchvision_for_vgg16_bn(monkeypatch):
    with torch.device("meta"):
        state = torchvision.models.vgg16_bn().state_dict()
        ours = backbones.create("vgg16", norm="bn")
    enum = torchvision.models.VGG16_BN_Weights
    monkeypatch.setattr(enum, "get_state_dict", lambda self, **_: state)
    load_weights(ours, "torchvision:IMAGENET1K_V1")  # by the norm beside its name
    found = torchvision_weights("torchvision:IMAGENET1K_V1", "vgg16_bn").arch
    assert (found["name"], found["norm"]) == ("vgg16", "bn")


def test_torchvisions_googlenet_brings_the_halves_that_it_was_trained_to_see(monkeypatch):
    state = torchvision.models.googlenet(init_weights=False).state_dict()
    enum = torchvision.models.GoogLeNet_Weights
    monkeypatch.setattr(enum, "get_state_dict", lambda self, **_: state)
    ours = backbones.create("googlenet_torchvision", companions=False, num_classes=3)
    loaded = load_weights(ours, "torchvision:IMAGENET1K_V1", drop_classifier=True)
    assert loaded.preprocessing.mean == loaded.preprocessing.std == (0.5, 0.5, 0.5)
    assert {key.split(".")[0] for key in loaded.dropped} == {"fc", "companions"}
    assert torch.equal(ours.stem.unit.conv.weight, state["conv1.conv.weight"])
    with pytest.raises(ValueError, match="torchvision has no googlenet_torch"):
        torchvision_weights("torchvision:IMAGENET1K_V1", "googlenet_torch")
