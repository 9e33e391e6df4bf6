"""Weights that are no numbers, or too many: one error that names file, tensor and how many."""

import math
import time

import pytest
import torch

from backbones.weights.soundness import check_weights

SOUND = {
    "half": torch.full((4, 70000), 60000.0).half(),  # whose sum is none of a half
    "large": torch.tensor([3e38, 3e38, -3e38]),
    "double": torch.tensor([1e308, 1e308], dtype=torch.float64),
    "view": torch.arange(12.0).reshape(3, 4).t()[1:],
    "scale": torch.ones(()).expand(64),
    "norm.num_batches_tracked": torch.tensor(5),
    "parameter": torch.nn.Parameter(torch.ones(2)),
    "none": torch.ones(0, 3),
}


def test_sound_weights_of_every_kind_pass():
    check_weights(SOUND, "a.pth")
    check_weights({**SOUND, "again": SOUND["large"]}, "a.pth")


def test_numbers_that_are_none_are_counted_by_tensor():
    nan = torch.ones(3, 4)
    nan[1, 1:3] = math.nan
    lost = {"a": nan, "b": torch.tensor([math.inf, -math.inf, 1]), "c": torch.ones(2)}
    text = r"weights of a\.pth must be finite, got NaN .*: 2 of 12 in a; 2 of 3 in b; the training"
    with pytest.raises(ValueError, match=text):
        check_weights(lost, "a.pth")
    many = {f"t\n{i}": nan.half() for i in range(9)}
    with pytest.raises(ValueError, match=r"2 of 12 in t\\n0; .*; and 6 more tensors; ") as caught:
        check_weights(many, "a.pth")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (torch.eye(3).to_sparse(), "float32, sparse_coo"),
        (torch.ones(2, dtype=torch.complex64), "complex64, strided"),
        (torch.ones(2).to("meta"), "float32, without numbers"),
        (torch.ones(2).to(torch.float8_e4m3fn), "float8_e4m3fn"),
        (torch.ones(2, dtype=torch.int32), "int32"),
        (torch.tensor(True).expand(2), "bool"),
        ([1.0], r"\[1\.0\]"),
        (None, "None"),
    ],
)
def test_what_is_no_dense_tensor_of_floating_numbers(value, said):
    with pytest.raises(ValueError, match=rf"weights of a\.pth must be dense .* got 'w': {said}"):
        check_weights({"v": torch.ones(1), "w": value}, "a.pth")


@pytest.mark.parametrize("value", [[1], None, {}, "w"])
def test_what_is_no_dict_of_weights(value):
    with pytest.raises(ValueError, match=r"weights of a\.pth must be tensors by name, got"):
        check_weights(value, "a.pth")


def test_a_key_that_is_no_name():
    with pytest.raises(ValueError, match="by name, got 1: float32, strided"):
        check_weights({1: torch.ones(1)}, "a.pth")


@pytest.mark.parametrize(
    "weights",
    [
        {"w": torch.ones(()).expand(10**12)},
        {f"{i}": torch.ones(1000).expand(1000, 1000) for i in range(10)},
        dict.fromkeys("abcdefgh", torch.ones(10**6)),
    ],
)
def test_more_numbers_than_are_stored_are_refused_unread(weights):
    begun = time.perf_counter()
    with pytest.raises(ValueError, match=r"a\.pth must be stored number by number, got .* for 4"):
        check_weights(weights, "a.pth")
    assert time.perf_counter() - begun < 1
