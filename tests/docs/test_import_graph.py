"""Imports of a made-up house: groups, arrows, and those that others imply."""

import pytest

from tools.docs.graph import Groups, read_groups, without_detours

FILES = {
    "tools/run.py": "from resdet import engines, sources\n",
    "resdet/__init__.py": "",
    "resdet/boxes.py": "import numpy\n",
    "resdet/result.py": "def f():\n    from resdet.data import voc\n",
    "resdet/sources.py": "from resdet import boxes, engines\n",
    "resdet/data/__init__.py": "",
    "resdet/data/voc.py": "from resdet.boxes import area\nfrom backbones.data import images\n",
    "resdet/engines/__init__.py": (
        "from typing import TYPE_CHECKING\nfrom resdet.result import Result\n"
        "from resdet.data.voc import load\nimport backbones.net\n"
        "if TYPE_CHECKING:\n    from resdet import sources\n"
    ),
    "backbones/__init__.py": "'''networks'''\n",
    "backbones/net.py": "import torch\n",
    "backbones/data/images.py": "from backbones import net\n",
}


@pytest.fixture
def groups(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_groups(tmp_path)


def test_a_packages_own_modules_stand_where_they_are_used(groups):
    assert groups.modules == {
        "tools": ("tools.run",),
        "resdet": ("resdet.sources",),
        "resdet.between": ("resdet.result",),
        "resdet.below": ("resdet.boxes",),
        "resdet.data": ("resdet.data.voc",),
        "resdet.engines": ("resdet.engines",),
        "backbones.below": ("backbones", "backbones.net"),
        "backbones.data": ("backbones.data.images",),
    }


def test_what_only_type_checkers_read_is_no_import(groups):
    assert groups.targets("resdet.engines") == {"resdet.between", "resdet.data", "backbones.below"}
    assert groups.targets("tools") == {"resdet", "resdet.engines"}


def test_arrows_that_others_imply_are_left_out(groups):
    down, up = without_detours(groups)
    assert up == set()
    assert down == {
        ("tools", "resdet"),
        ("resdet", "resdet.engines"),
        ("resdet.engines", "resdet.between"),
        ("resdet.between", "resdet.data"),
        ("resdet.data", "resdet.below"),
        ("resdet.data", "backbones.data"),
        ("backbones.data", "backbones.below"),
    }


def test_of_two_that_import_each_other_the_weaker_leads_up():
    modules = {name: (name,) for name in "abc"}
    groups = Groups(modules, {("a", "b"): 3, ("b", "a"): 1, ("b", "c"): 1, ("a", "c"): 9})
    assert without_detours(groups) == ({("a", "b"), ("b", "c")}, {("b", "a")})
