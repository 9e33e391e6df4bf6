"""A name that only a plugin would know is told with the way to name the plugin."""

import pytest

import backbones
import resdet
from resdet import config, engines
from resdet.data.catalog import load_dataset

WAY = "; what is not ours is added by the module that RESDET_PLUGINS names"


@pytest.fixture(autouse=True)
def none_named(monkeypatch, fresh_plugins):
    monkeypatch.delenv("RESDET_PLUGINS", raising=False)


def test_networks_heads_engines_and_formats_say_where_others_come_from(tmp_path):
    cfg = config.default_config()
    cfg.MODEL.ROI_BOX_HEAD.NAME = "MaskGlue"
    for call in (
        lambda: backbones.create("efficient_b7"),
        lambda: config.check(cfg),
        lambda: engines.choose("xla"),
        lambda: load_dataset("openimages:boxes.parquet", tmp_path),
    ):
        with pytest.raises(ValueError, match=WAY):
            call()


def test_a_slip_of_the_pen_is_told_as_one(tmp_path):
    cfg = config.default_config()
    cfg.MODEL.ROI_BOX_HEAD.NAME = "Conv5head"
    for call, near in (
        (lambda: backbones.create("resnet51"), "did you mean resnet"),
        (lambda: config.check(cfg), "got 'Conv5head'; did you mean Conv5Head"),
        (lambda: engines.choose("d3"), "did you mean d2"),
        (lambda: load_dataset("voc:shapes", tmp_path), "got 'voc:shapes'; the folders are"),
    ):
        with pytest.raises(ValueError, match=near) as told:
            call()
        assert "RESDET_PLUGINS" not in str(told.value)


def test_formats_of_plugins_are_listed(tmp_path):
    resdet.register_format("csv", lambda where, root, names: None)
    with pytest.raises(ValueError, match=r"csv:<\.\.\.>, voc:<folder>"):
        load_dataset("cvs:boxes.csv", tmp_path)
