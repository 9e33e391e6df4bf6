"""Convert from the command line's side."""

import shutil

import pytest
import yaml

from resdet.commands import convert


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
    assert (asked["link"], asked["whole_pixels"], asked["splits"]) == (True, True, ())


def test_whole_pixels_are_vocs(capsys):
    with pytest.raises(SystemExit):
        convert.main(["data", "out", "--to", "coco", "--whole-pixels"])
    assert "--whole-pixels goes with --to voc" in capsys.readouterr().err


def test_the_classes_that_are_said_are_written(shapes_root, tmp_path):
    data = tmp_path / "voc"
    shutil.copytree(shapes_root, data)
    (data / "classes.txt").unlink(missing_ok=True)
    names = ("ring", "cross", "star", "triangle", "square", "circle", "more")
    out = tmp_path / "out"
    convert.main([str(data), str(out), "--to", "yolo", "--classes", ",".join(names)])
    told = yaml.safe_load((out / "data.yaml").read_text())["names"]
    assert tuple(told.values()) == names
