"""Who imports whom inside `backbones`, and what a plain import costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "backbones"
NETWORKS = (
    *("layers", "blocks", "features", "resnet", "cifar", "vgg", "registry"),
    *("freeze", "activation_checkpointing", "complexity", "responses", "plugins"),
)


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def roots(path):
    return {name.partition(".")[0] for name in imported(path)}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_need_torch_only(name):
    path = PACKAGE / f"{name}.py"
    assert roots(path) <= {*sys.stdlib_module_names, "torch", "backbones"}
    inside = {n.split(".")[1] for n in imported(path) if n.startswith("backbones.")}
    assert inside <= {*NETWORKS, "terminal"}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.name)
def test_backbones_knows_nothing_of_detection(path):
    assert not roots(path) & {"resdet", "detectron2"}
    assert not [n for n in imported(path) if n.startswith("torchvision.models.detection")]
    if path.parent.name != "config":
        assert "fvcore" not in roots(path)


@pytest.mark.parametrize("module", ["backbones", "backbones.config", "backbones.terminal.parser"])
def test_a_plain_import_leaves_torch_alone(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
