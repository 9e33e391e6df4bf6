"""A file is what the hash in its name says, wherever weights are read."""

import hashlib
import shutil
import sys

import pytest
import torch
import torchvision

import backbones
from backbones.files.digests import check_name, file_digest
from backbones.weights.checkpoint import Preprocessing, save_backbone
from backbones.weights.conversion import convert
from backbones.weights.interop import load_weights, torchvision_weights
from resdet.checkpoints import checkpoint as detector


@pytest.fixture
def weights(tmp_path):
    model = backbones.create("resnet18", width=0.125, num_classes=3)
    save_backbone(
        tmp_path / "a.pth",
        arch=model.arch,
        num_classes=3,
        model=model.state_dict(),
        preprocessing=Preprocessing("RGB", 1.0, (1.0,) * 3, (1.0,) * 3),
        recipe={},
        meta={},
    )
    return tmp_path / "a.pth"


def load(path):
    load_weights(backbones.create("resnet18", width=0.125, num_classes=3), str(path))


@pytest.mark.parametrize("digits", [8, 64])
def test_the_name_of_a_hub(weights, digits):
    digest = file_digest(weights)
    assert digest == hashlib.sha256(weights.read_bytes()).hexdigest()
    right = shutil.copy(weights, weights.with_name(f"resnet18-{digest[:digits]}.pth"))
    load(right)
    wrong = shutil.copy(weights, weights.with_name(f"resnet18-{'deadbeef' * 8:.{digits}}.pth"))
    readers = (load, lambda path: convert(str(path), path.with_name("b.pth"), "ours"))
    for read in (*readers, detector.load, detector.holds_detector):
        with pytest.raises(
            ValueError,
            match=rf"resnet18-deadbeef\w*\.pth must have the SHA-256 .* deadbeef\w*, got "
            rf"{digest[:digits]}; .*fetch it again",
        ):
            read(wrong)
    assert not weights.with_name("b.pth").exists()


@pytest.mark.parametrize(
    "name", ["run-20261121.pth", "run-1234567.pth", "run_deadbeef.pth", "deadbeef.pth", "a-b.pth"]
)
def test_names_that_carry_none(weights, name):
    load(shutil.copy(weights, weights.with_name(name)))


def test_a_number_that_is_no_date_is_a_hash(weights):
    with pytest.raises(ValueError, match="12345678"):
        check_name(shutil.copy(weights, weights.with_name("a-12345678.pth")))


class Payload:
    def __reduce__(self):
        return sys.exit, ("ran",)


def test_what_was_downloaded_before_is_held_to_its_name_and_cannot_run(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    enum = torchvision.models.ResNet18_Weights
    kept = tmp_path / "hub" / "checkpoints" / enum.IMAGENET1K_V1.url.rsplit("/")[-1]
    kept.parent.mkdir(parents=True)
    torch.save({"fc.weight": Payload()}, kept)
    with pytest.raises(ValueError, match=r"resnet18-f37072fd\.pth must have the SHA-256"):
        torchvision_weights("torchvision:IMAGENET1K_V1", "resnet18")
    monkeypatch.setattr("backbones.weights.interop.check_name", lambda _: None)
    with pytest.raises(ValueError, match=r"MODEL\.WEIGHTS must be within reach"):
        torchvision_weights("torchvision:IMAGENET1K_V1", "resnet18")


def test_a_download_is_whole_or_not_there(tmp_path, monkeypatch):
    source = tmp_path / "resnet18-f37072fd.pth"
    source.write_bytes(b"cut")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    member = torchvision.models.ResNet18_Weights.IMAGENET1K_V1
    found = type(member.value)(source.as_uri(), member.transforms, member.meta)
    monkeypatch.setattr(member, "_value_", found)
    with pytest.raises(ValueError, match="invalid hash value"):
        torchvision_weights("torchvision:IMAGENET1K_V1", "resnet18")
    assert list((tmp_path / "home/hub/checkpoints").iterdir()) == []
