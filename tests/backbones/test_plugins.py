"""Plugins: found by name, file or package, imported once, told where they are wrong."""

import sys

import pytest

from backbones import plugins, registry


@pytest.fixture
def plugin(tmp_path, monkeypatch, fresh_plugins):
    """`plugin("mine.py", code)` writes a plugin and names it in the environment."""

    def write(name, code, *, named=""):
        path = tmp_path / name
        path.write_text(code)
        monkeypatch.setenv(plugins.VARIABLE, named or str(path))
        return path

    return write


REGISTERS = """
import backbones
backbones.register("mine8", lambda *, num_classes=1000: backbones.create("cifar_resnet8"))
"""


def test_a_file_adds_a_network(plugin):
    plugin("adds_a_network.py", REGISTERS)
    assert "mine8" in registry.names()
    assert registry.create("mine8").num_classes == 10
    assert registry.names().count("mine8") == 1


def test_a_module_is_found_by_its_name(plugin, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    plugin("is_on_the_path.py", REGISTERS, named=" is_on_the_path ,")
    assert plugins.load_plugins() == ("is_on_the_path",)
    assert "mine8" in registry.names()


def test_an_installed_package_says_so_itself(plugin, tmp_path, monkeypatch):
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[resdet.plugins]\nany = theirs_plugin\n")
    plugin("theirs_plugin.py", REGISTERS)
    monkeypatch.delenv(plugins.VARIABLE)
    monkeypatch.syspath_prepend(tmp_path)
    plugins._installed.cache_clear()
    try:
        assert plugins.load_plugins() == ("theirs_plugin",)
        assert "mine8" in registry.names()
    finally:
        plugins._installed.cache_clear()


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("not_there_at_all", "got 'not_there_at_all' .ModuleNotFoundError: No module named"),
        ("not_there.py", "FileNotFoundError: no file .*not_there.py"),
        ("json.py", "FileNotFoundError"),
    ],
)
def test_what_is_not_there_is_named(plugin, monkeypatch, named, told):
    monkeypatch.setenv(plugins.VARIABLE, named)
    with pytest.raises(ValueError, match=f"{plugins.VARIABLE} must name modules.*{told}"):
        registry.names()


def test_a_fault_is_told_with_its_line_and_again_the_next_time(plugin):
    plugin("is_broken.py", "import backbones\n\nbackbones.regster('a', None)\n")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"is_broken.py' \(line 3: AttributeError: .*regster"):
            registry.names()
    assert "is_broken" not in sys.modules


def test_a_file_does_not_stand_in_for_another_module(plugin):
    plugin("json.py", REGISTERS)
    with pytest.raises(ValueError, match="a module json is there already; call the file otherwise"):
        registry.names()
    assert "mine8" not in registry._BUILDERS


def test_a_name_is_registered_once():
    things = plugins.Registry("fruit", taken=("apple",))
    pear = object()
    things.register("pear", pear)
    things.register("pear", pear)
    assert things.names() == ("pear",)
    assert things.get("pear") is pear
    assert things.get("plum") is None
    for name in ("pear", "apple"):
        with pytest.raises(ValueError, match=f"fruit must be new, got '{name}'"):
            things.register(name, object())
