"""eval_coco from the command line's side."""

import pytest

from backbones.files.json_file import read_json
from backbones.files.outputs import write_json
from resdet.commands import eval_coco


def main(*argv):
    eval_coco.main([str(arg) for arg in argv])


@pytest.fixture
def coco(tmp_path):
    truth = {
        "images": [{"id": 5, "file_name": "a.jpg", "height": 50, "width": 50}],
        "annotations": [{"id": 1, "image_id": 5, "category_id": 1, "bbox": [0, 0, 40, 40]}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    write_json(tmp_path / "gt.json", truth)
    entry = {"image_id": 5, "category_id": 1, "bbox": [0, 0, 40, 40], "score": 0.9}
    write_json(tmp_path / "d.json", [entry])
    return tmp_path


@pytest.mark.parametrize("backend", ["faster", "pycocotools"])
def test_eval_coco(coco, capsys, backend):
    main(
        "--detections",
        coco / "d.json",
        "--annotations",
        coco / "gt.json",
        "--backend",
        backend,
        "--json",
        coco / "r.json",
    )
    result = read_json(coco / "r.json")
    assert result["AP"] == pytest.approx(1.0)
    assert result["per_class"] == {"cat": pytest.approx(1.0), "dog": None}
    assert (result["num_images"], result["num_detections"], result["backend"]) == (1, 1, backend)
    assert "ARl" in capsys.readouterr().out


def test_difficult_objects_are_told(coco, capsys):
    truth = read_json(coco / "gt.json")
    objects = truth["annotations"]
    far = {"image_id": 5, "category_id": 1, "bbox": [40, 40, 9, 9], "iscrowd": 0}
    given = ["--detections", coco / "d.json", "--annotations", coco / "gt.json"]
    for more, told, ap in (
        ({"ignore": 1}, "1 difficult object to be found as any other", 0.505),
        ({"attributes": {"difficult": "1"}}, "1 difficult object to be found as any other", 0.505),
        ({"area": -1}, "1 difficult object outside every range of areas: not missed", 1.0),
        ({"ignore": 1, "iscrowd": 1}, None, 1.0),
        ({}, None, 0.505),
    ):
        write_json(coco / "gt.json", {**truth, "annotations": [*objects, {**far, "id": 2, **more}]})
        main(*given, "--json", coco / "r.json")
        printed = " ".join(capsys.readouterr().out.split())
        assert told in printed if told else "difficult object" not in printed
        assert read_json(coco / "r.json")["AP"] == pytest.approx(ap, abs=1e-3)


def test_eval_coco_needs_images_for_a_checkpoint(coco, capsys):
    with pytest.raises(SystemExit):
        main("--checkpoint", "m.pth", "--annotations", coco / "gt.json")
    assert "--checkpoint needs --images" in capsys.readouterr().err


def test_pycocotools_must_agree_where_it_is_asked(coco, capsys):
    pytest.importorskip("pycocotools")
    main("--detections", coco / "d.json", "--annotations", coco / "gt.json", "--cross-check")
    assert "pycocotools" in capsys.readouterr().out
