"""A folder of anyone's data through the tools: --data alone is enough."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from resdet.data.shapes.make import make_shapes

ROOT = Path(__file__).resolve().parents[2]
SMALL = (
    *("MODEL.BACKBONE.WIDTH", "0.125", "MODEL.RESNETS.NORM", "GN", "SOLVER.MAX_ITER", "2"),
    *("SOLVER.IMS_PER_BATCH", "2", "DATALOADER.NUM_WORKERS", "0", "INPUT.MIN_SIZE_TRAIN", "[96]"),
    *("INPUT.MAX_SIZE_TRAIN", "96", "INPUT.MIN_SIZE_TEST", "96", "INPUT.MAX_SIZE_TEST", "96"),
)


def tool(name: str, *argv: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / f"tools/{name}.py"), *map(str, argv)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=170)


@pytest.fixture(scope="module")
def labelimg(tmp_path_factory) -> Path:
    """XML beside its images, no splits."""
    folder = tmp_path_factory.mktemp("own") / "photos"
    folder.mkdir()
    root = folder.parent / "shapes"
    make_shapes(root, num_train=8, num_val=1, num_test=1, size=96, seed=3)
    for file in (*root.glob("JPEGImages/*"), *root.glob("Annotations/*")):
        shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="module")
def run(labelimg, tmp_path_factory) -> Path:
    """What training on it leaves."""
    out = tmp_path_factory.mktemp("runs") / "run"
    made = tool("train_det", "--engine", "tv", "--data", labelimg, "--output", out, *SMALL)
    assert made.returncode == 0, made.stderr
    lines = made.stdout.splitlines()
    assert lines[0] == f"data     {labelimg}: VOC, found in *.xml"
    assert lines[1].startswith("classes  ")
    assert lines[2] == "splits   train 7, test 3"
    assert "own_r18, engine tv" in made.stdout
    told = (
        f"look at it: resdet visualize --checkpoint {out}/model_best.pth --data {labelimg} --output"
    )
    assert told in made.stdout.replace("\n", " ")
    return out


def test_training_sets_classes_and_makes_a_split_once(labelimg, run):
    results = json.loads((run / "results.json").read_text())
    assert list(results["metrics"]) == ["photos_test"]
    lists = {p.stem: p.read_text().split() for p in (labelimg / "resdet_splits").glob("*.txt")}
    assert {split: len(names) for split, names in lists.items()} == {"train": 7, "test": 3}
    config = (run / "config.yaml").read_text()
    classes = {p.findtext("name") for x in labelimg.glob("*.xml") for p in _objects(x)}
    assert f"NUM_CLASSES: {len(classes)}" in config


def _objects(file: Path):
    import xml.etree.ElementTree as ET

    return ET.parse(file).getroot().findall("object")


@pytest.mark.slow
def test_measuring_takes_the_same_split(labelimg, run, tmp_path):
    out = tmp_path / "r.json"
    where = ("--checkpoint", run / "model_final.pth", "--data", labelimg, "--engine", "tv")
    told = tool("eval_voc", *where, "--json", out, "--metric", "both")
    assert told.returncode == 0, told.stderr
    assert "to score test" in told.stdout
    trained = json.loads((run / "results.json").read_text())["metrics"]["photos_test"]
    found = json.loads(out.read_text())
    assert found["area"]["mAP"] == trained["area"]["mAP"]
    coco = tool("eval_coco", "--detections", run / "coco_instances_results.json",
                "--data", labelimg)  # fmt: skip
    assert coco.returncode == 0, coco.stderr
    told = tool("train_det", "--engine", "tv", "--data", labelimg, "--output", run, "--eval-only",
                *SMALL)  # fmt: skip
    assert told.returncode == 0, told.stderr


def test_any_form_is_checked(labelimg, tmp_path):
    told = tool("check_data", "--data", labelimg, "--quick")
    assert told.returncode == 0, told.stderr + told.stdout
    assert f"data     {labelimg}: VOC, found in *.xml" in told.stdout
    (tmp_path / "classes.txt").write_text("cat\n")
    shutil.copy(next(labelimg.glob("*.jpg")), tmp_path / "a.jpg")
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.2 0.1\n0 0.1 0.1 0.3 0.1 0.2 0.9\n")
    told = tool("check_data", "--data", tmp_path, "--quick")
    assert told.returncode == 0, told.stderr + told.stdout
    assert "polygons" in told.stdout
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.2 0.1\n7 0.5 0.5 0.2 0.1\n0 0.5 0.5 1.4 0.1\n")
    told = tool("check_data", "--data", tmp_path, "--quick")
    assert told.returncode == 1
    assert "line 2: class must be 0 to 0, got '7'" in told.stdout
    assert "1 error, 1 warning" in told.stdout  # the box of line 3 leaves its image
    told = tool("check_data", "--data", tmp_path, "--fix", tmp_path.parent / "fixed")
    assert told.returncode == 0, told.stderr + told.stdout
    lines = (tmp_path.parent / "fixed" / "labels" / "a.txt").read_text().splitlines()
    assert lines == ["0 0.5 0.5 0.2 0.1", "0 0.5 0.5 1 0.1"]


def test_a_colon_in_the_names_of_folders_is_no_mark(labelimg, tmp_path):
    made = tool("convert", labelimg, tmp_path / "plain", "--to", "coco")
    assert made.returncode == 0, made.stderr
    data = tmp_path / "shoot 12:30"  # the images of another hour beside the JSON
    (tmp_path / "plain").rename(data)
    (data / "images").rename(data / "camera 12:31")
    told = tool("check_data", "--data", data)
    assert told.returncode == 0, told.stderr + told.stdout
    assert f"data     {data}: COCO, found in annotations/instances_" in told.stdout
    out = tmp_path / "run 12:32"
    made = tool("train_det", "--engine", "tv", "--data", data, "--output", out, *SMALL)
    assert made.returncode == 0, made.stderr
    again = tool("train_det", "--engine", "tv", "--config", out / "config.yaml", "--output", out,
                 "--eval-only")  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert (out / "evaluation.json").is_file()


def test_convert(labelimg, tmp_path):
    made = tool("convert", labelimg, tmp_path / "coco", "--to", "coco", "--link")
    assert (made.returncode, made.stderr) == (0, "")
    assert f"written  {tmp_path}/coco/: COCO, 10 images, " in made.stdout
    assert "note     changed: difficult objects have an `area`" in made.stdout.splitlines()[-1]
    again = tool("convert", labelimg, tmp_path / "coco", "--to", "coco")
    assert again.returncode == 2
    assert again.stderr.startswith("error: OUT must name a new or empty folder")
    back = tool("convert", tmp_path / "coco", tmp_path / "yolo", "--to", "yolo", "--whole-pixels")
    assert back.returncode == 2
    assert "--whole-pixels goes with --to voc" in back.stderr
    absent = tool("convert", labelimg, tmp_path / "x", "--to", "voc", "--split", "dev")
    assert absent.returncode == 2
    assert "got 'dev'" in absent.stderr


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ((), "--config NAME or --data DIR must be given"),
        (("--data", "{}", "DATASETS.ROOT", "x"), "--data says DATASETS.ROOT; leave one"),
        (("--data", "{}", "MODEL.ROI_HEADS.NUM_CLASSES", "99"), "NUM_CLASSES must be "),
        (("--data", "{}/none"), "the data must be a folder, got"),
    ],
)
def test_a_users_mistakes(labelimg, tmp_path, argv, told):
    given = [word.format(labelimg) for word in argv]
    ended = tool("train_det", "--engine", "tv", "--output", tmp_path / "o", *given)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_config_of_blood_cells_is_what_is_chosen_for_them(unpacked):
    from resdet import config
    from resdet.data.catalog import load_dataset
    from resdet.training.fitting import FITTED, fit_config

    bccd = next(unpacked("bccd.tar.xz").rglob("ImageSets")).parent
    records = load_dataset("voc:.:trainval", bccd).records
    own, measured = config.load("own_r18"), config.load("bccd_r18")
    pairs, _ = fit_config(own, records)
    given = ["DATASETS.TRAIN", "['voc:.:trainval']", "DATASETS.TEST", "['voc:.:test']"]
    given += ["DATASETS.CLASSES", "['RBC', 'WBC', 'Platelets']", "MODEL.ROI_HEADS.NUM_CLASSES", "3"]
    fitted = config.load("own_r18", [*pairs, *given, "OUTPUT_DIR", "./output/bccd_r18"])
    assert fitted.dump() == measured.dump()
    assert set(pairs[::2]) <= set(FITTED)


def test_the_large_config_stands():
    from resdet import config

    config.check(config.load("own_r50_fpn", ["DATASETS.TRAIN", '["x"]']))
