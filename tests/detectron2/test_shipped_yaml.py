"""One YAML, two worlds."""

from __future__ import annotations

import pytest

from resdet import add_resdet_config, config
from resdet.config import CONFIG_FOLDER

pytestmark = pytest.mark.detectron2


@pytest.mark.parametrize("path", sorted(CONFIG_FOLDER.glob("*.yaml")), ids=lambda p: p.name)
def test_detectron2_reads_every_shipped_yaml_as_we_do(path) -> None:
    pytest.importorskip("detectron2")
    from detectron2.config import get_cfg

    from resdet.engines.d2 import to_detectron2

    theirs = get_cfg()
    add_resdet_config(theirs)
    theirs.merge_from_file(str(path))
    assert theirs == to_detectron2(config.load(str(path)))
