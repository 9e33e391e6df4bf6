"""MixUp and CutMix: labels are mixed as the images are."""

import pytest
import torch

from backbones.data.mixing import Mixing


@pytest.fixture
def batch():
    """Image i is i everywhere, of class i."""
    inputs = torch.arange(4.0)[:, None, None, None].expand(4, 3, 8, 8)
    return inputs.contiguous(memory_format=torch.channels_last), torch.arange(4)


@pytest.mark.parametrize("alphas", [(0.2, 0.0), (0.0, 1.0), (0.2, 1.0)])
def test_labels_are_mixed_as_the_images_are(batch, alphas):
    inputs, labels = batch
    torch.manual_seed(0)
    kinds = set()
    for _ in range(20):
        mixed, targets = Mixing(5, *alphas)(inputs, labels)
        assert targets.shape == (4, 5)
        assert targets.sum(1).tolist() == pytest.approx([1] * 4)
        assert torch.allclose(mixed.mean((1, 2, 3)), targets @ torch.arange(5.0), atol=1e-5)
        assert mixed.is_contiguous(memory_format=torch.channels_last)
        if 0.1 < targets[0, 0] < 0.9:
            kinds.add("cutmix" if mixed[1].unique().numel() == 2 else "mixup")
    assert kinds == {name for name, alpha in zip(("mixup", "cutmix"), alphas, strict=True) if alpha}


def test_mixing_repeats_with_torchs_seed_and_must_mix(batch):
    results = []
    for _ in range(2):
        torch.manual_seed(1)
        results.append(Mixing(4, 0.2, 1.0)(*batch)[0])
    assert torch.equal(*results)
    for alphas in ((0.0, 0.0), (-1.0, 0.5)):
        with pytest.raises(ValueError, match="one of them above, got"):
            Mixing(4, *alphas)
