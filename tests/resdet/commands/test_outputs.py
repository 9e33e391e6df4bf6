"""What measuring commands write beside their numbers."""

import argparse

import pytest

from resdet.commands.outputs import config_of


def options(**given):
    return argparse.Namespace(**{"checkpoint": None, "detections": None, **given})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('{"config": "voc0712_r101", "metrics": {}}', {"config": "voc0712_r101"}),
        ('{"config": ["a"], "metrics": {}}', {}),
        ('{"config": "a"}', {}),
        ("[]", {}),
        ("{", {}),
    ],
)
def test_the_config_is_that_of_the_run(tmp_path, written, expected):
    (tmp_path / "results.json").write_text(written)
    assert config_of(options(checkpoint=tmp_path / "model_final.pth")) == expected
    assert config_of(options(detections=tmp_path / "comp4")) == expected
    assert config_of(options(detections=tmp_path / "other" / "comp4")) == {}
