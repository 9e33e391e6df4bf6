"""Pixels to inputs, means, mixing."""

import numpy as np
import pytest
import torch

from backbones.data.folder import read_folder
from backbones.data.mixing import Mixing
from backbones.data.normalize import Normalizer, mean_colour, upload
from backbones.data.statistics import mean_image
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


def test_the_mean_image_is_of_evenly_spaced_images(root, views):
    images = read_folder(root, "train")  # 40..90, 0..30
    mean = mean_image(images, views())
    assert mean.shape == (8, 8, 3)
    assert np.array_equal(mean, np.full((8, 8, 3), 45.0))
    few = mean_image(images, views(), limit=3, threads=2)  # the images 0, 3 and 6: 40, 70, 0
    assert few[0, 0].tolist() == pytest.approx([110 / 3] * 3)


def test_the_mean_image_keeps_its_places(tmp_path, views):
    import cv2

    image = np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)
    (tmp_path / "train" / "a").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "train" / "a" / "0.png"), image)
    mean = mean_image(read_folder(tmp_path, "train"), views(shorter_side_test=8))
    assert np.array_equal(mean, image[..., ::-1])


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
