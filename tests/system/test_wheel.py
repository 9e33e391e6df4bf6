"""The wheel and the source archive, built, installed and used outside the checkout."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("build")
pytest.importorskip("hatchling")

ROOT = Path(__file__).resolve().parents[2]
DEVELOPERS = ("draw_architecture.py", "make_golden.py", "readme_tables.py")
pytestmark = pytest.mark.slow


def call(*command, cwd, fails=False):
    outside = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env={**outside, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The source archive, and the wheel that is built of it."""
    folder = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ".", cwd=ROOT)
    (source,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return source, wheel


@pytest.fixture(scope="module")
def installed(archives, tmp_path_factory):
    """A fresh environment with the wheel in it, and this one's packages behind it."""
    folder = tmp_path_factory.mktemp("installed")
    call(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index"]
    call(*pip, archives[1], cwd=folder)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    # an editable installation there is not followed: a .pth of a .pth's folder is not read
    (packages / "behind.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (folder / "work").mkdir()
    return folder


@pytest.fixture(scope="module")
def resdet(installed):
    def start(*argv, fails=False):
        command = installed / "venv" / "bin" / "resdet"
        return call(command, *argv, cwd=installed / "work", fails=fails)

    return start


def test_what_is_shipped(archives):
    source, wheel = archives
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    parts = {"/".join(Path(name).parts[:1]) for name in names}
    assert parts == {"backbones", "resdet", "resdet-0.1.0.dist-info"}
    for name in (
        "resdet/visualization/gallery_page/index.html",
        "resdet/py.typed",
        "backbones/py.typed",
        "backbones/_shipped/configs/detection/shapes_r18.yaml",
        "backbones/_shipped/configs/backbones/shapes_resnet18.yaml",
        "resdet/commands/train_det.py",
    ):
        assert name in names
    assert not [name for name in names if name.endswith(DEVELOPERS)]
    with tarfile.open(source) as file:
        tops = {Path(name).parts[1] for name in file.getnames()}
    assert tops >= {"backbones", "configs", "resdet", "tools", "pyproject.toml", "README.md"}
    assert not tops & {"tests", "demo", "output", "datasets", ".ci"}


def test_it_is_the_installed_one_that_runs(installed, resdet):
    tell = "import backbones, resdet; print(backbones.__file__, resdet.__file__)"
    done = call(installed / "venv" / "bin" / "python", "-c", tell, cwd=installed / "work")
    assert all(path.startswith(str(installed)) for path in done.stdout.split())
    assert resdet("--version").stdout.startswith("resdet      0.1.0\n")


def test_every_command_has_its_help(resdet):
    from resdet.commands import entry as command

    for name in command.COMMANDS:
        told = resdet(name, "--help").stdout
        assert told.startswith(f"usage: resdet {name}"), name
        assert f"\n  resdet {name}" in told, name


def test_from_shapes_to_a_measured_detector_by_the_name_of_a_config(installed, resdet):
    wrong = resdet(
        "train-det", "--config", "shapes_r18", "--output", "none", "--eval-only", fails=True
    )
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: ")
    assert "Traceback" not in wrong.stderr

    counts = ("--train", "8", "--val", "2", "--test", "4", "--size", "96")
    resdet("make-shapes", "--output", "shapes", *counts)
    keys = ["DATASETS.ROOT=shapes", "MODEL.WEIGHTS=", "MODEL.BACKBONE.WIDTH=0.125"]
    keys += ["MODEL.RESNETS.NORM=GN", "MODEL.BACKBONE.FREEZE_AT=0", "SOLVER.MAX_ITER=2"]
    keys += ["SOLVER.STEPS=[1]", "SOLVER.IMS_PER_BATCH=2", "DATALOADER.NUM_WORKERS=0"]
    keys += ["MODEL.DEVICE=cpu", "SOLVER.WARMUP_ITERS=0", "SOLVER.CHECKPOINT_PERIOD=2"]
    resdet("train-det", "--config", "shapes_r18", "--output", "run", "--engine", "tv", *keys)
    checkpoint = ("--checkpoint", "run/model_final.pth", "--engine", "tv", "--device", "cpu")
    truth = ("--data", "shapes", "--split", "test", "--json", "result.json")
    assert "mAP" in resdet("eval-voc", *checkpoint, *truth).stdout
    gallery = ("--gallery", "gallery", "--resamples", "0")
    resdet("compare", "a=result.json", "b=result.json", *gallery)
    assert (installed / "work" / "gallery" / "index.html").is_file()


def test_torchrun_starts_a_command(installed, resdet):
    python = installed / "venv" / "bin" / "python"
    launch = [python, "-m", "torch.distributed.run", "--nproc_per_node=1", "--standalone"]
    done = call(*launch, "-m", "resdet", "train-det", "--help", cwd=installed / "work")
    assert done.stdout.startswith("usage: resdet train-det")
