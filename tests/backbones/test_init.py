"""The public names of the package."""

import pytest


def test_every_public_name_exists():
    import backbones

    assert all(getattr(backbones, name) is not None for name in backbones.__all__)
    with pytest.raises(AttributeError, match="no attribute 'resnet9000'"):
        backbones.resnet9000  # noqa: B018
