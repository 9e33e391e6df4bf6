"""What a command reads and what it writes, kept apart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backbones.files.plan import Input, Kind, Output, check_plan


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data" / "images").mkdir(parents=True)
    (tmp_path / "data" / "images" / "a.jpg").write_bytes(b"a")
    (tmp_path / "data" / "classes.txt").write_text("cat")
    return tmp_path / "data"


def check(data: Path, path: Path, kind: Kind = "file") -> None:
    check_plan([Input("--data", data)], [Output("--json", path, kind)])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("data/classes.txt", "file"),
        ("data/images/a.jpg", "file"),
        ("data", "folder"),
        ("data/images", "folder"),
        ("link/images", "folder"),
        ("link/classes.txt", "file"),
        ("leads", "file"),
        ("data", "whole"),
        ("data/new", "whole"),
        (".", "whole"),
    ],
)
def test_what_would_harm_the_data(data: Path, name: str, kind: Kind) -> None:
    (data.parent / "link").symlink_to(data)
    (data.parent / "leads").symlink_to(data / "classes.txt")
    told = r"^--json must be apart from what --data reads, got .*; name another (file|folder)$"
    with pytest.raises(OSError, match=told):
        check(data, data.parent / name, kind)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("data/new.json", "file"),
        ("data/runs/new", "folder"),
        ("other.json", "file"),
        (".", "folder"),
        ("new", "whole"),
    ],
)
def test_what_harms_nothing(data: Path, name: str, kind: Kind) -> None:
    check(data, data.parent / name, kind)


def test_a_file_that_the_data_reads_by_a_link(data: Path) -> None:
    outside = data.parent / "store" / "b.jpg"
    outside.parent.mkdir()
    outside.write_bytes(b"b")
    check(data, outside)
    (data / "images" / "b.jpg").symlink_to(outside)
    with pytest.raises(OSError, match="apart from what --data reads"):
        check(data, outside)


def test_a_folder_whose_links_lead_into_the_data(data: Path) -> None:
    drawn = data.parent / "drawn"
    drawn.mkdir()
    (drawn / "data").symlink_to(data)
    check(data, drawn, "folder")  # no file of it is written by that name
    (drawn / "a.jpg").symlink_to(data / "images" / "a.jpg")
    for given in (data, data / "images" / "a.jpg"):
        with pytest.raises(OSError, match="apart from what --data reads"):
            check(given, drawn, "folder")


def test_what_is_ours_is_asked_of_folders_alone(data: Path) -> None:
    output = Output(
        "--output", data / "classes.txt", "folder", lambda folder: bool(folder.iterdir())
    )
    with pytest.raises(OSError, match="apart from what --data reads"):
        check_plan([Input("--data", data)], [output])


def test_a_hard_link_is_the_file_itself(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    os.link(tmp_path / "a.json", tmp_path / "b.json")
    with pytest.raises(OSError, match="apart from what SIDE reads"):
        check_plan([Input("SIDE", tmp_path / "a.json")], [Output("--json", tmp_path / "b.json")])


def test_what_an_earlier_run_left_in_the_data_may_be_gone_on_with(data: Path) -> None:
    run = data / "runs"
    run.mkdir()
    (run / "log.txt").touch()
    for known in (False, True):
        output = Output("--output", run, "folder", lambda folder, known=known: known)
        if known:
            check_plan([Input("--data", data)], [output])
        else:
            with pytest.raises(OSError, match="apart"):
                check_plan([Input("--data", data)], [output])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("r.json", "file"), ("r.json", "file")),
        (("r", "folder"), ("r", "file")),
        (("r", "whole"), ("r/a.json", "file")),
        (("r/a.json", "file"), ("r", "whole")),
        (("r", "whole"), ("r/plots", "folder")),
    ],
)
def test_outputs_that_meet(
    tmp_path: Path, first: tuple[str, Kind], second: tuple[str, Kind]
) -> None:
    outputs = [Output(f"--{n}", tmp_path / n, k) for n, k in (first, second)]
    with pytest.raises(OSError, match="must be apart from where --.* writes"):
        check_plan([], outputs)


def test_outputs_that_do_not_meet(tmp_path: Path) -> None:
    names: list[tuple[str, Kind]] = [("r", "folder"), ("r/a.json", "file"), ("r", "folder")]
    check_plan([], [Output("--o", tmp_path / name, kind) for name, kind in names])


def test_places_that_take_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    places: list[tuple[str, Kind, str]] = [
        ("", "file", "must be a file, new or to be replaced, got the folder"),
        ("pipe", "file", "got the device or pipe"),
        ("file/below", "file", "must lie in a folder to write in, got .*file/below below"),
        ("file", "folder", "must be new or a folder, got the file"),
        ("file", "whole", "must be new or a folder, got the file"),
    ]
    for name, kind, told in places:
        with pytest.raises(OSError, match=f"^--o .*{told}"):
            check_plan([], [Output("--o", tmp_path / name, kind)])


def test_what_a_dead_process_left_there_is_swept(tmp_path: Path) -> None:
    left = [tmp_path / ".r.json.99999999.abcd1234.tmp", tmp_path / "out" / ".a.1.abcdefgh.tmp"]
    left[1].parent.mkdir()
    left[1] = left[1].with_name(".a.99999999.abcd1234.tmp.mp4")
    for path in left:
        path.touch()
    check_plan([], [Output("--j", tmp_path / "r.json"), Output("--o", tmp_path / "out", "folder")])
    assert not any(path.exists() for path in left)
