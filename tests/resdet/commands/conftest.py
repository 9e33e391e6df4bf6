"""Files of detections and objects, results of them, and what explain tells of these."""

from pathlib import Path

import pytest

from backbones.files.outputs import write_json
from resdet.commands import explain

BOX, HALF, FAR = [0, 0, 40, 40], [0, 0, 40, 20], [50, 50, 40, 40]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Two objects in two images, of which one is found and one by a half; a class without any."""
    truth = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "height": 90, "width": 90} for i in (1, 2)],
        "annotations": [
            {"id": i, "image_id": i, "category_id": 1, "bbox": BOX, "iscrowd": 0} for i in (1, 2)
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    write_json(tmp_path / "gt.json", truth)
    entry = {"image_id": 1, "category_id": 1, "bbox": BOX, "score": 0.9}
    found = [entry, {**entry, "image_id": 2, "bbox": HALF}, {**entry, "bbox": FAR, "score": 0.3}]
    write_json(tmp_path / "d.json", found)
    write_json(tmp_path / "d2.json", found[:1])
    monkeypatch.chdir(tmp_path)
    return Path()


@pytest.fixture
def ours(files, capsys):
    """(command, name, options) -> the file that it wrote."""

    def run(command, name, *options, detections="d.json"):
        out, given = files / name, ["--detections", files / detections]
        given += ["--annotations", files / "gt.json", "--json", out, *options]
        command.main([str(arg) for arg in given])
        capsys.readouterr()
        return out

    return run


@pytest.fixture
def told(capsys):
    """(arguments) -> what it prints, without lines and bars."""

    def run(*argv):
        explain.main([str(arg) for arg in argv])
        return " ".join(capsys.readouterr().out.replace("│", " ").split())

    return run
