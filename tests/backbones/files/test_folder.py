"""Folders that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backbones.files.atomic import WriteError, atomic_path, copy_inside, sweep, write_inside
from backbones.files.folder import folder_beside, whole_folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_takes_its_name_when_all_is_written(tmp_path: Path) -> None:
    target = tmp_path / "new" / "target"
    with whole_folder(target) as fresh:
        (fresh / "a").write_text("a")
        assert not target.exists()
    assert names(target) == ["a"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o755
    assert names(tmp_path / "new") == ["target"]


@pytest.mark.parametrize("replace", [False, True])
def test_what_fails_leaves_all_as_it_was(tmp_path: Path, replace: bool) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "old").touch()
    with (
        pytest.raises(FileNotFoundError, match="absent"),
        whole_folder(tmp_path / "target", replace=replace) as fresh,
    ):
        (fresh / "a" / "absent").touch()
    assert names(tmp_path) == ["target"]
    assert names(tmp_path / "target") == ["old"]


def test_an_empty_folder_is_taken_and_a_full_one_only_where_it_is_to_be(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "link"
    target.symlink_to(tmp_path / "elsewhere")
    with whole_folder(target) as fresh:
        (fresh / "first").touch()
    with pytest.raises(OSError, match="not empty"), whole_folder(target) as fresh:
        (fresh / "second").touch()
    assert names(target) == ["first"]
    with whole_folder(target, replace=True) as fresh:
        (fresh / "third").touch()
    assert target.is_symlink()
    assert names(target) == ["third"]
    assert names(tmp_path) == ["elsewhere", "link"]


def test_the_old_folder_comes_back_where_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "old").touch()
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name.endswith(".tmp"):
            raise PermissionError("not now")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with (
        pytest.raises(WriteError, match="target must be writable, got 'not now'"),
        whole_folder(tmp_path / "target", replace=True) as fresh,
    ):
        (fresh / "new").touch()
    assert names(tmp_path) == ["target"]
    assert names(tmp_path / "target") == ["old"]


def test_what_is_taken_out_stays_and_the_rest_goes(tmp_path: Path) -> None:
    with folder_beside(tmp_path / "file") as folder:
        (folder / "rest").touch()
        (folder / "file").touch()
        (folder / "file").replace(tmp_path / "file")
    assert names(tmp_path) == ["file"]


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib\n"
        "from backbones.files.folder import whole_folder\n"
        "with whole_folder(pathlib.Path(sys.argv[1])) as fresh:\n"
        "    (fresh / 'a').touch(); os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "target")])
    (left,) = tmp_path.iterdir()
    assert sweep(tmp_path) == [left]
    assert names(tmp_path) == []


def test_a_full_disk_is_told_by_the_name_that_the_file_would_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    told = r"^.*/target/a/b\.txt must be writable, got 'No space left on device', .* MB free"
    with pytest.raises(WriteError, match=told), whole_folder(tmp_path / "target") as fresh:
        write_inside(fresh / "a" / "b.txt", "text")
    with pytest.raises(WriteError, match=told), whole_folder(tmp_path / "target") as fresh:
        (fresh / "a" / "b.txt").write_bytes(b"by another way")
    assert names(tmp_path) == []


def test_a_disk_that_a_copy_fills_is_told_likewise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(source), None, str(target))

    monkeypatch.setattr(shutil, "copyfile", full)
    (tmp_path / "a").touch()
    told = r"^.*/target/b must be writable, got 'No space left on device'"
    with pytest.raises(WriteError, match=told), whole_folder(tmp_path / "target") as fresh:
        copy_inside(tmp_path / "a", fresh / "b")


def test_a_file_that_is_made_beside_its_place_is_told_by_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    told = f"^{tmp_path / 'a.pth'} must be writable"
    with (
        pytest.raises(WriteError, match=told),
        folder_beside(tmp_path / "a.pth", tmp_path) as folder,
    ):
        write_inside(folder / "a.pth", b"")


@pytest.mark.parametrize(("owner", "name"), [(shutil, "rmtree"), (Path, "unlink")])
@pytest.mark.parametrize("make", [folder_beside, atomic_path])
def test_a_signal_amid_the_cleaning_comes_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Any, owner: object, name: str
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, name, interrupted)
    with pytest.raises((KeyboardInterrupt, ValueError)), make(tmp_path / "target"):
        raise ValueError
    assert names(tmp_path) == []


def test_a_signal_amid_the_exchange_brings_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "old").touch()
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> None:
        rename(self, target)
        if self.name == "target":
            monkeypatch.undo()
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", interrupted)
    with (
        pytest.raises(KeyboardInterrupt),
        whole_folder(tmp_path / "target", replace=True) as fresh,
    ):
        (fresh / "new").touch()
    assert names(tmp_path) == ["target"]
    assert names(tmp_path / "target") == ["old"]


def test_copies_and_links(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "to_a").symlink_to("a")
    copy_inside(tmp_path / "to_a", tmp_path / "out" / "copy")
    copy_inside(tmp_path / "to_a", tmp_path / "out" / "hard", link=True)
    assert names(tmp_path / "out") == ["copy", "hard"]
    assert (tmp_path / "out" / "hard").samefile(tmp_path / "a")
    assert (tmp_path / "out" / "copy").read_text() == "a"
    with pytest.raises(FileNotFoundError, match="absent"):
        copy_inside(tmp_path / "absent", tmp_path / "out" / "b")


def test_links_on_another_disk_are_symbolic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def across(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", across)
    (tmp_path / "a").write_text("a")
    copy_inside(tmp_path / "a", tmp_path / "b", link=True)
    assert (tmp_path / "b").readlink() == (tmp_path / "a").resolve()


def test_a_folder_that_waited_for_a_killed_process_comes_back(tmp_path: Path) -> None:
    waiting = tmp_path / ".target.99999999.abcd1234.old"
    (waiting / "target").mkdir(parents=True)
    (waiting / "target" / "old").touch()
    sweep(tmp_path)
    assert names(tmp_path) == ["target"]
    assert names(tmp_path / "target") == ["old"]
