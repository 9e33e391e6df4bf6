"""Tables 7 and 8 as commands: a smoke of each, data of one's own, what is not measured again."""

from __future__ import annotations

import csv
import json
import tarfile

import pytest

from resdet.commands import reproduce as command
from resdet.reproduction import pairs
from resdet.reproduction.request import Request


def read(path):
    with path.open() as file:
        return {(line["network"], line["data"]): line for line in csv.DictReader(file)}


def test_a_smoke_trains_what_the_paper_did_and_packs_what_a_server_scores(tmp_path, capsys):
    assert command.main(["table7", "--scale", "smoke", "--output", str(tmp_path)]) == 0
    folder = tmp_path / "smoke"
    found = read(folder / "table7.csv")
    assert [line["runs"] for line in found.values()] == ["1"] * 4
    assert found["ResNet-101", "07+12"]["mAP ours"] != ""
    assert found["ResNet-101", "07++12"]["mAP ours"] == ""
    packed = folder / "runs" / "voc07pp12_r101-seed1" / "comp4.tar.gz"
    with tarfile.open(packed) as archive:
        assert len(archive.getnames()) == 20
    told = (folder / "table7.md").read_text()
    assert f"send it {packed}" in told
    assert "[smoke]" in told
    assert (folder / "table7-07+12" / "index.html").is_file()
    answers = [packed.with_name("server.json"), folder / "runs/voc07pp12_vgg16-seed1/server.json"]
    for answer, percent in zip(answers, (73.8, 70.4), strict=True):
        answer.write_text(json.dumps({"mAP": percent}))
    capsys.readouterr()
    command.main(["table7", "--scale", "smoke", "--output", str(tmp_path)])
    assert "starting" not in capsys.readouterr().out
    assert read(folder / "table7.csv")["ResNet-101", "07++12"]["mAP ours"] == "0.738"
    assert "send it" not in (folder / "table7.md").read_text()


def smoke_of(target, data, output, *words):
    asked = ["--scale", "smoke", "--data", str(data), "--output", str(output)]
    return command.main([target, *asked, *words])


def test_own_data_are_measured_by_the_rules_of_either_table(shapes_root, tmp_path, capsys):
    smoke_of("table7", shapes_root, tmp_path, "--only", "ResNet-18 shapes")
    folder = tmp_path / "smoke"
    assert read(folder / "table7.csv")["VGG-16", "shapes"]["runs"] == "0"
    smoke_of("table7", shapes_root, tmp_path)
    capsys.readouterr()
    smoke_of("table8", shapes_root, tmp_path)
    assert "starting" not in capsys.readouterr().out  # the same runs
    (gain,) = {read(folder / "table8.csv")["ResNet-18", "shapes"]["mAP@.5 gain"]}
    assert float(gain) == pytest.approx(0, abs=1)
    assert (folder / "table8-shapes.png").is_file()
    assert json.loads((folder / "table8.json").read_text())["pairs"][0]["gains"]
    with pytest.raises(ValueError, match=r"began with, none, got SOLVER.BASE_LR 1; give"):
        smoke_of("table7", shapes_root, tmp_path, "SOLVER.BASE_LR", "1")
    other = tmp_path / "other" / "shapes"
    other.parent.mkdir()
    other.symlink_to(shapes_root)
    with pytest.raises(ValueError, match=r"DATASETS.ROOT .*, got .*other/shapes"):
        smoke_of("table7", other, tmp_path)


@pytest.mark.parametrize(
    ("scale", "words", "text"),
    [
        (
            "full",
            [],
            "--data must hold voc_2007_trainval, voc_2012_trainval, .*, got .*shapes with none",
        ),
        ("full", ["SEED"], "overrides must be KEY VALUE pairs, got 'SEED'"),
        ("small", [], "the data must be a folder, got .*; check"),
    ],
)
def test_data_that_cannot_be_used_are_refused_in_a_line(scale, words, text, shapes_root, tmp_path):
    data = shapes_root if scale == "full" else tmp_path / "no" / "shapes"
    request = Request("table7", tmp_path, data, scale, only=[], overrides=words)
    with pytest.raises(ValueError, match=text) as refused:
        pairs.reproduce(request)
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_row_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"must name rows of 'VGG-16 COCO', 'ResNet-101 COCO', got"
    ):
        pairs.reproduce(Request("table8", tmp_path, tmp_path, only=["VGG-19"]))


def test_without_data_what_is_published_stands_beside_the_paper(tmp_path):
    command.main(["table8", "--output", str(tmp_path)])
    assert read(tmp_path / "table8.csv")["ResNet-101", "COCO"]["mAP@[.5,.95] paper"] == "0.272"


def kept(name, *configs, ap=0.5):
    values = {"mAP@.5": ap, "mAP@[.5,.95]": ap}
    rows = [{"config": config, "runs": [{"values": values}]} for config in configs]
    return {
        "data": name,
        "rows": rows,
        "gains": {},
        "made": "here",
        "deviations": ["it is small"],
    }


def test_what_is_published_is_shown_by_its_scale_whatever_the_data_are_called(
    tmp_path, monkeypatch, capsys
):
    published = tmp_path / "published.json"
    monkeypatch.setattr(pairs, "_published", lambda request: published)
    small = Request("table8", tmp_path / "a", scale="small", publish=True)
    for ap in (0.25, 0.75):  # the second in place of the first
        pairs._keep(small, kept("COCO", "own_vgg16", "own_r18", ap=ap))
    pairs._keep(small, kept("mine", "own_vgg16", "own_r18"))
    command.main(["table8", "--scale", "small", "--output", str(tmp_path / "b")])
    with (tmp_path / "b" / "small" / "table8.csv").open() as file:
        found = [(line["config"], line["mAP@.5 ours"]) for line in csv.DictReader(file)]
    assert found == [
        *(("coco2014_vgg16", ""), ("coco2014_r101", "")),
        *(("own_vgg16", "0.75"), ("own_r18", "0.75"), ("own_vgg16", "0.5"), ("own_r18", "0.5")),
    ]
    told = capsys.readouterr().out
    assert "mine: here." in told
    assert "Not as in the paper: it is small; " in told
    command.main(["table8", "--output", str(tmp_path / "b")])
    assert len(read(tmp_path / "b" / "table8.csv")) == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[]", "pairs, a list, got .*, or remove it"),
        ('{"pairs": [3]}', "rows, a list; deviations, a list; data, a text"),
        ('{"pairs": [{**KEPT, "rows": [1]}]}', "runs, a list; config, a text"),
    ],
)
def test_a_file_of_something_else_is_told(tmp_path, text, fault):
    text = text.replace("{**KEPT,", json.dumps(kept("a"))[:-1] + ",")
    (tmp_path / "table7.json").write_text(text)
    with pytest.raises(ValueError, match=rf"table7\.json must be an object with .*{fault}"):
        pairs.reproduce(Request("table7", tmp_path))


def test_what_could_not_be_written_is_told_before_the_work(tmp_path, shapes_root):
    strange = tmp_path / "small" / "table7-shapes" / "mine.txt"
    strange.parent.mkdir(parents=True)
    strange.write_text("")
    request = Request("table7", tmp_path, shapes_root, "small")
    with pytest.raises(ValueError, match="gallery must be a new folder or an earlier gallery"):
        pairs.reproduce(request)
