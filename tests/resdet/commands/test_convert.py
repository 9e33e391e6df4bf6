"""Convert from the command line's side."""

import shutil

import pytest
import yaml

from resdet.commands import convert
from resdet.data.programs import Words, words_for


def test_what_was_found_and_written_is_told(shapes_root, tmp_path, capsys):
    convert.main([str(shapes_root), str(tmp_path / "out"), "--to", "yolo", "--split", "test"])
    told = capsys.readouterr().out
    assert "VOC, found in" in told
    assert f"written  {tmp_path}/out/: YOLO, 4 images" in told
    assert len(list((tmp_path / "out" / "images" / "test").iterdir())) == 4


def test_options_reach_the_function(monkeypatch, tmp_path, shapes_root):
    asked = {}
    monkeypatch.setattr(
        "resdet.data.convert.convert", lambda found, out, to, **more: asked.update(more) or []
    )
    convert.main([str(shapes_root), "out", "--to", "voc", "--link", "--whole-pixels"])
    assert (asked["link"], asked["words"], asked["splits"]) == (True, Words(whole=True), ())
    convert.main([str(shapes_root), "out", "--for", "ultralytics"])
    assert asked["words"] == words_for("ultralytics", "yolo")


def test_whole_pixels_are_vocs(capsys):
    with pytest.raises(SystemExit):
        convert.main(["data", "out", "--to", "coco", "--whole-pixels"])
    assert "--whole-pixels goes with --to voc" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ("", "--to must name the form, voc, coco or yolo, or --for the program"),
        ("--for cvat", "--to must name the form: cvat reads voc, coco, yolo"),
        ("--for ultralytics --to voc", "--to must be a form that ultralytics reads, YOLO, got voc"),
        ("--for labelimg --to coco", "a form that labelimg reads, VOC or YOLO, got coco"),
    ],
)
def test_a_form_that_a_program_does_not_read(options, fault, capsys):
    with pytest.raises(SystemExit):
        convert.main(["data", "out", *options.split()])
    assert fault in capsys.readouterr().err


def test_the_classes_that_are_said_are_written(shapes_root, tmp_path):
    data = tmp_path / "voc"
    shutil.copytree(shapes_root, data)
    (data / "classes.txt").unlink(missing_ok=True)
    names = ("ring", "cross", "star", "triangle", "square", "circle", "more")
    out = tmp_path / "out"
    convert.main([str(data), str(out), "--to", "yolo", "--classes", ",".join(names)])
    told = yaml.safe_load((out / "data.yaml").read_text())["names"]
    assert tuple(told.values()) == names
