"""Each page of docs/contributing, word by word: its files are written, its commands run, small."""

import csv
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from resdet.commands.entry import command

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs/contributing"
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\w+\.py)\n")

# what makes minutes of training seconds
SMALL = {
    "train-det": {
        "DATALOADER.NUM_WORKERS": "0",
        "INPUT.MIN_SIZE_TRAIN": "[96]",
        "INPUT.MAX_SIZE_TRAIN": "96",
        "INPUT.MIN_SIZE_TEST": "96",
        "INPUT.MAX_SIZE_TEST": "96",
        "MODEL.BACKBONE.WIDTH": "0.125",
        "MODEL.RPN.POST_NMS_TOPK_TEST": "10",
        "SOLVER.IMS_PER_BATCH": "2",
        "SOLVER.MAX_ITER": "2",
    },
    "train-backbone": {
        "DATALOADER.NUM_WORKERS": "0",
        "MODEL.WIDTH": "0.125",
        "SOLVER.IMS_PER_BATCH": "4",
        "SOLVER.MAX_ITER": "2",
    },
}


@pytest.fixture
def place(tmp_path, monkeypatch, shapes_root, fresh_plugins):
    """An empty folder but for the demo's data, in small, and it as CSV."""
    from resdet.data.shapes.make import make_shape_crops
    from resdet.data.voc.reader import load_voc

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/shapes").symlink_to(shapes_root)
    make_shape_crops(shapes_root, tmp_path / "demo/crops")
    (tmp_path / "boxes").mkdir()
    for split in ("train", "test"):
        data = load_voc(shapes_root, split)
        with open(tmp_path / f"boxes/{split}.csv", "w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["image", "class", "xmin", "ymin", "xmax", "ymax"])
            for record in data.records:
                (tmp_path / "boxes" / record.path.name).symlink_to(record.path)
                for label, box in zip(record.ground_truth.labels, record.ground_truth.boxes):
                    rows.writerow([record.path.name, data.class_names[label], *box.tolist()])
    return tmp_path


def run(line, monkeypatch):
    words = shlex.split(line)
    if words[0] == "export":
        monkeypatch.setenv(*words[1].split("=", 1))
        return
    assert words[0] == "resdet", line
    small = [word for pair in SMALL.get(words[1], {}).items() for word in pair]
    command(words[1]).main([*words[2:], *small])


def follow(page, monkeypatch):
    for kind, text in BLOCK.findall((PAGES / f"{page}.md").read_text()):
        named = FILE.match(text)
        if named:
            Path(named[1]).write_text(text)
        elif kind == "python":
            exec(compile(text, page, "exec"), {})
        else:
            for line in text.replace("\\\n", " ").splitlines():
                run(line, monkeypatch)


def test_backbone(place, monkeypatch, capsys):
    follow("backbone", monkeypatch)
    assert "StageInfo(name='res5', channels=512, stride=32)" in capsys.readouterr().out
    import backbones
    from resdet.checkpoints import checkpoint

    saved = checkpoint.load(Path("output/deep_det/model_final.pth"))
    assert saved.cfg.MODEL.BACKBONE.NETWORK == "resnet18_deep"
    assert "trunk.stem.conv3.weight" in saved.model
    guesses = backbones.load("output/deep/model_final.pth")(next(Path("demo").rglob("*.jpg")))
    assert guesses[0].probability > 0


def test_head(place, monkeypatch):
    follow("head", monkeypatch)
    from resdet.checkpoints import checkpoint

    saved = checkpoint.load(Path("output/conv_head/model_final.pth"))
    assert saved.model["box_head.conv2.weight"].shape == (64, 64, 3, 3)


def test_dataset(place, monkeypatch, shapes_root):
    follow("dataset", monkeypatch)
    from resdet.data.catalog import load_dataset
    from resdet.data.voc.reader import load_voc

    ours, voc = load_dataset("csv:boxes/test.csv", place), load_voc(shapes_root, "test")
    for a, b in zip(ours.records, voc.records, strict=True):
        assert (a.image_id, a.height, a.width) == (b.image_id, b.height, b.width)
        assert a.ground_truth.boxes.tolist() == b.ground_truth.boxes.tolist()
    (place / "boxes/bad.csv").write_text(
        "image,class,xmin,ymin,xmax,ymax\n../x.jpg,cat,1,2,3,4\na.jpg,cat,1,2,three,4\n"
    )
    with pytest.raises(ValueError, match=r"line 2: image must be(.|\n)*line 3: xmin, ymin") as told:
        load_dataset("csv:boxes/bad.csv", place)
    assert "2 fault" in str(told.value)


def test_metric(place, monkeypatch, capsys):
    follow("metric", monkeypatch)
    import numpy as np
    from kitti_ap import forty_points

    from backbones.files.json_file import read_json
    from resdet.evaluation import load_matches
    from resdet.evaluation.ranking import Ranking

    # of 4 objects three, as detections 1, 4 and 5: precision 1 to recall 1/4, 3/5 to 3/4
    ranking = Ranking(np.array([1, 2, 3]), np.array([1, 4, 5]), 4)
    assert forty_points(ranking) == pytest.approx((10 + 20 * 3 / 5) / 40)
    assert "VOC 40point, IoU >= t" in capsys.readouterr().out
    result, record = read_json(Path("plain.json")), load_matches(Path("plain.matches.npz"))
    assert result["metric"] == result["analysis"]["metric"] == "40point"
    assert result["per_class"] == record.matches.average_precisions("40point")
    monkeypatch.delenv("RESDET_PLUGINS")
    monkeypatch.setattr("resdet.evaluation.registry.METRICS._things", {})
    with pytest.raises(ValueError, match="got metric '40point', which is none of .*RESDET_PLUGINS"):
        run("resdet compare plain.json flipped.json", monkeypatch)


def test_engine(place, monkeypatch):
    follow("engine", monkeypatch)
    assert len(list(Path("drawn").iterdir())) == len(list(Path("demo/shapes/JPEGImages").iterdir()))
    import resdet

    grid = resdet.load("output/grid/model_final.pth", engine="grid")
    assert grid.engine.NAME == "grid"
    with pytest.raises(ValueError, match="--engine must be auto, d2, tv or grid, got 'gird'.*grid"):
        resdet.load("output/grid/model_final.pth", engine="gird")


@pytest.mark.slow
def test_types_of_the_examples_are_sound(tmp_path):
    pytest.importorskip("mypy")
    files = []
    for page in PAGES.glob("*.md"):
        for _, text in BLOCK.findall(page.read_text()):
            if named := FILE.match(text):
                files.append(tmp_path / named[1])
                files[-1].write_text(text)
    assert len(files) == 5
    command = [sys.executable, "-m", "mypy", *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_pages_say_what_is_there():
    """Names of files, and of keys, that the pages give."""
    from resdet import config

    cfg = config.default_config()
    for page in PAGES.glob("*.md"):
        text = page.read_text()
        for path in re.findall(r"(?:configs|tools|tests|resdet|backbones)/[\w/]+\.\w+", text):
            assert (ROOT / path).is_file(), f"{page.name}: {path}"
        for key in re.findall(r"\b(?:MODEL|DATASETS|INPUT)(?:\.[A-Z0-9_]+)+\b", text):
            if key != "MODEL.NAME":  # of classification
                config.get(cfg, key)


def test_plugin_modules_do_not_stay():
    assert not {"deep_stem", "conv_head", "csv_boxes", "kitti_ap", "grid_engine"} & set(sys.modules)
