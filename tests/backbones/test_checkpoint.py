from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch

from backbones import checkpoint
from backbones.checkpoint import Preprocessing

SEEN = Preprocessing("RGB", 1 / 255, (0.5, 0.4, 0.3), (0.25, 0.5, 1.0), ("cat", "dog"))


def save(path: Path) -> None:
    checkpoint.save_backbone(
        path,
        arch={"name": "resnet18", "width": 0.5},
        num_classes=2,
        model={"w": torch.arange(3.0)},
        preprocessing=SEEN,
        meta={"iterations": 7},
    )


@pytest.mark.parametrize("name", ["b.pth", "b.safetensors"])
def test_what_is_saved_comes_back(tmp_path: Path, name: str) -> None:
    save(tmp_path / name)
    back = checkpoint.load_backbone(tmp_path / name)
    assert back.arch == {"name": "resnet18", "width": 0.5}
    assert back.num_classes == 2
    assert torch.equal(back.model["w"], torch.arange(3.0))
    assert back.preprocessing == SEEN
    assert back.meta == {"iterations": 7}


def test_mean_and_std_in_pixel_values() -> None:
    mean, std = SEEN.pixel_mean_std()
    assert mean == pytest.approx([127.5, 102, 76.5])
    assert std == pytest.approx([63.75, 127.5, 255])


class Harmless:
    """Would touch a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("writer", [torch.save, lambda o, f: f.write(pickle.dumps(o, 2))])
def test_a_file_that_would_run_code_is_refused(tmp_path: Path, writer) -> None:
    with (tmp_path / "evil.pth").open("wb") as file:
        writer({"model": Harmless(tmp_path / "ran")}, file)
    with pytest.raises(ValueError, match=r"tensors and plain values only, got .*evil\.pth"):
        checkpoint.load(tmp_path / "evil.pth")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("keep", [0, 7, 60, -4])
def test_a_cut_safetensors_file_is_one_clear_error(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "b.safetensors"
    save(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"safetensors file of ours, got .*b\.safetensors"):
        checkpoint.load_backbone(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_cut_file_is_one_clear_error(tmp_path: Path, share: float) -> None:
    path = tmp_path / "b.pth"
    save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ValueError, match=r"checkpoint must .*b\.pth"):
        checkpoint.load_backbone(path)


# OSError 22 from torch between about 4 and 64 KiB, where it looks for the end of the archive
@pytest.mark.parametrize("size", [1, 1_000, 5_000, 20_000, 70_000, 150_000])
def test_a_large_file_cut_short_is_named(tmp_path: Path, size: int) -> None:
    path = tmp_path / "b.pth"
    checkpoint.save(path, {"w": torch.arange(40_000.0)})
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ValueError, match=r"checkpoint must .*b\.pth"):
        checkpoint.load(path)


def test_a_foreign_dict_is_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "x.pth", {"state_dict": {}})
    with pytest.raises(ValueError, match="must be 'backbones/1', got None; give a file"):
        checkpoint.load_backbone(tmp_path / "x.pth")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def write() -> None:
        with checkpoint.atomic_write(path) as file:
            file.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_last_names_the_newest_and_cannot_leave_its_folder(tmp_path: Path) -> None:
    assert checkpoint.last(tmp_path) is None
    checkpoint.mark_last(tmp_path, "model_0000001.pth")
    assert checkpoint.last(tmp_path) == tmp_path / "model_0000001.pth"
    (tmp_path / "last_checkpoint").write_text("../../elsewhere.pth\n")
    assert checkpoint.last(tmp_path) == tmp_path / "elsewhere.pth"
