"""What an optimiser takes over from a run to resume, and what the config alone decides."""

import pytest
import torch
from torch import nn

from backbones.config.schema import default_config
from backbones.training.solver import build_optimizer, load_optimizer


def config(**changes):
    cfg = default_config()
    cfg.SOLVER.update(changes)
    return cfg


def network():
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 1))


def saved_after_a_step(**changes):
    model = network()
    optimizer = build_optimizer(config(**changes), model)
    model(torch.ones(2, 3, 1, 1)).sum().backward()
    optimizer.step()
    return optimizer.state_dict()


def test_momenta_are_taken_up_and_options_stay_as_configured():
    state = saved_after_a_step()
    new = config(BASE_LR=0.5, WEIGHT_DECAY=0.25, MOMENTUM=0.75, NESTEROV=True)
    optimizer = build_optimizer(new, network())
    load_optimizer(optimizer, state)
    (group,) = optimizer.param_groups
    names = ("base_lr", "lr", "weight_decay", "momentum", "nesterov")
    assert [group[name] for name in names] == [0.5, 0.5, 0.25, 0.75, True]
    for index, parameter in enumerate(group["params"]):
        momentum = state["state"][index]["momentum_buffer"]
        assert torch.equal(optimizer.state[parameter]["momentum_buffer"], momentum)


def weights_after_two_steps(kind, *layouts):
    """Of an optimiser that takes up the other's momenta, the weights in each of the layouts."""
    random = torch.Generator().manual_seed(0)
    model, state = nn.Conv2d(3, 4, 3, bias=False), None
    model.weight.data.copy_(torch.randn(4, 3, 3, 3, generator=random))
    for layout in layouts:
        model.to(memory_format=layout)
        optimizer = build_optimizer(config(OPTIMIZER=kind), model)
        if state:
            load_optimizer(optimizer, state)
        gradient = torch.randn(4, 3, 3, 3, generator=random)
        model.weight.grad = torch.empty_like(model.weight).copy_(gradient)
        optimizer.step()
        state = optimizer.state_dict()
    return model.weight.detach().contiguous()


@pytest.mark.parametrize("kind", ["SGD", "ADAMW"])
def test_momenta_lie_in_memory_as_their_parameters_do(kind):
    """A fused step of others goes wrong in silence."""
    usual, other = torch.contiguous_format, torch.channels_last
    expected = weights_after_two_steps(kind, usual, usual)
    torch.testing.assert_close(weights_after_two_steps(kind, usual, other), expected)


def test_momentum_may_begin_with_the_resumed_run():
    optimizer = build_optimizer(config(), network())
    load_optimizer(optimizer, saved_after_a_step(MOMENTUM=0.0))
    assert optimizer.param_groups[0]["momentum"] == 0.9


@pytest.mark.parametrize("key", ["WEIGHT_DECAY_NORM", "WEIGHT_DECAY_BIAS"])
def test_other_groups_are_refused(key):
    optimizer = build_optimizer(config(**{key: 0.0}), network())
    with pytest.raises(ValueError, match=r"must be \[4, 2\] as configured, got \[6\] in"):
        load_optimizer(optimizer, saved_after_a_step())


def test_groups_of_equal_size_with_other_parameters_are_refused():
    # two norm parameters in the one, two biases in the other
    optimizer = build_optimizer(config(WEIGHT_DECAY_NORM=0.0), network())
    with pytest.raises(ValueError, match="or others; keep what is frozen"):
        load_optimizer(optimizer, saved_after_a_step(WEIGHT_DECAY_BIAS=0.0))


def test_adamw_takes_momentum_as_its_first_beta_and_the_decays_of_its_groups():
    optimizer = build_optimizer(
        config(OPTIMIZER="ADAMW", MOMENTUM=0.8, WEIGHT_DECAY=0.05, WEIGHT_DECAY_NORM=0.0), network()
    )
    assert isinstance(optimizer, torch.optim.AdamW)
    assert [g["weight_decay"] for g in optimizer.param_groups] == [0.05, 0.0]
    assert {g["betas"] for g in optimizer.param_groups} == {(0.8, 0.999)}


def test_a_step_of_adamw_is_as_long_as_the_rate_whatever_the_gradient():
    model = nn.Linear(1, 1, bias=False)
    before = model.weight.item()
    optimizer = build_optimizer(config(OPTIMIZER="ADAMW", BASE_LR=0.125, WEIGHT_DECAY=0.0), model)
    (1000 * model(torch.ones(1, 1))).sum().backward()
    optimizer.step()
    assert model.weight.item() == pytest.approx(before - 0.125, abs=1e-6)


def test_what_adamw_knows_is_taken_up():
    state = saved_after_a_step(OPTIMIZER="ADAMW")
    optimizer = build_optimizer(config(OPTIMIZER="ADAMW", BASE_LR=0.5), network())
    load_optimizer(optimizer, state)
    (group,) = optimizer.param_groups
    assert group["base_lr"] == 0.5
    for index, parameter in enumerate(group["params"]):
        for name in ("exp_avg", "exp_avg_sq", "step"):
            assert torch.equal(optimizer.state[parameter][name], state["state"][index][name])


@pytest.mark.parametrize(("was", "now"), [("SGD", "ADAMW"), ("ADAMW", "SGD")])
def test_another_optimiser_is_refused(was, now):
    optimizer = build_optimizer(config(OPTIMIZER=now), network())
    with pytest.raises(ValueError, match=f"SOLVER.OPTIMIZER must be {was} as in .*, got {now}; "):
        load_optimizer(optimizer, saved_after_a_step(OPTIMIZER=was))


def test_a_module_may_learn_at_a_rate_of_its_own():
    class Slow(nn.Linear):
        rate_factor = 0.25

    model = nn.Sequential(nn.Linear(2, 2), Slow(2, 2))
    groups = build_optimizer(config(BASE_LR=0.8, BIAS_LR_FACTOR=2.0), model).param_groups
    rates = {id(p): group["lr"] for group in groups for p in group["params"]}
    assert [rates[id(p)] for p in model.parameters()] == [0.8, 1.6, 0.2, 0.4]
