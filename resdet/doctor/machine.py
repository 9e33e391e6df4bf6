"""Cores, memory, disks, data and settings, as far as this process may use them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from backbones.machine.cgroups import cgroup_cores, cgroup_memory
from backbones.machine.hardware import available_cores, cpu_model, machine_memory, visible_cores
from backbones.terminal.wording import nearest
from resdet.doctor.finding import Finding

SHARED = Path("/dev/shm")
GIB = 2**30
SETTINGS = ("RESDET_CACHE", "RESDET_MAX_PIXELS", "RESDET_PLUGINS", "RESDET_TIMEOUT")
OTHERS = ("DETECTRON2_DATASETS", "TORCH_HOME", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")


def cores() -> Iterator[Finding]:
    """Those that the process may use, and what its control group grants."""
    count, granted = visible_cores(), cgroup_cores()
    text = f"{count} of {cpu_model()}"
    if granted is not None and granted < count:
        text += f"; limited here to the time of {granted:g}"
        remedy = f"export OMP_NUM_THREADS={available_cores()}, or processes wait for each other"
        yield Finding("cores", "warning", text, remedy)
    else:
        yield Finding("cores", "ok", text)


def memory() -> Iterator[Finding]:
    """What is free of what there is, or of what the control group grants."""
    known = machine_memory()
    if known is None:
        yield Finding("memory", "note", "cannot be told: no /proc/meminfo")
        return
    total, free = known
    text = f"{free / GIB:.1f} of {total / GIB:.1f} GiB free"
    limit, used = cgroup_memory()
    if limit is not None and limit < total:
        free = min(free, limit - used)
        text += f"; limited here to {limit / GIB:.1f} GiB, {free / GIB:.1f} GiB of it free"
    if free < 4 * GIB:
        remedy = "lower SOLVER.IMS_PER_BATCH and DATALOADER.NUM_WORKERS"
        yield Finding("memory", "warning", text, remedy)
    else:
        yield Finding("memory", "ok", text)


def shared_memory() -> Iterator[Finding]:
    """/dev/shm, through which the workers of a loader hand on images."""
    if not SHARED.is_dir():
        return
    room = shutil.disk_usage(SHARED)
    text = f"{room.free / GIB:.1f} of {room.total / GIB:.1f} GiB free in {SHARED}"
    if room.free < GIB:
        remedy = "docker run --shm-size=8g, or DATALOADER.NUM_WORKERS 0; workers die without it"
        yield Finding("shared memory", "warning", text, remedy)
    else:
        yield Finding("shared memory", "ok", text)


def output_folder(folder: Path) -> Iterator[Finding]:
    """Whether a file can be written there, and the room on its disk."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    remedy = "give another folder as --output, or OUTPUT_DIR of a config"
    try:
        with tempfile.NamedTemporaryFile(dir=place) as file:
            file.write(b"1")
            file.flush()
    except OSError as error:
        text = f"{folder} cannot be written: {error.strerror or error}"
        yield Finding("output", "error", text, remedy)
        return
    free = shutil.disk_usage(place).free
    text = f"{folder} can be written, {free / GIB:.1f} GiB free on its disk"
    level = "warning" if free < 5 * GIB else "ok"
    yield Finding("output", level, text, "" if level == "ok" else f"make room, or {remedy}")


def datasets(root: Path | None) -> Iterator[Finding]:
    """Which names of the catalog lie below the root of data."""
    from resdet.data.catalog import dataset_root, names_below

    base = dataset_root(root)
    remedy = (
        "none is needed for --data DIR with images of your own; for names such as "
        "voc_2007_test, set DETECTRON2_DATASETS to the folder of VOC2007/ or coco/"
    )
    if not base.is_dir():
        text = f"{base} is no folder: no dataset by name"
        yield Finding("data", "note", text, remedy)
        return
    names = names_below(base)
    if names:
        yield Finding("data", "ok", f"{base}: {', '.join(names)}")
    else:
        yield Finding("data", "note", f"{base}: none of the known datasets", remedy)


def cached_weights() -> Iterator[Finding]:
    """What torchvision has downloaded; other files there are not counted."""
    from torch import hub

    folder = Path(hub.get_dir()) / "checkpoints"
    files = sorted(path.name for path in folder.glob("*.pth")) if folder.is_dir() else []
    known = [name for name in files if name.startswith(("resnet", "vgg"))]
    if known:
        yield Finding("weights", "ok", f"{folder}: {', '.join(known)}")
    else:
        text = f"none in {folder}: torchvision:<weights> are downloaded when first used"
        remedy = "without a network, copy them there, or set TORCH_HOME"
        yield Finding("weights", "note", text, remedy)


def settings() -> Iterator[Finding]:
    """Variables of the environment that change what resdet does."""
    from backbones.terminal.patience import patience

    ours = [name for name in os.environ if name.startswith("RESDET_")]
    unknown = [name for name in ours if name not in (*SETTINGS, "RESDET_SHARED_DATA")]
    for name in unknown:
        text = f"{name} is no setting of resdet{nearest(name, SETTINGS, most=1, cutoff=0.6)}"
        yield Finding("settings", "warning", text, f"unset {name}")
    try:
        patience()
    except ValueError as error:
        yield Finding("settings", "error", str(error), "unset RESDET_TIMEOUT")
    given = [f"{name}={os.environ[name]}" for name in (*SETTINGS, *OTHERS) if os.environ.get(name)]
    yield Finding("settings", "ok", ", ".join(given) or "no variable is set: the defaults hold")
