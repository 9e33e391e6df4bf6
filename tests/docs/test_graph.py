"""Imports of a made-up house: rooms, arrows, and those that others imply."""

import pytest

from tools.docs.graph import Groups, read_groups, without_detours

FILES = {
    "tools/run.py": "from resdet.commands import show\n",
    "tools/docs/draw.py": "import backbones\n",
    "resdet/__init__.py": "def load():\n    from resdet.engines import load\n",
    "resdet/commands/show.py": "from resdet import engines\n",
    "resdet/structures/boxes.py": "import numpy\n",
    "resdet/data/__init__.py": "",
    "resdet/data/loader.py": "from resdet.data.voc import reader\n",
    "resdet/data/voc/__init__.py": "'''VOC'''\n",
    "resdet/data/voc/reader.py": (
        "from resdet.structures.boxes import area\nfrom backbones.data import images\n"
    ),
    "resdet/engines/__init__.py": (
        "from typing import TYPE_CHECKING\nfrom resdet.data.loader import load\n"
        "import backbones.net\nif TYPE_CHECKING:\n    from resdet.commands import show\n"
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


def test_a_room_is_a_group_and_a_folder_in_it_a_line(groups):
    assert groups.modules == {
        "tools": ("tools.run",),
        "resdet": ("resdet",),
        "resdet.commands": ("resdet.commands.show",),
        "resdet.structures": ("resdet.structures.boxes",),
        "resdet.data": ("resdet.data.loader", "resdet.data.voc/"),
        "resdet.engines": ("resdet.engines",),
        "backbones": ("backbones", "backbones.net"),
        "backbones.data": ("backbones.data.images",),
    }


def test_what_only_type_checkers_read_is_no_import(groups):
    assert groups.targets("resdet.engines") == {"resdet.data", "backbones"}
    assert groups.targets("tools") == {"resdet.commands"}


def test_arrows_that_others_imply_are_left_out(groups):
    down, up = without_detours(groups)
    assert up == set()
    assert down == {
        ("tools", "resdet.commands"),
        ("resdet", "resdet.engines"),
        ("resdet.commands", "resdet.engines"),
        ("resdet.engines", "resdet.data"),
        ("resdet.data", "resdet.structures"),
        ("resdet.data", "backbones.data"),
        ("backbones.data", "backbones"),
    }


def test_of_two_that_import_each_other_the_weaker_leads_up():
    modules = {name: (name,) for name in "abc"}
    groups = Groups(modules, {("a", "b"): 3, ("b", "a"): 1, ("b", "c"): 1, ("a", "c"): 9})
    assert without_detours(groups) == ({("a", "b"), ("b", "c")}, {("b", "a")})
