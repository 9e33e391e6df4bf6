"""What a person waits for: --help without torch, the first line of training soon."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resdet.benchmarks.coco import write_random_coco
from resdet.benchmarks.synthetic import make_voc
from resdet.benchmarks.whole import coco_commands, voc_commands
from resdet.evaluation import write_comp4
from resdet.structures.classes import VOC_CLASSES

ROOT = Path(__file__).resolve().parents[2]
TOOLS = sorted(p for p in (ROOT / "tools").glob("*.py") if p.stem != "__init__")
CLOCK = os.sysconf("SC_CLK_TCK")
ENV = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
# prints the tool's help, then what it imported
TELL = """
import runpy, sys
sys.argv = [sys.argv[1], "--help"]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print("heavy:", *({"torch", "cv2", "torchvision", "detectron2", "timm"} & set(sys.modules)))
"""


@pytest.mark.parametrize("tool", TOOLS, ids=lambda path: path.name)
def test_help_imports_nothing_heavy_and_takes_no_time(tool):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", TELL, str(tool)], env=ENV, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout
    assert done.stdout.splitlines()[-1] == "heavy:"
    # of the processor, not of the clock: others may be busy
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.5


# runs `resdet`, then prints what it imported
RAN = """
import sys
from resdet.commands.entry import command
command(sys.argv[1]).main(sys.argv[2:])
print("heavy:", *({"torch", "matplotlib", "torchvision", "detectron2", "timm"} & set(sys.modules)))
"""


@pytest.mark.parametrize("kind", ["voc", "coco"])
def test_files_are_scored_without_torch(kind, tmp_path):
    if kind == "voc":
        table = make_voc(tmp_path / "VOC2007", num_images=3, num_detections=30)
        write_comp4(tmp_path / "comp4", table, VOC_CLASSES)
        (command, _) = voc_commands(tmp_path / "VOC2007", tmp_path / "comp4").values()
    else:
        files = write_random_coco(tmp_path, images=3, detections=30, classes=2)
        (command, _) = coco_commands(*files).values()
    env = {**ENV, "RESDET_CACHE": str(tmp_path / "cache")}
    argv = [sys.executable, "-c", RAN, *map(str, command[1:])]
    done = subprocess.run(argv, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "heavy:"


def processor_seconds(pid: int) -> float:
    """Of a running process, as Linux counts it: user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK


def seconds_to_first_line(argv) -> float:
    """Processor time until the first iteration is told."""
    command = [sys.executable, "-u", *map(str, argv)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env=ENV, cwd=ROOT, **pipes) as process:
        seen = []
        for line in process.stdout:
            seen.append(line)
            if "img/s" in line:
                taken = processor_seconds(process.pid)
                process.kill()
                process.stdout.read()
                return taken
    raise AssertionError("".join(seen))


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    sizes = ["--train", "24", "--val", "12", "--test", "12", "--crops", folder / "crops"]
    tool = [sys.executable, ROOT / "tools" / "make_shapes.py", "--output", folder / "shapes"]
    subprocess.run([*map(str, tool), *map(str, sizes)], env=ENV, check=True, capture_output=True)
    return folder


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc: times are not told")
@pytest.mark.parametrize("trainer", ["train_backbone", "train_det"])
def test_the_first_line_of_training_comes_soon(shapes, tmp_path, trainer):
    argv = [ROOT / "tools" / f"{trainer}.py", "--output", tmp_path / "run"]
    if trainer == "train_det":
        argv += ["--config", "shapes_r18", "DATASETS.ROOT", shapes / "shapes"]
        argv += ["MODEL.WEIGHTS", "''", "SOLVER.IMS_PER_BATCH", "1"]
    else:
        argv += ["--config", "shapes_resnet18", "DATASETS.ROOT", shapes / "crops"]
        argv += ["SOLVER.IMS_PER_BATCH", "2"]
    started = time.monotonic()
    argv += ["MODEL.DEVICE", "cpu", "DATALOADER.NUM_WORKERS", "0"]
    taken = seconds_to_first_line(argv)
    assert taken < 10, f"{taken} s of the processor, {time.monotonic() - started} by the clock"
