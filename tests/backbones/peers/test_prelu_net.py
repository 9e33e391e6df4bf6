"""PReLU-nets against the costs their paper prints, and how they learn."""

import pytest
import torch

import backbones
from backbones.config import load_classification
from backbones.training.solver import build_optimizer


# Source: He et al. 2015, Delving Deep into Rectifiers, Table 3
@pytest.mark.parametrize(
    ("model", "layers", "printed"), [("a", 19, 19.0), ("b", 22, 23.2), ("c", 22, 53.0)]
)
def test_depth_and_costs_of_table_3(model, layers, printed):
    with torch.device("meta"):
        counted = backbones.count(backbones.create(f"prelu_net_{model}"), 224)
    assert len(counted.layers) == layers
    assert counted.multiply_adds / 1e9 == pytest.approx(printed, rel=0.01)


def test_the_pyramid_takes_any_size_to_63_cells():
    model = backbones.create("prelu_net_a", width=0.02, num_classes=3).eval()
    assert model.fc6.in_features == model.stage_infos()["conv4"].channels * 63
    with torch.no_grad():
        assert model(torch.randn(1, 3, 48, 70)).shape == (1, 3)


def test_the_pyramid_is_exported_as_it_is_computed(monkeypatch):
    model = backbones.create("prelu_net_a", width=0.02, num_classes=3).eval()
    images = torch.randn(2, 3, 70, 90)
    with torch.no_grad():
        expected = model(images)
        monkeypatch.setattr("torch.compiler.is_exporting", lambda: True)
        assert torch.equal(model(images), expected)


def test_slopes_begin_at_a_quarter_and_do_not_decay():
    model = backbones.create("prelu_net_a", width=0.02, num_classes=3)
    slopes = [m.weight for m in model.modules() if isinstance(m, torch.nn.PReLU)]
    assert len(slopes) == 18
    assert all((slope == 0.25).all() for slope in slopes)
    cfg = load_classification("imagenet_prelu_net_a")
    groups = build_optimizer(cfg, model).param_groups
    free = [p for group in groups if group["weight_decay"] == 0 for p in group["params"]]
    assert {id(p) for p in free} == {id(slope) for slope in slopes}
