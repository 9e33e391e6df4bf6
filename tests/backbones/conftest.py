"""What tests of networks share."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def assert_same_logits() -> Callable[..., None]:
    """`assert_same_logits(name, theirs, **options)`: torchvision's in our network, and back."""
    import torch

    import backbones

    def logits(model: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return model.eval()(images)

    def check(name: str, theirs: torch.nn.Module, **options: object) -> None:
        images = torch.randn(2, 3, 64, 64)
        expected = logits(theirs, images)
        weights = theirs.state_dict()
        with torch.device("meta"):
            ours = backbones.create(name, num_classes=10, **options)
        ours.load_state_dict(backbones.from_torchvision(name, weights), assign=True)
        assert 0.01 < expected.abs().max() < 1e3
        torch.testing.assert_close(logits(ours, images), expected, atol=1e-5, rtol=1e-5)
        back = backbones.to_torchvision(name, ours.state_dict())
        assert back.keys() == weights.keys()
        assert all(torch.equal(back[key], weights[key]) for key in back)

    return check
