"""Box heads by name."""

from __future__ import annotations

import pytest

from resdet.config.model_keys import BOX_HEAD
from resdet.modeling.heads import Conv5Head
from resdet.modeling.registry import HEADS, OWN_HEADS, register_head


def test_a_head_of_others_is_found_by_its_name(fresh_plugins: None) -> None:
    register_head("Theirs", Conv5Head)
    assert HEADS.get("Theirs") is Conv5Head
    assert HEADS.names() == ("Theirs",)
    for name in OWN_HEADS:
        with pytest.raises(ValueError, match=f"MODEL.ROI_BOX_HEAD.NAME must be new, got '{name}'"):
            register_head(name, Conv5Head)


def test_the_key_of_a_head_admits_ours() -> None:
    assert BOX_HEAD.allowed == OWN_HEADS
