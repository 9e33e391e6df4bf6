"""The 6n+2 networks: names, stages, shortcuts."""

import pytest
import torch

import backbones
from backbones.cifar import blocks_per_stage


@pytest.mark.parametrize("kind", ["resnet", "plain"])
@pytest.mark.parametrize("depth", [8, 20, 26, 56])
def test_depth_counts_the_weighted_layers(kind, depth):
    with torch.device("meta"):
        model = backbones.create(f"cifar_{kind}{depth}")
    weights = [name for name, p in model.named_parameters() if p.ndim > 1]
    assert len(weights) == depth
    assert model.arch["name"] == f"cifar_{kind}{depth}"


def test_stages_of_section_4_2():
    model = backbones.create("cifar_resnet8").eval()
    infos = model.stage_infos()
    assert [(i.name, i.channels, i.stride) for i in infos.values()] == [
        ("stem", 16, 1),
        ("res2", 16, 1),
        ("res3", 32, 2),
        ("res4", 64, 4),
    ]
    features = model.features(torch.randn(1, 3, 32, 32), list(infos))
    assert [f.shape[-1] for f in features.values()] == [32, 32, 16, 8]
    assert (model.fc.in_features, model.fc.out_features) == (64, 10)
    assert model.stem.conv1.stride == (1, 1)


def test_shortcut_a_by_default_b_and_c_by_argument():
    def projections(**options):
        model = backbones.create("cifar_resnet20", **options)
        return sum(name.endswith("shortcut.conv") for name, _ in model.named_modules())

    assert [projections(), projections(shortcut="B"), projections(shortcut="C")] == [0, 2, 9]
    with pytest.raises(ValueError, match="arguments of cifar_plain20 must be among .* got short"):
        backbones.create("cifar_plain20", shortcut="A")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("cifar_resnet21", "got 21; the nearest: 20 and 26"),
        ("cifar_plain1201", "got 1201; the nearest: 1196 and 1202"),
        ("cifar_resnet2", "got 2; the nearest: 8"),
        ("cifar_resnet1", "got 1; the nearest: 8"),
    ],
)
def test_another_depth_names_the_nearest(name, nearest):
    with pytest.raises(ValueError, match=rf"must be 6n\+2, n >= 1, {nearest}$"):
        backbones.create(name)


def test_names_are_the_papers():
    cifar = [name for name in backbones.names() if name.startswith("cifar")]
    assert cifar == [
        *(f"cifar_plain{d}" for d in (20, 32, 44, 56)),
        *(f"cifar_resnet{d}" for d in (20, 32, 44, 56, 110, 1202)),
    ]
    assert [blocks_per_stage(d) for d in (20, 56, 110, 1202)] == [3, 9, 18, 200]
    with pytest.raises(ValueError, match=r"got 'cifar_resnet020'; did you mean cifar_resnet20"):
        backbones.create("cifar_resnet020")


def test_arch_rebuilds_the_network():
    model = backbones.create("cifar_resnet14", width=0.5, shortcut="B", norm="gn", num_classes=4)
    twin = backbones.create(**model.arch, num_classes=model.num_classes)
    twin.load_state_dict(model.state_dict())
    assert twin.arch == model.arch
