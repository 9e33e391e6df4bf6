"""The command `resdet export`: what it prints, and a user's mistakes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import backbones
from backbones.weights.checkpoint import Preprocessing, save_backbone

TOOL = Path(__file__).parents[3] / "tools" / "export.py"


def load_tool():
    from resdet.commands import export as module

    return module


def run(*words):
    return subprocess.run(
        [sys.executable, str(TOOL), *map(str, words)], capture_output=True, text=True
    )


@pytest.fixture
def network(tmp_path):
    """A network of three classes at its smallest."""
    torch.manual_seed(0)
    model = backbones.create("cifar_resnet8", num_classes=3)
    preprocessing = Preprocessing("RGB", 1.0, (0.0,) * 3, (255.0,) * 3, ("a", "b", "c"))
    path = tmp_path / "net.pth"
    sizes = {"SIZE": 32, "SIZE_TEST": 32, "MIN_SIZE_TEST": 32}
    save_backbone(
        path,
        arch=model.arch,
        num_classes=3,
        model=model.state_dict(),
        preprocessing=preprocessing,
        recipe={"INPUT": sizes},
        meta={},
    )
    return path


def test_it_prints_the_differences_and_writes(network, capsys):
    load_tool().main([str(network), "--format", "torch-export"])
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0].split() == ["image", "size", "scores", "differ", "by"]
    assert [line.split()[:5] for line in lines[1:6]] == [
        ["made", "up", str(at), "32", "x"] for at in range(1, 6)
    ]
    target = network.with_suffix(".pt2")
    assert json.loads(network.with_suffix(".pt2.json").read_text())["class_names"] == [
        "a",
        "b",
        "c",
    ]
    assert lines[6].startswith(f"{target}: torch-export, ")
    assert target.stat().st_size > 10_000
    assert printed.err == ""


@pytest.mark.parametrize("suffix", [".onnx", ".onnx.json"])
def test_what_exists_is_kept(network, suffix):
    network.with_suffix(suffix).write_text("mine")
    done = run(network)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: --output must be new, got ")
    assert len(done.stderr.splitlines()) == 1
    assert network.with_suffix(suffix).read_text() == "mine"
    assert {path.name for path in network.parent.iterdir()} == {"net.pth", f"net{suffix}"}


def test_an_exported_file_is_told_to_be_one(tmp_path):
    (tmp_path / "net.onnx").write_text("mine")
    with pytest.raises(ValueError, match=r"net\.onnx, by its name an exported network; give"):
        load_tool().main([str(tmp_path / "net.onnx")])
    assert (tmp_path / "net.onnx").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--batch", "dynamic"), "--batch goes with detectors, got a network in "),
        (("--batch", "2"), "--batch goes with detectors, got a network in "),
        (("--resize", "inside"), "--resize goes with detectors, got a network in "),
        (("--batch", "0"), "must be a number of images from 1, or dynamic for any, got 0"),
        (("--batch", "all"), "must be a number of images from 1, or dynamic for any, got all"),
    ],
)
def test_options_of_detectors(network, capsys, words, told):
    with pytest.raises(SystemExit):
        load_tool().main([str(network), "--format", "torch-export", *words])
    assert told in capsys.readouterr().err
    assert list(network.parent.iterdir()) == [network]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "checkpoint must be an existing file, got "),
        (lambda path: path.write_text("no"), "checkpoint must hold tensors and plain values only"),
        (lambda path: torch.save({"a": 1}, path), "must hold a dict of weights, got no arrays"),
    ],
)
def test_what_is_no_checkpoint_is_refused(tmp_path, make, told):
    path = tmp_path / "other.pth"
    make(path)
    with pytest.raises((ValueError, FileNotFoundError), match=told) as error:
        load_tool().main([str(path), "--format", "torch-export"])
    assert str(path) in str(error.value)


def test_a_format_that_is_none_is_answered_with_the_nearest(network):
    done = run(network, "--format", "torchexport")
    assert done.returncode == 2
    assert "did you mean torch-export?" in done.stderr


@pytest.fixture
def library(tmp_path):
    """What stands in the place of onnxruntime-web."""
    from resdet.export.web.library import FILES

    folder = tmp_path / "library"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_bytes(b"")
    return folder


WEB = ("--format", "web")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((*WEB, "--batch", "2"), "--format web resizes, an image at a time"),
        ((*WEB, "--resize", "outside"), "--format web resizes, an image at a time"),
        (("--onnxruntime-web", "library"), "--onnxruntime-web goes with --format web"),
        ((*WEB, "--onnxruntime-web", "library"), "--format web is of detectors, got a network"),
    ],
)
def test_what_a_page_is_not_for(network, library, options, told, monkeypatch, capsys):
    monkeypatch.chdir(library.parent)
    with pytest.raises(SystemExit, match="2"):
        load_tool().main([str(network), *options])
    assert told in capsys.readouterr().err
    assert not network.with_suffix("").exists()


def test_a_page_replaces_nothing(network, library):
    network.with_suffix("").mkdir()
    with pytest.raises(ValueError, match="--output must be new, got "):
        load_tool().main([str(network), *WEB, "--onnxruntime-web", str(library)])
