from __future__ import annotations

import dataclasses
import os
import pickle
from fractions import Fraction
from pathlib import Path

import pytest
import safetensors.torch
import torch

from backbones.weights import checkpoint
from backbones.weights.checkpoint import Preprocessing

SEEN = Preprocessing("RGB", 1 / 255, (0.5, 0.4, 0.3), (0.25, 0.5, 1.0), ("cat", "dog"))


WEIGHTS = {"w": torch.arange(3.0), "n": torch.tensor(5), "h": torch.ones(2, 2, dtype=torch.half)}


def save(path: Path, **changes: object) -> str:
    arguments = {
        "arch": {"name": "resnet18", "width": 0.5},
        "num_classes": 2,
        "model": WEIGHTS,
        "preprocessing": SEEN,
        "meta": {"iterations": 7},
        "recipe": {"SOLVER": {"STEPS": [30, 40]}},
    }
    return checkpoint.save_backbone(path, **{**arguments, **changes})


@pytest.mark.parametrize("name", ["b.pth", "b.safetensors"])
def test_what_is_saved_comes_back(tmp_path: Path, name: str) -> None:
    written = save(tmp_path / name)
    back = checkpoint.load_backbone(tmp_path / name)
    assert back.arch == {"name": "resnet18", "width": 0.5}
    assert back.num_classes == 2
    assert torch.equal(back.model["w"], torch.arange(3.0))
    assert back.preprocessing == SEEN
    assert back.meta == {"iterations": 7}
    assert back.recipe == {"SOLVER": {"STEPS": [30, 40]}}
    assert back.hash == written


@pytest.mark.parametrize("name", ["b.pth", "b.safetensors"])
def test_the_mean_image_comes_back(tmp_path: Path, name: str) -> None:
    image = tuple(torch.linspace(0, 1, 12, dtype=torch.float64).tolist())
    save(tmp_path / name, preprocessing=dataclasses.replace(SEEN, mean_image=image))
    assert checkpoint.load_backbone(tmp_path / name).preprocessing.mean_image == image


def test_one_network_has_one_hash_in_every_container_and_layout(tmp_path: Path) -> None:
    weight = torch.arange(24.0).reshape(1, 2, 3, 4)
    model = {"a": weight, "b": torch.arange(3.0)}
    other = {
        "b": torch.tensor([0.0, 9.0, 1.0, 9.0, 2.0])[::2],
        "a": weight.contiguous(memory_format=torch.channels_last),
    }
    hashes = {
        save(tmp_path / "b.pth", model=model),
        save(tmp_path / "b.safetensors", model=other),
    }
    hashes |= {checkpoint.load_backbone(tmp_path / f"b{s}").hash for s in (".pth", ".safetensors")}
    assert len(hashes) == 1


def test_every_part_changes_the_hash(tmp_path: Path) -> None:
    path = tmp_path / "b.pth"
    changed = [
        {"model": {**WEIGHTS, "w": torch.tensor([0.0, 1.0, 2.0000002])}},
        {"model": {**WEIGHTS, "w": torch.arange(3.0).reshape(1, 3)}},
        {"model": {**WEIGHTS, "n": torch.tensor(5, dtype=torch.int32)}},
        {"model": {"v" if k == "w" else k: v for k, v in WEIGHTS.items()}},
        {"arch": {"name": "resnet18", "width": 0.5, "shortcut": "A"}},
        {"preprocessing": dataclasses.replace(SEEN, mean=(0.5, 0.4, 0.31))},
        {"preprocessing": dataclasses.replace(SEEN, channel_order="BGR")},
        {"preprocessing": dataclasses.replace(SEEN, class_names=("dog", "cat"))},
        {"preprocessing": dataclasses.replace(SEEN, mean_image=(0.1,) * 12)},
    ]
    hashes = {save(path), *(save(path, **change) for change in changed)}
    assert len(hashes) == 1 + len(changed)
    assert save(path, meta={}, recipe={}) in hashes  # what it was trained by is no part of it


@pytest.mark.parametrize("name", ["b.pth", "b.safetensors"])
@pytest.mark.parametrize("part", ["byte", "mean", "arch"])
def test_what_was_changed_in_the_file_is_refused(tmp_path: Path, name: str, part: str) -> None:
    path = tmp_path / name
    written = save(path)
    payload = checkpoint.load(path)
    if part == "byte":
        payload["model"]["w"].view(torch.uint8)[5] ^= 1
    elif part == "mean":
        payload["preprocessing"]["mean"][0] = 0.25
    else:
        payload["arch"]["stride_in_1x1"] = False
    checkpoint.save(path, payload)
    with pytest.raises(
        ValueError, match=rf"hash of .*{name} must be {written}, got [0-9a-f]{{64}}"
    ):
        checkpoint.load_backbone(path)


def test_a_byte_flipped_on_disk_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.safetensors"
    save(path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"hash of .*b\.safetensors must be"):
        checkpoint.load_backbone(path)


def test_a_file_without_its_hash_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "b.pth"
    save(path)
    payload = checkpoint.load(path)
    del payload["hash"], payload["recipe"]
    checkpoint.save(path, payload)
    with pytest.raises(ValueError, match=r"got one without \['hash', 'recipe'\]"):
        checkpoint.load_backbone(path)


def test_a_safetensors_file_of_others_is_its_tensors(tmp_path: Path) -> None:
    path = tmp_path / "b.safetensors"
    safetensors.torch.save_file({"w": torch.ones(2)}, path, {"format": "pt"})
    assert list(checkpoint.load(path)) == ["w"]
    with pytest.raises(ValueError, match="must be 'backbones/2', got None"):
        checkpoint.load_backbone(path)


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
    with pytest.raises(ValueError, match=r"safetensors file, got .*b\.safetensors"):
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
    with pytest.raises(ValueError, match="must be 'backbones/2', got None; give a file"):
        checkpoint.load_backbone(tmp_path / "x.pth")


def test_last_names_the_newest_and_cannot_leave_its_folder(tmp_path: Path) -> None:
    assert checkpoint.last(tmp_path) is None
    checkpoint.mark_last(tmp_path, "model_0000001.pth")
    assert checkpoint.last(tmp_path) == tmp_path / "model_0000001.pth"
    (tmp_path / "last_checkpoint").write_text("../../elsewhere.pth\n")
    assert checkpoint.last(tmp_path) == tmp_path / "elsewhere.pth"


@pytest.mark.parametrize("name", ["a.onnx", "a.xml", "a.pt2"])
def test_an_exported_network_is_no_checkpoint_and_one_of_such_a_name_is(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"<net>")
    with pytest.raises(ValueError, match=f"got .*{name}, by its name an exported network; give"):
        checkpoint.load(tmp_path / name)
    save(tmp_path / name)
    assert checkpoint.load_backbone(tmp_path / name).num_classes == 2


@pytest.mark.parametrize("name", ["a.onnx", "a.xml", "a.pt2"])
def test_a_faulty_torch_file_of_another_name_is_told_as_what_it_is(
    tmp_path: Path, name: str
) -> None:
    save(tmp_path / "whole.pth")
    (tmp_path / name).write_bytes((tmp_path / "whole.pth").read_bytes()[:-100])
    with pytest.raises(ValueError, match="complete, readable torch file, got .*a"):
        checkpoint.load(tmp_path / name)
    torch.save({"model": Fraction(1, 2)}, tmp_path / name)
    with pytest.raises(ValueError, match="names fractions.Fraction: loading that could run code"):
        checkpoint.load(tmp_path / name)


def test_a_damaged_file_without_a_suffix_is_not_taken_for_an_exported_one(tmp_path: Path) -> None:
    save(tmp_path / "weights.pth")
    (tmp_path / "weights").write_bytes((tmp_path / "weights.pth").read_bytes()[:-100])
    with pytest.raises(ValueError, match="complete, readable torch file, got .*weights"):
        checkpoint.load(tmp_path / "weights")
