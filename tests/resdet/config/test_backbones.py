"""What the name of a backbone asks for."""

import pytest

from resdet import config
from resdet.config import backbones


@pytest.mark.parametrize(
    ("name", "asks"),
    [
        (backbones.RESNET, (False, False, False)),
        (backbones.RESNET_FPN, (True, False, False)),
        (backbones.VGG, (False, True, False)),
        (backbones.VGG_FPN, (True, True, False)),
        (backbones.NETWORK, (False, False, True)),
        (backbones.NETWORK_FPN, (True, False, True)),
    ],
)
def test_a_name_asks_for_a_pyramid_vgg_or_any_network(name, asks):
    cfg = config.default_config()
    cfg.MODEL.BACKBONE.NAME = name
    found = (backbones.uses_fpn(cfg), backbones.uses_vgg(cfg), backbones.uses_network(cfg))
    assert found == asks
