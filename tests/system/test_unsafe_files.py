"""A file that would run code when it is loaded is refused by every loader, and does not run."""

import ast
import os
import pickle
import re
from pathlib import Path

import pytest
import torch

from backbones.data.cifar import read_cifar
from backbones.files import numpy_pickle
from backbones.training.state import STATES, load_state
from backbones.weights import checkpoint
from backbones.weights.conversion import convert
from backbones.weights.interop import read_weights
from resdet.checkpoints import checkpoint as detector

ROOT = Path(__file__).parents[2]
UNPACKING = {"extract", "extractall", "unpack_archive", "_extract_member"}


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def write_zip(path, ran):
    """As torch.save writes."""
    torch.save({"format": checkpoint.FORMAT, "model": Payload(ran)}, path)


def write_pickle(path, ran):
    """As pickle.dump writes: an old torch file, a .pkl, a CIFAR batch."""
    path.write_bytes(pickle.dumps({b"data": Payload(ran), "model": {"w": Payload(ran)}}, 2))


def tool(path):
    from resdet.commands import convert_weights as module

    module.main([str(path), str(path.with_name("out.pth"))])


def resume(path):
    path.rename(path.with_name(STATES.name(1)))
    checkpoint.mark_last(path.parent, STATES.name(1))
    load_state(path.parent)


def cifar(path):
    folder = path.parent / "cifar-10-batches-py"
    folder.mkdir()
    for name in ("batches.meta", "test_batch", *(f"data_batch_{i}" for i in range(1, 6))):
        (folder / name).write_bytes(path.read_bytes())
    read_cifar(path.parent, "test")


@pytest.mark.parametrize("write", [write_zip, write_pickle])
@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("a.pth", checkpoint.load),
        ("a.pth", checkpoint.load_backbone),
        ("a.safetensors", checkpoint.load_backbone),
        ("a.pkl", numpy_pickle.load),
        ("a.pkl", lambda path: read_weights(str(path), "resnet50")),
        ("a.pth", lambda path: read_weights(str(path), "resnet50")),
        ("a.th", lambda path: read_weights(str(path), "cifar_resnet20")),
        ("a.safetensors", lambda path: read_weights(str(path), "resnet50")),
        ("a.pth", lambda path: convert(str(path), path.with_name("out.pth"), "ours")),
        ("a.pth", resume),
        ("a.pth", detector.load),
        ("a.pth", tool),
        ("a.pkl", tool),
        ("batch", cifar),
    ],
)
def test_a_file_that_would_run_code_is_refused(tmp_path, write, name, load):
    ran = tmp_path / "ran"
    write(tmp_path / name, ran)
    with pytest.raises(ValueError, match=re.escape(str(tmp_path))):  # the message names the file
        load(tmp_path / name)
    assert not ran.exists()


def test_the_payload_is_live(tmp_path):
    write_pickle(tmp_path / "a.pkl", tmp_path / "ran")
    with pytest.raises(FileExistsError):  # by its second copy
        pickle.loads((tmp_path / "a.pkl").read_bytes())
    assert (tmp_path / "ran").is_dir()
    write_zip(tmp_path / "a.pth", tmp_path / "ran too")
    torch.load(tmp_path / "a.pth", weights_only=False)
    assert (tmp_path / "ran too").is_dir()


def unpacked(code):
    """The calls and names in Python code by which an archive is laid out on the disk."""
    for node in ast.walk(ast.parse(code)):
        names = {getattr(node, field, None) for field in ("attr", "id", "name")}
        yield from names & UNPACKING


def test_no_archive_is_ever_unpacked_to_the_disk():
    """Tar shards, .npz and torch files are read where they lie: a name in them leads nowhere."""
    assert list(unpacked("import tarfile\ntarfile.open(x).extractall(y)")) == ["extractall"]
    assert list(unpacked("from shutil import unpack_archive as u")) == ["unpack_archive"]
    files = [
        path for part in ("backbones", "resdet", "tools") for path in ROOT.glob(f"{part}/**/*.py")
    ]
    assert len(files) > 200
    assert [path for path in files if list(unpacked(path.read_text()))] == []
