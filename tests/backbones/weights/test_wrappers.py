from __future__ import annotations

from typing import Any

import pytest

from backbones.weights.wrappers import unwrapped

STATE = {"conv1.weight": 1, "layer1.0.conv1.weight": 2, "fc.weight": 3}


@pytest.mark.parametrize(
    "prefix",
    [
        *("", "module.", "_orig_mod.", "_orig_mod.module.", "module._orig_mod.", "model."),
        *("_fsdp_wrapped_module.", "my_net.inner."),
    ],
)
@pytest.mark.parametrize("key", ["", "state_dict", "model", "model_state_dict", "module"])
def test_every_wrapper_is_taken_off(prefix: str, key: str) -> None:
    state: dict[str, Any] = {prefix + name: value for name, value in STATE.items()}
    assert unwrapped({key: state, "epoch": 3} if key else state) == STATE


def test_wrappers_within_wrappers_and_between_names() -> None:
    state = {"layer1._orig_mod.0.conv1.weight": 2, "fc._checkpoint_wrapped_module.weight": 3}
    assert unwrapped({"model": {"state_dict": state}}) == {
        "layer1.0.conv1.weight": 2,
        "fc.weight": 3,
    }


def test_an_averaged_model_has_a_count_beside_it() -> None:
    state = {f"module.{name}": value for name, value in STATE.items()}
    assert unwrapped({**state, "n_averaged": 7}) == STATE


def test_the_weights_go_before_their_average() -> None:
    assert unwrapped({"state_dict_ema": {"a.w": 1}, "state_dict": STATE}) == STATE
    assert unwrapped({"model_ema": STATE, "epoch": 1}) == STATE


@pytest.mark.parametrize(
    "state", [{"fc.weight": 1, "fc.bias": 2}, {"features.0.weight": 1, "features.2.weight": 2}, {}]
)
def test_layers_are_no_wrapper(state: dict[str, Any]) -> None:
    assert unwrapped(state) == state


def test_other_keys_are_left_to_who_asks() -> None:
    assert unwrapped({"model": {1: 2}}) == {1: 2}
