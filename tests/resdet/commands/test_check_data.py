"""tools/check_data.py as a user runs it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from resdet.commands import check_data

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments):
    command = [sys.executable, str(ROOT / "tools" / "check_data.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def dirty(shapes_root, tmp_path):
    """A VOC folder with an image that is cut and a size that is another's."""
    root = tmp_path / "voc"
    shutil.copytree(shapes_root, root)
    first, second = sorted((root / "JPEGImages").iterdir())[:2]
    first.write_bytes(first.read_bytes()[:-99])
    xml = root / "Annotations" / f"{second.stem}.xml"
    xml.write_text(xml.read_text().replace("<width>96</width>", "<width>97</width>"))
    return root


def test_exit_codes_json_and_a_corrected_copy(shapes_root, dirty, tmp_path):
    sound = run("--data", shapes_root, "--quick")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert "images: test 4, train 12, trainval 14, val 2; quick check" in sound.stdout
    broken = run("--data", dirty, "--quick", "--json", tmp_path / "r.json")
    assert (broken.returncode, broken.stderr) == (1, "")
    assert "error: images whose end is missing: 1; restore them" in broken.stdout
    (report,) = json.loads((tmp_path / "r.json").read_text())["reports"]
    assert report["errors"] == 1
    assert {f["kind"]: f["count"] for f in report["findings"]}["other size"] == 1
    fixed = run("--data", dirty, "--fix", tmp_path / "out", "--workers", "1")
    assert (fixed.returncode, fixed.stderr) == (0, "")
    lines = fixed.stdout.splitlines()
    ends = [at for at, line in enumerate(lines) if " errors, " in line or " error, " in line]
    assert ends[0] < lines.index("fixed: sizes corrected: 1") < ends[1]  # found, mended, found
    assert "0 errors, " in fixed.stdout.splitlines()[-1]


def test_coco_is_checked_by_file_and_folder(shapes_root, tmp_path):
    files = [shapes_root / "annotations" / f"instances_{split}.json" for split in ("train", "val")]
    where = ["--annotations", *files, "--images", shapes_root / "JPEGImages"]
    told = run(*where, "--quick", "--fix", tmp_path / "out")
    assert (told.returncode, told.stderr) == (0, "")
    assert "COCO; images: instances_train 12, instances_val 2; quick check" in told.stdout
    assert (tmp_path / "out" / "annotations" / "instances_val.json").is_file()


def test_mistakes_are_one_message(shapes_root, tmp_path):
    nothing = run("--data", tmp_path / "none")
    assert nothing.returncode == 2
    assert nothing.stderr.startswith(f"error: the data must be a folder, got {tmp_path}/none")
    assert len(nothing.stderr.splitlines()) == 1
    inside = run("--data", shapes_root, "--quick", "--fix", shapes_root / "fixed")
    assert (inside.returncode, len(inside.stderr.splitlines())) == (2, 1)
    assert "--fix must be apart from what --data reads" in inside.stderr
    assert run("--annotations", "a.json").returncode == 2
    assert run("--data", shapes_root, "--examples", "-1").returncode == 2
    assert run("--annotations", "a", "b", "--images", "x", "y", "z").returncode == 2


def test_help_needs_no_torch_and_the_check_neither(shapes_root):
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import check_data; "
        "assert check_data.main(sys.argv[1:]) == 0; sys.exit('torch' in sys.modules)"
    )
    tool, data = str(ROOT / "tools"), ["--data", str(shapes_root), "--quick"]
    assert subprocess.run([sys.executable, "-c", code, tool, *data], check=False).returncode == 0


def test_the_classes_that_are_said(dirty, shapes_root, tmp_path, capsys):
    (dirty / "classes.txt").unlink(missing_ok=True)
    check_data.main(["--data", str(dirty), "--quick", "--classes", "circle,disc"])
    assert "objects of no known class" in capsys.readouterr().out
    fixed = tmp_path / "fixed"
    names = "circle,square,triangle,star,cross,ring"
    check_data.main(["--data", str(dirty), "--quick", "--classes", names, "--fix", str(fixed)])
    assert (fixed / "classes.txt").read_text().split() == names.split(",")
    with pytest.raises(SystemExit):
        check_data.main(["--annotations", "a.json", "--images", ".", "--classes", "cat"])
    assert "--classes goes with --data: a JSON names its own" in capsys.readouterr().err


@pytest.fixture
def large(tmp_path):
    """A config whose anchors are far larger than any object."""
    path = tmp_path / "large.yaml"
    base = ROOT / "configs" / "detection" / "shapes_r18.yaml"
    path.write_text(f"_BASE_: {base}\nMODEL: {{ANCHOR_GENERATOR: {{SIZES: [[900]]}}}}\n")
    return path


def test_anchors_that_do_not_fit_are_a_warning(shapes_root, large, tmp_path, capsys):
    json_file = tmp_path / "r.json"
    argv = ["--data", str(shapes_root), "--quick"]
    assert check_data.main([*argv, "--config", str(large), "--json", str(json_file)]) == 0
    told = capsys.readouterr().out
    assert "warning: configs that do not fit the objects: 1" in told
    assert f"    {large}: anchors do not fit: 100% of the objects have none" in told
    (report,) = json.loads(json_file.read_text())["reports"]
    assert "anchors" in {finding["kind"] for finding in report["findings"]}
    for fitting in (["--config", "shapes_r18"], []):
        assert check_data.main([*argv, *fitting]) == 0
        assert "do not fit" not in capsys.readouterr().out


def test_anchors_of_jsons_of_copies_and_of_broken_data(shapes_root, dirty, large, tmp_path, capsys):
    files = [str(shapes_root / "annotations" / f"instances_{s}.json") for s in ("train", "val")]
    where = ["--annotations", *files, "--images", str(shapes_root / "JPEGImages")]
    assert check_data.main([*where, "--config", str(large), "--quick"]) == 0
    assert capsys.readouterr().out.count("anchors do not fit") == 1
    xml = next((dirty / "Annotations").iterdir())
    xml.write_text("<annotation>")
    fix = ["--fix", str(tmp_path / "out"), "--quick"]
    check_data.main(["--data", str(dirty), "--config", str(large), *fix])
    broken, _, copy = capsys.readouterr().out.partition("fixed: ")
    assert "annotations that cannot be read" in broken
    assert "do not fit" not in broken
    assert copy.count("anchors do not fit") == 1


def test_a_config_must_be_a_detector_s_and_known(shapes_root, tmp_path):
    argv = ["--data", str(shapes_root), "--quick", "--config"]
    with pytest.raises(ValueError, match="config must be a file or one of .*, got 'own_r81'"):
        check_data.main([*argv, "own_r81"])
    theirs = tmp_path / "theirs.yaml"
    base = ROOT / "configs" / "detection" / "shapes_r18.yaml"
    network = "NAME: build_resdet_network_backbone, NETWORK: resnet18"
    theirs.write_text(f"_BASE_: {base}\nMODEL:\n  BACKBONE: {{{network}}}\n")
    with pytest.raises(ValueError, match="whose strides are not known"):
        check_data.main([*argv, str(theirs)])
    (tmp_path / "photos" / "cats").mkdir(parents=True)
    image = next((shapes_root / "JPEGImages").iterdir())
    shutil.copy(image, tmp_path / "photos" / "cats")
    with pytest.raises(ValueError, match="--config is of a detector, got images to classify in"):
        check_data.main(["--data", str(tmp_path / "photos"), "--config", "shapes_r18"])


def test_data_to_detect_in_is_no_folder_of_classes(shapes_root, tmp_path):
    """One function finds the form, as training, converting and measuring do."""
    images = sorted((shapes_root / "JPEGImages").iterdir())[:3]
    (tmp_path / "cvat" / "images").mkdir(parents=True)
    (tmp_path / "away" / "pics").mkdir(parents=True)
    (tmp_path / "away" / "notes").mkdir()
    body = '<box label="cat" xtl="1" ytl="2" xbr="50" ybr="40"/>'
    listed = ""
    for image in images:
        shutil.copy(image, tmp_path / "cvat" / "images")
        shutil.copy(image, tmp_path / "away" / "pics")
        (tmp_path / "away" / "notes" / f"{image.stem}.txt").write_text("cat 1 2 50 40")
        listed += f'<image name="{image.name}" width="96" height="96">{body}</image>'
    (tmp_path / "cvat" / "annotations.xml").write_text(f"<annotations>{listed}</annotations>")
    found = run("--data", tmp_path / "cvat", "--quick")
    assert (found.returncode, found.stderr) == (0, "")
    assert "cvat: CVAT; images: all 3; quick check" in found.stdout
    refused = run("--data", tmp_path / "away", "--quick")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "got 3 files with the names of images, none of a form that is known: notes/" in (
        refused.stderr
    )


def test_folders_of_classes_are_what_no_annotation_is_beside(shapes_root, tmp_path):
    for split, name in (("train", "cat"), ("train", "dog"), ("val", "cat"), ("val", "dog")):
        (tmp_path / split / name).mkdir(parents=True)
        for image in sorted((shapes_root / "JPEGImages").iterdir())[:2]:
            shutil.copy(image, tmp_path / split / name)
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    told = run("--data", tmp_path, "--quick")
    assert "image folder; images: train 4, val 4; quick check" in told.stdout
