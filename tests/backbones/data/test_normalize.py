"""Pixels to inputs of a network."""

import pytest
import torch

from backbones.data.normalize import Normalizer, mean_colour, upload
from backbones.weights.checkpoint import Preprocessing

RGB = Preprocessing("RGB", 0.1, (1.0, 1.0, 1.0), (1.0, 2.0, 4.0))


def test_network_input_follows_the_preprocessing():
    images = torch.tensor([[[[10, 20, 30]]]], dtype=torch.uint8)
    assert Normalizer(RGB, "cpu")(images).flatten().tolist() == [0.0, 0.5, 0.5]
    bgr = Preprocessing("BGR", 1.0, (0.0, 0.0, 1.0), (1.0, 1.0, 1.0))
    assert Normalizer(bgr, torch.device("cpu"))(images).flatten().tolist() == [30.0, 20.0, 9.0]
    many = Normalizer(RGB, "cpu")(torch.zeros(2, 4, 4, 3, dtype=torch.uint8))
    assert many.shape == (2, 3, 4, 4)
    assert many.dtype == torch.float32
    assert many.is_contiguous(memory_format=torch.channels_last)


def test_the_mean_of_each_pixel_is_used_at_its_size():
    mean = torch.arange(12.0)
    normalize = Normalizer(
        Preprocessing("BGR", 1.0, (5.0, 5.0, 5.0), (1.0, 1.0, 2.0), (), tuple(mean.tolist())), "cpu"
    )
    images = torch.full((1, 2, 2, 3), 20, dtype=torch.uint8)
    expected = (20 - mean.view(2, 2, 3)) / torch.tensor([1.0, 1.0, 2.0])
    assert torch.equal(normalize(images)[0], expected.permute(2, 0, 1))
    larger = torch.full((1, 3, 3, 3), 20, dtype=torch.uint8)
    assert normalize(larger)[0, :, 0, 0].tolist() == [15, 15, 7.5]


def test_the_mean_colour_is_nearly_zero_to_the_network():
    scaled = Preprocessing("BGR", 1 / 255, (0.406, 0.456, 0.485), (0.225, 0.224, 0.229))
    assert mean_colour(scaled) == (124, 116, 104)
    pixel = torch.tensor(mean_colour(scaled), dtype=torch.uint8).view(1, 1, 1, 3)
    assert Normalizer(scaled, "cpu")(pixel).abs().max() <= 0.5 / 255 / 0.224
    assert mean_colour(Preprocessing("RGB", 1.0, (-3.0, 0.0, 300.0), (1.0, 1.0, 1.0))) == (
        0,
        0,
        255,
    )


def test_uploads_copy_nothing_to_where_it_lies():
    tensor = torch.arange(6)
    assert upload(tensor, torch.device("cpu")) is tensor


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_uploads_from_pinned_memory_arrive_before_they_are_read():
    device = torch.device("cuda", 0)
    for value in range(20):
        pinned = torch.full((64, 1000, 1000), value, dtype=torch.uint8).pin_memory()
        moved = upload(pinned, device)
        pinned = None  # its memory may be given away
        assert int((moved != value).sum()) == 0
