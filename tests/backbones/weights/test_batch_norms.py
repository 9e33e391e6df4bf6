"""Norms of others as four numbers a channel."""

import torch

from backbones.weights import batch_norms


def test_affine_layers_and_biases_of_blobs_become_one_norm():
    blobs = {
        "conv1_w": torch.ones(2, 3, 1, 1),
        "conv1_b": torch.tensor([1.0, 2.0]),
        "res_conv1_bn_s": torch.tensor([3.0, 4.0]),
        "res_conv1_bn_b": torch.tensor([5.0, 6.0]),
        "conv1_w_momentum": torch.zeros(2),
    }
    found = batch_norms.whole(blobs)
    norm = {f"res_conv1_bn_{n}" for n in ("gamma", "beta", "running_mean", "running_var")}
    assert found.keys() == {"conv1_w", *norm}
    assert found["res_conv1_bn_running_mean"].tolist() == [-1, -2]
    assert found["res_conv1_bn_gamma"].tolist() == [3, 4]


def test_a_bias_before_a_norm_goes_into_its_mean_and_comes_back_as_zero():
    state = {
        "conv1_7x7_s2.bias": torch.tensor([0.5]),
        "conv1_7x7_s2_bn.running_mean": torch.tensor([2.0]),
        "last_linear.bias": torch.tensor([9.0]),
    }
    found = batch_norms.without_biases(state)
    assert found.keys() == {"conv1_7x7_s2_bn.running_mean", "last_linear.bias"}
    assert found["conv1_7x7_s2_bn.running_mean"].item() == 1.5
    back = batch_norms.with_biases(found)
    assert back.keys() == state.keys()
    assert back["conv1_7x7_s2.bias"].item() == 0
