"""Images of several sizes as one batch."""

from __future__ import annotations

import torch

from resdet.modeling.batching import NormalizeAndPad


def test_images_are_normalised_and_padded_to_the_right_and_below() -> None:
    transform = NormalizeAndPad([10.0, 20.0, 30.0], [2.0, 2.0, 2.0], divisibility=4)
    images = [torch.full((3, 5, 3), 12, dtype=torch.uint8), torch.zeros(3, 2, 6, dtype=torch.uint8)]
    batch = transform(images)
    assert batch.tensors.shape == (2, 3, 8, 8)
    assert batch.image_sizes == [(5, 3), (2, 6)]
    assert batch.tensors[0, :, 4, 2].tolist() == [1, -4, -9]
    assert batch.tensors[0, :, 5:].abs().sum() == 0
    assert batch.tensors[0, :, :, 3:].abs().sum() == 0
    assert batch.tensors[1, :, 0, 0].tolist() == [-5, -10, -15]


def test_statistics_are_no_weights_and_a_multiple_is_kept() -> None:
    transform = NormalizeAndPad([0.0] * 3, [1.0] * 3, divisibility=8)
    assert not transform.state_dict()
    batch = transform([torch.ones(3, 8, 16, dtype=torch.uint8)])
    assert batch.tensors.shape == (1, 3, 8, 16)
    assert batch.tensors.is_contiguous(memory_format=torch.channels_last)
