"""`resdet.load`: any form of an image, the same detections; what comes back and in which order."""

import subprocess
import sys

import cv2
import numpy as np
import PIL.Image
import pytest
import torch

import resdet
from resdet.data.voc.reader import load_voc


@pytest.fixture
def detector(tiny_checkpoint):
    return resdet.load(tiny_checkpoint, "tv", device="cpu")


@pytest.fixture
def files(shapes_root):
    return [record.path for record in load_voc(shapes_root, "train").records[:3]]


def assert_same(a, b, atol=0.0):
    np.testing.assert_array_equal(a.labels, b.labels)
    np.testing.assert_allclose(a.boxes, b.boxes, atol=atol)
    np.testing.assert_allclose(a.scores, b.scores, atol=atol)


def test_every_form_of_an_image_gives_what_the_tools_find(detector, files):
    expected = next(detector.predict_named([("a", cv2.imread(str(files[0])))], live=True))
    assert len(expected) > 3
    bgr = cv2.imread(str(files[0]))
    chw = torch.from_numpy(bgr[..., ::-1].copy()).permute(2, 0, 1)
    for image, order in ((files[0], None), (str(files[0]), None), (bgr, "BGR"), (chw, "RGB")):
        found = detector(image, channel_order=order)
        assert isinstance(found, resdet.Result)
        assert_same(found, expected)
    assert_same(detector.predict(files[0]), expected)  # as other libraries call it
    wrong = detector(bgr, channel_order="RGB")
    assert len(wrong) != len(expected) or np.abs(wrong.boxes - expected.boxes).max() > 0.1


def test_a_list_comes_back_as_a_list_in_its_order(detector, files, monkeypatch):
    monkeypatch.setattr(type(detector), "lanes", 1)  # more threads round otherwise
    tall = np.zeros((120, 60), np.uint8)
    mixed = [files[0], tall, PIL.Image.open(files[1]), str(files[2])]
    found = detector(mixed)
    assert [f.image_id for f in found] == [str(files[0]), 1, 2, str(files[2])]
    assert [(f.height, f.width) for f in found] == [(96, 96), (120, 60), (96, 96), (96, 96)]
    for image, one in zip(mixed, found):
        assert_same(one, detector(image), atol=1e-5)
    assert detector([]) == []
    assert detector((files[0],))[0].image_id == str(files[0])


def test_batches_find_the_same(tiny_checkpoint, detector, files):
    batched = resdet.load(tiny_checkpoint, "tv", device="cpu", batch=2)
    for a, b in zip(batched(files), detector(files), strict=True):
        assert_same(a, b, atol=1e-3)


def test_a_fault_in_a_list_shows_before_the_first_image_is_run(detector, files, monkeypatch):
    monkeypatch.setattr(detector, "run_batch", lambda batch: pytest.fail("ran"))
    with pytest.raises(FileNotFoundError, match=r"images\[2\] must be an existing file, got gone"):
        detector([*files[:2], "gone.jpg"])
    with pytest.raises(ValueError, match=r'channel_order must be "BGR".*where image is an array'):
        detector(np.zeros((8, 8, 3), np.uint8))


def test_arguments_reach_the_detector(tiny_checkpoint, tmp_path):
    detector = resdet.load(str(tiny_checkpoint), "tv", precision="bf16", batch=3)
    assert (detector.speed.precision, detector.speed.batch) == ("bf16", 3)
    for arguments, told in (
        ({"precision": "int8"}, "precision must be fp32, bf16 or fp16, got 'int8'"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"device": "tpu"}, "must be cpu, cuda or cuda:N, got 'tpu'"),
        ({"device": 0}, "must be cpu, cuda or cuda:N, got '0'"),
        (
            {"testing": "TEST.REFINE True"},
            r"testing must be a list .* give \['TEST.REFINE', 'True'\]",
        ),
        ({"overrides": ["TEST.REFINE", "True"]}, "overrides must be empty for .*, got .'TEST"),
        ({"engine": "tvv"}, "--engine must be auto, d2 or tv, got 'tvv'; did you mean tv"),
    ):
        with pytest.raises(ValueError, match=told):
            resdet.load(tiny_checkpoint, **arguments)
    with pytest.raises(FileNotFoundError, match="must be an existing file"):
        resdet.load(tmp_path / "gone.pth")
    with pytest.raises(FileNotFoundError, match="a folder; give a file of it, such as model_best"):
        resdet.load(tmp_path)


def test_it_says_what_it_is(detector):
    told = "Detector(6 classes (circle, square, triangle, ...), engine tv, cpu, fp32)"
    assert repr(detector) == told


def test_a_network_is_sent_to_the_other_package(tmp_path):
    import backbones
    from backbones.weights.checkpoint import Preprocessing, save_backbone

    network = backbones.create("cifar_resnet8")
    see = Preprocessing("RGB", 1 / 255, (0.5,) * 3, (0.2,) * 3)
    content = {"arch": network.arch, "num_classes": 10, "model": network.state_dict()}
    save_backbone(tmp_path / "n.pth", **content, preprocessing=see, recipe={}, meta={})
    with pytest.raises(ValueError, match=r"is a classification network: backbones\.load reads it"):
        resdet.load(tmp_path / "n.pth")


def test_the_import_is_light():
    code = (
        "import sys, resdet\n"
        "assert not {'torch', 'numpy', 'cv2', 'detectron2'} & set(sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_every_public_name_exists():
    assert all(getattr(resdet, name) is not None for name in resdet.__all__)
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        resdet.lod  # noqa: B018
