"""Files that appear whole or not at all, on a disk that fills and in a process that is killed."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from backbones.files.atomic import WriteError, atomic_write, sweep, write_bytes, write_together
from backbones.weights import checkpoint


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow past 200 kB: a write fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_with_the_file_and_the_room(tmp_path: Path, small_disk: None) -> None:
    path = tmp_path / "model.pth"
    checkpoint.save(path, {"w": torch.zeros(10)})
    before = path.read_bytes()
    told = r"model\.pth must be writable, got 'File too large', [\d.]+ MB free on its disk; make"
    with pytest.raises(WriteError, match=told):
        checkpoint.save(path, {"w": torch.zeros(100_000)})
    with pytest.raises(WriteError, match=told), atomic_write(path) as file:
        file.write(bytes(300_000))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.pth"]


def test_a_link_stays_one_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "new" / "file")
    for content in (b"first", b"second"):
        write_bytes(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "elsewhere" / "new" / "file").read_bytes() == content
    (tmp_path / "round").symlink_to(tmp_path / "round")
    write_bytes(tmp_path / "round", b"file")
    assert (tmp_path / "round").read_bytes() == b"file"
    assert {path.name for path in tmp_path.iterdir()} == {"elsewhere", "link", "round"}


def test_a_folder_that_cannot_be_made_is_told_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = r"file/new/r\.json must be writable, got 'Not a directory'"
    with pytest.raises(WriteError, match=told):
        write_bytes(tmp_path / "file" / "new" / "r.json", b"")


def test_a_name_as_long_as_the_disk_takes(tmp_path: Path) -> None:
    name = 85 * "\N{HIRAGANA LETTER A}"  # 255 bytes
    write_bytes(tmp_path / name, b"whole")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_files_that_belong_together_come_all_or_none(tmp_path: Path, small_disk: None) -> None:
    model, weights = tmp_path / "a.xml", tmp_path / "a.bin"
    for large in (model, weights):
        contents = {path: bytes(300_000 if path == large else 3) for path in (model, weights)}
        with pytest.raises(WriteError, match=f"{large.name} must be writable"):
            write_together(contents)
        assert os.listdir(tmp_path) == []
    write_together({model: b"model", weights: b"weights"})
    assert (model.read_bytes(), weights.read_bytes()) == (b"model", b"weights")
    with pytest.raises(WriteError):
        write_together({model: b"other", weights: bytes(300_000)})
    assert model.read_bytes() == b"model"


def test_those_that_came_go_where_the_last_cannot_come(tmp_path: Path) -> None:
    (tmp_path / "a.xml").mkdir()
    with pytest.raises(WriteError, match="a.xml must be writable"):
        write_together({tmp_path / "a.xml": b"model", tmp_path / "a.bin": b"weights"})
    assert os.listdir(tmp_path) == ["a.xml"]


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def write() -> None:
        with atomic_write(path) as file:
            file.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_an_error_of_the_writer_itself_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="elsewhere"), atomic_write(tmp_path / "a"):
        Path("elsewhere").read_bytes()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib\n"
        "from backbones.files.atomic import atomic_write\n"
        "with atomic_write(pathlib.Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "model_0000001.pth")])
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".model_0000001.pth.")
    parent = tmp_path / f".model.pth.{os.getppid()}.abcd1234.tmp"  # a process that lives
    others = [tmp_path / ".hidden", tmp_path / "model.pth.1.abcd1234.tmp", parent]
    others.append(tmp_path / ".results.json-abcd1234")  # whoever wrote it
    for path in others:
        path.write_bytes(b"")
    folder = tmp_path / ".gallery.99999999.abcd1234.tmp"
    (folder / "pictures").mkdir(parents=True)
    assert set(sweep(tmp_path)) == {left, folder}
    assert set(tmp_path.iterdir()) == set(others)
    assert sweep(tmp_path / "absent") == []


def test_a_flipped_bit_in_a_torch_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    checkpoint.save(path, {"w": torch.zeros(1000)})
    content = bytearray(path.read_bytes())
    content[content.index(bytes(2000)) + 1000] ^= 1  # torch.load returns it as it is
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"readable torch file, got .*model\.pth \(.*data/0 in it"):
        checkpoint.load(path)
