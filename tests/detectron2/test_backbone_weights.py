"""Our .pkl in detectron2 itself: its loader, its ResNet, our features."""

import pytest
import torch

import backbones
from backbones.weights.checkpoint import Preprocessing, save_backbone
from backbones.weights.conversion import convert
from backbones.weights.interop import load_weights

pytestmark = pytest.mark.detectron2
SEEN = Preprocessing("BGR", 1.0, (103.53, 116.28, 123.675), (1.0, 1.0, 1.0))
RGB = Preprocessing("RGB", 1.0, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375))


def detectron2_resnet(name, stride_in_1x1):
    pytest.importorskip("detectron2")
    from detectron2.config import get_cfg
    from detectron2.layers import ShapeSpec
    from detectron2.modeling.backbone.resnet import build_resnet_backbone

    cfg = get_cfg()
    cfg.MODEL.RESNETS.DEPTH = int(name.removeprefix("resnet"))
    cfg.MODEL.RESNETS.STRIDE_IN_1X1 = stride_in_1x1
    if cfg.MODEL.RESNETS.DEPTH < 50:
        cfg.MODEL.RESNETS.RES2_OUT_CHANNELS = 64
    cfg.MODEL.RESNETS.OUT_FEATURES = ["stem", "res2", "res3", "res4", "res5"]
    return build_resnet_backbone(cfg, ShapeSpec(channels=3)).eval()


@pytest.mark.parametrize(
    ("name", "kind", "seen", "options"),
    [
        ("resnet50", "msra", SEEN, {}),
        ("resnet18", "detectron2", RGB, {}),
        ("resnet50", "detectron2", RGB, {"stride_in_1x1": False}),
    ],
)
def test_detectron2_reads_our_pickle(tmp_path, random_network, name, kind, seen, options):
    theirs = detectron2_resnet(name, options.get("stride_in_1x1", True))
    from detectron2.checkpoint import DetectionCheckpointer

    model = random_network(name, width=1.0, num_classes=10, **options)
    save_backbone(
        tmp_path / "ours.pth",
        arch=model.arch,
        num_classes=10,
        model=model.state_dict(),
        preprocessing=seen,
        recipe={},
        meta={},
    )
    convert(str(tmp_path / "ours.pth"), tmp_path / "theirs.pkl", kind)
    DetectionCheckpointer(theirs).load(str(tmp_path / "theirs.pkl"))
    images = torch.randn(1, 3, 96, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, found = theirs(images), model.features(images, list(model.stages()))
    for stage, value in expected.items():
        error = (found[stage] - value).abs().max() / value.abs().max()
        assert error < 1e-5, (stage, float(error))
    again = backbones.create(name, num_classes=10, norm="frozen", **options)
    load_weights(again, str(tmp_path / "theirs.pkl"))
    assert torch.equal(again.fc.weight, model.fc.weight)


def test_our_keys_are_those_that_detectron2_renames(random_network):
    pytest.importorskip("detectron2")
    from detectron2.checkpoint.c2_model_loading import convert_basic_c2_names

    from backbones.weights.keymaps import KINDS, from_ours

    with torch.device("meta"):
        theirs = detectron2_resnet("resnet101", True).state_dict()
        model = random_network("resnet101", width=1.0)
    names = convert_basic_c2_names(list(from_ours(KINDS["msra"], model, model.state_dict())))
    assert set(theirs) == set(names) - {"fc1000.weight", "fc1000.bias"}
