"""eval-loc on shapes in CLS-LOC's tree."""

import json

import pytest
import torch

import backbones
from backbones.weights.checkpoint import Preprocessing
from resdet.commands.eval_loc import main
from resdet.data.discover import discover


@pytest.fixture
def root(imagenet_root):
    return imagenet_root / "Annotations" / "CLS-LOC"


@pytest.fixture
def write_classifier(tmp_path):
    """A network of random weights with these classes on disk."""

    def write(names):
        torch.manual_seed(0)
        network = backbones.create("cifar_resnet8", num_classes=len(names))
        backbones.save_backbone(
            tmp_path / "classifier.pth",
            arch=network.arch,
            num_classes=len(names),
            model=network.state_dict(),
            preprocessing=Preprocessing("RGB", 1 / 255, (0.5,) * 3, (0.25,) * 3, tuple(names)),
            recipe={"INPUT": {"SIZE": 32, "MIN_SIZE_TEST": 36}},
            meta={},
        )
        return tmp_path / "classifier.pth"

    return write


def run(capsys, *words):
    main([str(word) for word in words])
    return capsys.readouterr().out


def exact(data):
    """The devkit's lines of what is there, by the images' names."""
    lines = []
    for record in sorted(data.records, key=lambda record: record.image_id):
        box = " ".join(f"{v:g}" for v in record.ground_truth.boxes[0].tolist())
        lines.append(f"{record.ground_truth.labels[0] + 1} {box}")
    return lines


def test_guesses_of_a_file(root, tmp_path, capsys):
    data = discover(root).load("val")
    lines = exact(data)
    lines[0] = f"1 0 0 1 1 {lines[0]}"  # right at the second guess
    lines[1] = ""
    (tmp_path / "guesses.txt").write_text("".join(f"{line}\n" for line in lines))
    words = [
        "--detections",
        tmp_path / "guesses.txt",
        "--data",
        root,
        "--voc-corners",
        "0-continuous",
    ]
    out = run(capsys, *words, "--json", tmp_path / "a.json", "--guesses", tmp_path / "again.txt")
    assert f"errors, %, of {len(data)} images, IoU >= 0.5" in out
    scores = json.loads((tmp_path / "a.json").read_text())
    each = 100 / len(data)
    assert scores["localisation"] == pytest.approx([2 * each, *[each] * 4])
    again = run(capsys, "--detections", tmp_path / "again.txt", *words[2:])
    assert again.splitlines()[-8:] == [x for x in out.splitlines() if "written" not in x][-8:]


@pytest.mark.parametrize("by", ["own", "oracle"])
def test_a_localiser_is_run(by, root, tiny_localiser, tmp_path, capsys):
    words = ["--checkpoint", tiny_localiser, "--device", "cpu", "--by", by]
    run(capsys, *words, "--data", root, "--json", tmp_path / "a.json")
    scores = json.loads((tmp_path / "a.json").read_text())
    assert scores["by"] == by
    assert scores["dataset"].endswith("_val")
    assert (scores["classification"] == [0] * 5) == (by == "oracle")


def test_classes_of_a_classifier(root, tiny_localiser, tmp_path, capsys, write_classifier):
    names = discover(root).class_names
    words = ["--checkpoint", tiny_localiser, "--device", "cpu", "--data", root]
    run(capsys, *words, "--by", write_classifier(names), "--json", tmp_path / "a.json")
    scores = json.loads((tmp_path / "a.json").read_text())
    assert scores["classification"] == sorted(scores["classification"], reverse=True)
    with pytest.raises(
        ValueError, match=r"--by must be of the data's classes .* of a, b, c, \.\.\."
    ):
        run(capsys, *words, "--by", write_classifier(tuple("abcdef")))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--detections", "x.txt", "--by", "oracle"], "--by goes with --checkpoint"),
        (["--checkpoint", "x.pth", "--sizes", "64"], "--sizes goes with --by oracle or FILE"),
        (["--checkpoint", "x.pth", "--crop"], "--crop goes with --by oracle or FILE"),
        ([], "--detections or --checkpoint must be given"),
    ],
)
def test_options_that_do_not_go_together(words, message, root, capsys):
    with pytest.raises(SystemExit):
        main([*words, "--data", str(root)])
    assert message in capsys.readouterr().err


def test_other_data_is_refused(shapes_root, tmp_path):
    with pytest.raises(ValueError, match="--data must be ImageNet's CLS-LOC, got VOC in"):
        main(["--detections", str(tmp_path / "x.txt"), "--data", str(shapes_root)])
    with pytest.raises(ValueError, match="--data must be ImageNet's CLS-LOC"):
        main(["--detections", "x.txt", "--data", str(shapes_root), "--split", "test"])
