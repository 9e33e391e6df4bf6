"""Files of weights that are damaged, or made to hurt: one short error, before anything is built."""

import pickle

import numpy as np
import pytest
import safetensors.torch
import torch

import backbones
from backbones.weights import checkpoint
from backbones.weights.checkpoint import Preprocessing, save_backbone
from backbones.weights.conversion import convert
from backbones.weights.interop import read_weights
from backbones.weights.keymaps import KINDS, from_ours


def test_an_old_torch_file_cut_at_every_place(tmp_path):
    path = tmp_path / "old.pth"
    torch.save({"w": torch.ones(3)}, path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"checkpoint must .*old\.pth"):
            checkpoint.load(path)


def test_an_old_torch_file_whose_storage_is_another(tmp_path):
    path = tmp_path / "old.pth"
    torch.save({"w": torch.ones(3)}, path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    end = whole.rindex(b"q\x01a.")  # of the list of storages, before their bytes
    key = bytearray(whole)
    key[end - 1] = key[end - 1] ^ 1
    path.write_bytes(bytes(key))
    with pytest.raises(ValueError, match=r"complete, readable torch file, got .*old\.pth"):
        checkpoint.load(path)


def test_a_header_of_safetensors_without_end(tmp_path):
    path = tmp_path / "a.safetensors"
    header = {"arch": "[" * 100_000}
    path.write_bytes(safetensors.torch.save({"w": torch.ones(3)}, header))
    with pytest.raises(ValueError, match=r"complete safetensors file, got .*a\.safetensors"):
        checkpoint.load(path)


@pytest.fixture
def save(tmp_path):
    def write(**changes):
        model = backbones.create("cifar_resnet20", width=0.25, num_classes=2)
        values = {
            "arch": model.arch,
            "num_classes": 2,
            "model": model.state_dict(),
            "preprocessing": Preprocessing("RGB", 1.0, (1.0,) * 3, (1.0,) * 3),
            "recipe": {},
            "meta": {},
        }
        values |= {key: change(values[key]) for key, change in changes.items()}
        save_backbone(tmp_path / "a.pth", **values)
        return str(tmp_path / "a.pth")

    return write


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arch": lambda a: a | {"name": "cifar_resnet999998"}}, "layers of cifar_resnet999998"),
        (
            {"arch": lambda a: a | {"width": 1e4}},
            r"must be \(160000, 3, 3, 3\), got \(8, 3, 3, 3\)",
        ),
        ({"arch": lambda a: a | {"width": 1e300}}, "Overflow"),
        ({"arch": lambda a: a | {"width": "wide"}}, '"width": "wide"'),
        ({"arch": lambda a: a | {"more": 1}}, "arguments of"),
        ({"arch": lambda a: {}}, "its name among them, got {}"),
        ({"arch": lambda a: a | {"name": ["x"]}}, "its name among them, got"),
        ({"num_classes": lambda n: 10**9}, r"fc.weight must be \(1000000000, 16\)"),
        ({"num_classes": lambda n: -5}, "a number of classes, got -5"),
        ({"num_classes": lambda n: "two"}, "a number of classes, got 'two'"),
        ({"model": lambda m: dict(list(m.items())[:40])}, "missing: .*and 51 more"),
    ],
)
def test_an_arch_that_its_weights_do_not_fill_is_not_built(save, tmp_path, changes, said):
    path = save(**changes)
    for read in (
        lambda: read_weights(path, ""),
        lambda: convert(path, tmp_path / "b.pth", "akamaster"),
    ):
        with pytest.raises(ValueError, match=rf"(arch|num_classes) of .*a\.pth must be .*{said}"):
            read()


@pytest.mark.parametrize(
    "change",
    [
        {"preprocessing": 5},
        {"preprocessing": {"mean": 1}},
        {"model": {"w": "x"}},
        {"model": [1]},
        {"arch": 5},
        {"hash": None},
    ],
)
def test_fields_of_other_kinds(save, change):
    path = save()
    payload = checkpoint.load(path)
    torch.save(payload | change, path)
    with pytest.raises(ValueError, match=r"a\.pth"):
        read_weights(path, "")


def foreign(path, rename):
    """A network of akamaster's with its keys changed."""
    model = backbones.create("cifar_resnet20", num_classes=2)
    state = from_ours(KINDS["akamaster"], model, model.state_dict())
    torch.save({rename(key): value for key, value in state.items()}, path)
    return str(path)


def test_a_block_of_any_number_is_counted_as_one(tmp_path):
    def rename(key):
        return key.replace(".2.", ".99999999.")

    with pytest.raises(ValueError, match=r"a\.th is no akamaster .*unknown keys: .*99999999"):
        read_weights(foreign(tmp_path / "a.th", rename), "")


def test_an_error_does_not_list_hundreds_of_keys(tmp_path):
    path = foreign(
        tmp_path / "a.th", lambda k: k if "0.conv1" in k or "." not in k[6:] else k + "x"
    )
    with pytest.raises(ValueError, match=r"a\.th") as fault:
        read_weights(path, "")
    assert len(str(fault.value)) < 3000


def test_keys_that_are_no_names(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({1: np.ones(2), "b": np.ones(2)}, 2))
    with pytest.raises(ValueError, match=r"a\.pkl must hold weights by name"):
        read_weights(str(tmp_path / "a.pkl"), "")
