"""The keys of classification: each once, with a default."""

from backbones.config.schema import KEYS, default_config


def test_every_key_stands_once_and_is_of_its_own_default():
    names = [key.name for key in KEYS]
    assert len(set(names)) == len(names)
    cfg = default_config()
    for key in KEYS:
        value = cfg
        for word in key.name.split("."):
            value = value[word]
        assert value == key.default
    cfg.SOLVER.MAX_ITER = 5
    assert default_config().SOLVER.MAX_ITER != 5
