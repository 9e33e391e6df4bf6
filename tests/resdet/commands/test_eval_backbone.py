"""eval_backbone on a tiny folder and on CIFAR's own files, each test and each fault."""

import json
import pickle
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import backbones
from backbones.data.normalize import Normalizer
from backbones.evaluation.topk import ranks
from backbones.terminal import parser as cli
from backbones.weights.checkpoint import Preprocessing, load_backbone, save_backbone

TOOL = Path(__file__).parents[3] / "tools" / "eval_backbone.py"
CLASSES = ("ant", "bee", "cat")
SIZES = {"INPUT": {"SIZE": 32, "MIN_SIZE_TEST": 36}}


def save_network(path, seed=0, classes=CLASSES, recipe=SIZES, name="cifar_resnet8", image=()):
    torch.manual_seed(seed)
    model = backbones.create(name, num_classes=len(classes))
    model.fc.weight.data.mul_(100)  # random, but of another mind for other images
    seen = Preprocessing("BGR", 1.0, (100.0, 110.0, 120.0), (60.0, 60.0, 60.0), classes, image)
    save_backbone(
        path,
        arch=model.arch,
        num_classes=len(classes),
        model=model.state_dict(),
        preprocessing=seen,
        recipe=recipe,
        meta={},
    )
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """test/ with two of the three classes, train/ with all."""
    root = tmp_path_factory.mktemp("animals")
    rng = np.random.default_rng(1)
    for split, names, count in (("test", CLASSES[1:], 6), ("train", CLASSES, 2)):
        for name in names:
            (root / split / name).mkdir(parents=True)
            for i in range(count):
                colour = rng.integers(0, 256, 3)
                image = np.clip(colour + rng.normal(0, 30, (40, 44 + 4 * i, 3)), 0, 255)
                cv2.imwrite(str(root / split / name / f"{i}.png"), image.astype(np.uint8))
    return root


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return save_network(tmp_path_factory.mktemp("weights") / "a.pth")


@pytest.fixture(scope="module")
def main():
    return runpy.run_path(str(TOOL))["main"]


@pytest.fixture
def result(main, tmp_path):
    def call(weights, data, *more):
        path = tmp_path / "result.json"
        common = ["--weights", weights, "--data", data, "--device", "cpu", "--workers", "0"]
        main([str(x) for x in (*common, "--json", path, *more)])
        return json.loads(path.read_text())

    return call


@pytest.fixture
def fault(main, monkeypatch, capsys, tmp_path):
    def call(weights, data, *more):
        path = tmp_path / "fault.json"
        common = ["--weights", weights, "--data", data, "--json", path, "--workers", "0"]
        monkeypatch.setattr("sys.argv", [str(x) for x in ("eval_backbone.py", *common, *more)])
        with pytest.raises(SystemExit, match="2"):
            cli.run(main)
        assert list(tmp_path.glob("*fault.json*")) == []
        line = capsys.readouterr().err.strip().splitlines()[-1]
        return line.removeprefix("error: ")

    return call


def errors(values):
    return {key: values[key] for key in ("top1_error", "top5_error")}


def test_one_crop_by_hand(result, data, weights, capsys):
    checkpoint = load_backbone(weights)
    model = backbones.create(**checkpoint.arch, num_classes=3).eval()
    model.load_state_dict(checkpoint.model)
    crops = []
    for path in sorted((data / "test").glob("*/*.png")):
        image = cv2.imread(str(path))
        width = round(image.shape[1] * 36 / 40)
        image = cv2.resize(image, (width, 36), interpolation=cv2.INTER_AREA)[2:34]
        crops.append(image[:, (width - 32) // 2 :][:, :32, ::-1].copy())
    with torch.no_grad():
        logits = model(Normalizer(checkpoint.preprocessing, "cpu")(torch.tensor(np.stack(crops))))
    hits = (ranks(logits, torch.tensor([1] * 6 + [2] * 6)) == 0).sum()
    assert 0 < hits < 12
    found = result(weights, data, "--batch-size", "5")
    assert errors(found) == {
        "top1_error": pytest.approx(100 - 100 * int(hits) / 12),
        "top5_error": 0,
    }
    told = {"num_images": 12, "test": "single", "model": "cifar_resnet8", "weights": str(weights)}
    told |= {"hash": checkpoint.hash, "size": 32, "shorter_side": 36, "scales": [], "ensemble": []}
    assert {key: found[key] for key in told} == told
    assert set(found["versions"]) == {"python", "torch", "torchvision"}
    assert f"top-1 error {found['top1_error']:.2f} %" in capsys.readouterr().out


@pytest.mark.parametrize("test", ["single", "10crop", "multiscale"])
def test_an_ensemble_of_a_network_with_itself_is_the_network(result, data, weights, test):
    alone = result(weights, data, "--test", test, "--batch-size", "4")
    twice = result(weights, data, "--test", test, "--ensemble", weights, weights)
    assert errors(alone) == errors(twice)
    assert alone["num_images"] == 12
    assert alone["scales"] == ([32, 37, 55, 69, 91] if test == "multiscale" else [])
    assert [x["weights"] for x in twice["ensemble"]] == [str(weights)] * 2


def test_sizes_scales_and_members_are_as_told(result, data, weights, tmp_path):
    trained_smaller = {"INPUT": {"SIZE": 16, "SIZE_TEST": 24, "MIN_SIZE_TEST": 24}}
    other = save_network(tmp_path / "b.pth", 1, recipe=trained_smaller)
    scales = ["--test", "multiscale", "--scales", "32", "40"]
    found = result(weights, data, *scales, "--ensemble", f"cifar_resnet8={other}")
    assert found["scales"] == found["ensemble"][0]["scales"] == [32, 40]
    assert (found["size"], found["ensemble"][0]["size"]) == (32, 24)
    found = result(weights, data, "--model", "cifar_resnet8", "--size", "16", "--test", "10crop")
    assert (found["size"], found["shorter_side"]) == (16, 18)


def test_statistics_are_recomputed(result, data, weights, tmp_path):
    """Over the images of train/, at the views of the recipe or of the test."""
    recipe = {
        "SIZE": 24,
        "SIZE_TEST": 32,
        "MIN_SIZE_TEST": 36,
        "CROP": "pad",
        "MIN_SIZE_TRAIN": [32, 32],
    }
    recipe |= {"PADDING": 4, "RANDOM_FLIP": "none", "COLOR_AUGMENTATION": "none"}
    recipe |= {"TRIVIAL_AUGMENT": False, "RANDOM_ERASING": 0.0}
    trained = save_network(tmp_path / "b.pth", recipe={"INPUT": recipe})
    seen = []
    real = backbones.Classifier.features
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            backbones.Classifier,
            "features",
            lambda self, x, stages: (
                seen.append((self.stem.norm1.training, tuple(x.shape))) or real(self, x, stages)
            ),
        )
        for file in (weights, trained):
            found = result(file, data, "--precise-bn", "3", "--batch-size", "6")
            assert found["precise_bn"] == 3
    tested = [(False, (6, 3, 32, 32))] * 2
    assert seen == [*[(True, (6, 3, 32, 32))] * 3, *tested, *[(True, (6, 3, 24, 24))] * 3, *tested]


def test_cifar_as_torchvision_stores_it(result, tmp_path):
    names = ("airplane", "automobile", "bird")
    folder = tmp_path / "cifar" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for file in ("test_batch", *(f"data_batch_{i}" for i in range(1, 6))):
        pixels = rng.integers(0, 256, (6, 3072), np.uint8)
        content = {b"data": pixels, b"labels": [0, 1, 2, 0, 1, 2]}
        (folder / file).write_bytes(pickle.dumps(content, protocol=2))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list(names)}, protocol=2))
    recipe = {"INPUT": {"SIZE": 32, "MIN_SIZE_TEST": 32}}
    weights = save_network(tmp_path / "c.pth", classes=names[::-1], recipe=recipe)
    for test in ("single", "10crop", "multiscale"):
        found = result(weights, tmp_path / "cifar", "--test", test)
        assert found["num_images"] == 6
        assert found["top5_error"] == 0


def test_a_name_must_be_that_of_the_weights(fault, data, weights):
    line = fault(weights, data, "--model", "cifar_resnet14")
    assert line.startswith(f"--model must be the network of {weights}, got cifar_resnet14: the")
    assert "have name 'cifar_resnet8', not 'cifar_resnet14'; leave --model out" in line
    line = fault("torchvision:IMAGENET1K_V1", data)
    assert line.startswith("--model must be given with torchvision:IMAGENET1K_V1, which names no")


def test_sizes_that_do_not_fit(fault, data, weights, tmp_path):
    line = fault(weights, data, "--test", "multiscale", "--scales", "40", "24")
    assert line.startswith("scale must be at least the crop size 32, got 24; leave that scale out")
    line = fault(weights, data, "--shorter-side", "30")
    assert line.startswith("--shorter-side must be at least the crop size 32 of")
    bare = save_network(tmp_path / "bare.pth", recipe={})
    assert "must say the size of its images, got no recipe; give --size" in fault(bare, data)
    assert fault(weights, data, "--scales", "32").endswith("--scales goes with --test multiscale")
    assert "must be a whole number >= 1, got '0'" in fault(weights, data, "--batch-size", "0")


def test_data_that_does_not_fit(fault, data, weights, tmp_path):
    foreign = save_network(tmp_path / "d.pth", classes=("ant", "bug", "elk"))
    line = fault(foreign, data)
    assert f"of {data} must be among the 3 of {foreign}, got also ['bee', 'cat']; leave" in line
    permuted = save_network(tmp_path / "e.pth", classes=CLASSES[::-1])
    line = fault(weights, data, "--ensemble", permuted)
    assert f"{permuted}: class 0 is 'cat', not 'ant'; {permuted}: class 2" in line
    image = tmp_path / "animals" / "bee" / "broken.png"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"no image")
    for more in ((), ("--test", "10crop", "--workers", "1")):
        assert fault(weights, tmp_path / "animals", *more).startswith(f"{image} must be an image")
    line = fault(weights, tmp_path / "animals", "--test", "multiscale", "--scales", "24")
    assert line.startswith("scale must be")  # before an image is read
    assert fault(weights, tmp_path / "animals", "--precise-bn", "2").count("train/<class>/") == 1
    assert "--json must be a file, new or to be replaced, got the folder" in fault(
        weights, data, "--json", tmp_path
    )


@pytest.mark.parametrize(("size", "told"), [(32, False), (36, True)])
def test_a_mean_image_of_another_size_is_told(main, data, tmp_path, capsys, size, told):
    path = save_network(tmp_path / "a.pth", image=(100.0,) * (32 * 32 * 3))
    argv = ["--weights", path, "--data", data, "--device", "cpu", "--workers", "0", "--size", size]
    main([str(x) for x in argv])
    assert ("where inputs are not 32x32, the mean" in capsys.readouterr().out) is told
