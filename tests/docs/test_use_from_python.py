"""The example runs as it stands, and its types are those of the packages."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import cv2
import PIL.Image
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs/examples/use_from_python.py"


@pytest.mark.parametrize("rotated", [False, True])
def test_it_runs(tiny_checkpoint, shapes_root, tmp_path, capsys, rotated):
    pytest.importorskip("pandas")
    pytest.importorskip("supervision")
    photo = tmp_path / "photo.jpg"
    shape = PIL.Image.open(sorted((shapes_root / "JPEGImages").glob("*.jpg"))[0])
    exif = PIL.Image.Exif()
    exif[0x0112] = 6 if rotated else 1
    shape.crop((0, 0, 96, 60)).save(photo, exif=exif, quality=95)
    spec = importlib.util.spec_from_file_location("use_from_python", EXAMPLE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    example.main(str(tiny_checkpoint), str(photo), str(tmp_path / "drawn.png"))
    told = capsys.readouterr().out
    as_path, as_pil, as_cv2 = told.split("cv2, torch: ")[1].split()[:3]
    assert as_path == as_pil == as_cv2 != "0"
    width, height = (60, 96) if rotated else (96, 60)
    assert cv2.imread(str(tmp_path / "drawn.png")).shape == (height, width, 3)


@pytest.mark.slow
def test_its_types_are_sound():
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", str(EXAMPLE)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
