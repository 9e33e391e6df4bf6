import subprocess
import sys

from resdet.data.voc.reader import load_voc

COUNTS = ["--train", "6", "--val", "2", "--test", "2", "--size", "48", "--crop-size", "16"]


def make_shapes(*arguments):
    command = [sys.executable, "tools/make_shapes.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_writes_once_and_says_what(tmp_path):
    arguments = ["--output", tmp_path / "s", "--crops", tmp_path / "c", *COUNTS]
    first = make_shapes(*arguments)
    assert first.returncode == 0, first.stderr
    assert f"{tmp_path}/s: written" in first.stdout
    assert f"{tmp_path}/c: written" in first.stdout
    data = load_voc(tmp_path / "s", "train")
    circles = sum((r.ground_truth.labels == 0).sum() for r in data.records)
    line = next(line for line in first.stdout.splitlines() if line.split()[0] == "train")
    assert line.split()[1:5] == ["6", "images", "circle", str(circles)]
    second = make_shapes(*arguments)
    assert second.stdout.count("there already, kept") == 2
    other = make_shapes(*arguments, "--seed", "1")
    assert other.returncode == 2
    assert other.stderr.startswith(f"error: {tmp_path}/s must hold")
    assert "Traceback" not in other.stderr
