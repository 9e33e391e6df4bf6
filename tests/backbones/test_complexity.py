"""Counts against the paper's tables."""

import pytest
import torch

import backbones
from backbones import count


def complexity(name, size, **options):
    with torch.device("meta"):
        return count(backbones.create(name, **options), size)


# Source: He et al. 2016, Table 6, millions as printed
@pytest.mark.parametrize(
    ("depth", "printed"),
    [(20, "0.27"), (32, "0.46"), (44, "0.66"), (56, "0.85"), (110, "1.7"), (1202, "19.4")],
)
def test_parameters_of_table_6(depth, printed):
    with torch.device("meta"):
        model = backbones.create(f"cifar_resnet{depth}")
    parameters = sum(p.numel() for p in model.parameters())
    assert f"{parameters / 1e6:.{len(printed.partition('.')[2])}f}" == printed


def test_a_plain_network_has_the_parameters_of_its_residual_twin():
    for depth in (20, 56):
        plain, residual = (complexity(f"cifar_{k}{depth}", 32) for k in ("plain", "resnet"))
        assert plain.parameters == residual.parameters == {20: 269722, 56: 853018}[depth]
        assert plain.multiply_adds == residual.multiply_adds
    for depth in (18, 34):
        plain = complexity(f"plain{depth}", 224)
        residual = complexity(f"resnet{depth}", 224, shortcut="A")
        assert plain.parameters == residual.parameters


# Source: He et al. 2016, Table 1
@pytest.mark.parametrize(
    ("depth", "paper", "exact", "stride_in_3x3"),
    [
        (18, 1.8, 1.814, 1.814),
        (34, 3.6, 3.664, 3.664),
        (50, 3.8, 3.858, 4.089),
        (101, 7.6, 7.570, 7.801),
        (152, 11.3, 11.282, 11.514),
    ],
)
def test_multiply_adds_of_table_1(depth, paper, exact, stride_in_3x3):
    billions = complexity(f"resnet{depth}", 224).multiply_adds / 1e9
    assert billions == pytest.approx(paper, rel=0.02)
    assert round(billions, 3) == exact
    other = complexity(f"resnet{depth}", 224, stride_in_1x1=False).multiply_adds / 1e9
    assert round(other, 3) == stride_in_3x3


# Source: He et al. 2016, Section 3.3; the 15.3 leaves out VGG-16's linear layers
@pytest.mark.parametrize(
    ("name", "paper", "exact"), [("vgg16", 15.3, 15.470), ("vgg19", 19.6, 19.632)]
)
def test_multiply_adds_of_vgg(name, paper, exact):
    counted = complexity(name, 224)
    assert counted.multiply_adds / 1e9 == pytest.approx(paper, rel=0.02)
    assert round(counted.multiply_adds / 1e9, 3) == exact
    assert complexity(f"{name}_bn", 224).multiply_adds == counted.multiply_adds


def test_stages_are_the_rows_of_table_1():
    counted = complexity("resnet50", 224)
    outputs = {stage.name: stage.output for stage in counted.stages}
    assert outputs == {
        "stem": (64, 56, 56),
        "res2": (256, 56, 56),
        "res3": (512, 28, 28),
        "res4": (1024, 14, 14),
        "res5": (2048, 7, 7),
        "fc": (1000,),
    }
    assert (counted.layers[0].name, counted.layers[0].output) == ("stem.conv1", (64, 112, 112))
    assert sum(s.multiply_adds for s in counted.stages) == counted.multiply_adds
    assert sum(s.parameters for s in counted.stages) == counted.parameters
    assert len(counted.layers) == 50 + 4  # and four projections


def test_a_network_is_counted_where_it_is_and_left_as_it_was():
    model = backbones.create("resnet18", width=0.125, num_classes=3)
    model.res2.eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    oblong = count(model, (32, 64))
    assert oblong.multiply_adds < 2 * count(model, 32).multiply_adds < oblong.multiply_adds * 1.01
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert (model.training, model.res2[0].training, model.res3[0].training) == (True, False, True)
    assert not any(module._forward_hooks for module in model.modules())
    with pytest.raises(ValueError, match="size must be at least 1 pixel, got 0x32"):
        count(model, (0, 32))
