"""convert_weights from the command line."""

import subprocess
import sys
from pathlib import Path

import torch
import torchvision

from backbones.weights.checkpoint import load_backbone
from backbones.weights.interop import OURS
from backbones.weights.keymaps import KINDS

TOOL = Path(__file__).parents[3] / "tools" / "convert_weights.py"


def load_tool():
    from resdet.commands import convert_weights as module

    return module


def test_a_torchvision_file_becomes_ours(tmp_path, capsys):
    torch.manual_seed(0)
    model = torchvision.models.resnet18(num_classes=4)
    torch.save(model.state_dict(), tmp_path / "in.pth")
    load_tool().main([str(tmp_path / "in.pth"), str(tmp_path / "out.pth"), "--name", "resnet18"])
    printed = capsys.readouterr().out
    assert "resnet18 of 4 classes, kind torchvision" in printed
    assert "largest difference " in printed
    back = load_backbone(tmp_path / "out.pth")
    assert back.hash in printed
    assert torch.equal(back.model["fc.weight"], model.fc.weight)


def test_the_tool_names_every_kind():
    assert set(load_tool().KINDS) == {OURS, *KINDS}


def test_a_users_mistake_is_one_line_before_torch_is_loaded(tmp_path):
    command = [sys.executable, str(TOOL), "torchvision:IMAGENET1K_V1", str(tmp_path / "out.pth")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: --name must name the network")
    assert len(done.stderr.splitlines()) == 1
