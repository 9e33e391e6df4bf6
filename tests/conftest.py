"""Fixtures shared by all tests: one machine, tiny synthetic data, a tiny detector, real data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backbones.machine import cgroups, hardware
from resdet.engines import registry as registry_module

ROOT = Path(__file__).resolve().parents[1]

# One terminal and one locale, no plugins, in programs that tests start too.
for _name in ("FORCE_COLOR", "NO_COLOR", "PYTHON_COLORS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(_name, None)
os.environ.pop("RESDET_PLUGINS", None)
os.environ.update(COLUMNS="80", LINES="24", TERM="xterm", LC_ALL="C.UTF-8")


@pytest.fixture(scope="session", autouse=True)
def usual_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two cores of an ordinary processor, whatever there is."""
    cpuinfo = tmp_path_factory.mktemp("machine") / "cpuinfo"
    cpuinfo.write_text("model name\t: Intel(R) Xeon(R) Processor @ 2.80GHz\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hardware, "CPUINFO", cpuinfo)
        patch.setattr(cgroups, "CGROUP", cpuinfo.parent / "cgroup")
        patch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
        yield


@pytest.fixture(scope="session")
def shapes_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 + 2 + 4 images of 96 pixels."""
    from resdet.data.shapes.make import make_shapes

    root = tmp_path_factory.mktemp("data") / "shapes"
    make_shapes(root, num_train=12, num_val=2, num_test=4, size=96, seed=3)
    return root


@pytest.fixture(scope="session")
def imagenet_root(shapes_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shapes as ImageNet's DET and CLS-LOC."""
    from resdet.data.shapes.make import make_shape_imagenet

    root = tmp_path_factory.mktemp("data") / "ILSVRC"
    make_shape_imagenet(shapes_root, root)
    return root


@pytest.fixture(scope="session")
def localisation_data(imagenet_root: Path):  # type: ignore[no-untyped-def]
    """CLS-LOC's val of the shapes."""
    from resdet.data.voc.reader import load_voc

    return load_voc(imagenet_root / "Annotations" / "CLS-LOC", "val")


@pytest.fixture
def small_config(shapes_root: Path, tmp_path: Path) -> Callable:
    """A config of seconds on one core: `small_config("KEY", "VALUE", ..., base="shapes_r18")`."""
    from resdet import config

    def make(*overrides: str, base: str = "shapes_r18"):  # type: ignore[no-untyped-def]
        sizes = "96"
        small = {
            "DATASETS.ROOT": str(shapes_root),
            "DATALOADER.NUM_WORKERS": "0",
            "INPUT.MIN_SIZE_TRAIN": f"[{sizes}]",
            "INPUT.MAX_SIZE_TRAIN": sizes,
            "INPUT.MIN_SIZE_TEST": sizes,
            "INPUT.MAX_SIZE_TEST": sizes,
            "MODEL.WEIGHTS": "''",
            "MODEL.RESNETS.NORM": "GN",
            "MODEL.BACKBONE.FREEZE_AT": "0",
            "MODEL.BACKBONE.WIDTH": "0.125",
            "MODEL.RPN.POST_NMS_TOPK_TEST": "10",
            "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE": "8",
            "SOLVER.IMS_PER_BATCH": "2",
            "SOLVER.MAX_ITER": "4",
            "SOLVER.STEPS": "[3]",
            "SOLVER.CHECKPOINT_PERIOD": "2",
            "OUTPUT_DIR": str(tmp_path / "run"),
        }
        flat = [text for pair in small.items() for text in pair]
        return config.load(base, [*flat, *overrides])

    return make


@pytest.fixture
def fresh_plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Plugins of a test and all that they register are gone after it."""
    import sys

    import resdet.data.registry
    import resdet.engines.registry
    import resdet.evaluation.registry
    import resdet.modeling.registry
    from backbones import plugins, registry

    registry.names()
    monkeypatch.setattr(plugins, "_loaded", set())
    monkeypatch.setattr(registry, "_BUILDERS", dict(registry._BUILDERS))
    for things in (
        resdet.modeling.registry.HEADS,
        resdet.data.registry.FORMATS,
        resdet.engines.registry.ENGINES,
        resdet.evaluation.registry.METRICS,
    ):
        monkeypatch.setattr(things, "_things", {})
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file and not file.startswith((str(ROOT), sys.prefix, sys.base_prefix)):
            del sys.modules[name]


@pytest.fixture
def tiny_checkpoint(small_config: Callable, tmp_path: Path) -> Path:
    """A detector of random weights on disk: it finds a lot, and nothing of it is true."""
    names = ("circle", "square", "triangle", "star", "cross", "ring")
    return _saved(small_config(), names, tmp_path / "tiny.pth")


@pytest.fixture
def tiny_localiser(small_config: Callable, localisation_data, tmp_path: Path) -> Path:  # type: ignore[no-untyped-def]
    """A localiser of random weights on disk."""
    small = ("MODEL.RESNETS.DEPTH", "18", "MODEL.ROI_HEADS.NUM_CLASSES", "6")
    cfg = small_config(*small, base="imagenet_loc_r101")
    return _saved(cfg, localisation_data.class_names, tmp_path / "localiser.pth")


def _saved(cfg, names, path: Path) -> Path:  # type: ignore[no-untyped-def]
    import torch

    from resdet.checkpoints import checkpoint
    from resdet.detector import build

    torch.manual_seed(0)
    engine = registry_module.load("tv")
    model, _ = build.build_model(cfg, engine)
    state = checkpoint.DetectorCheckpoint(engine.canonical_state(model), cfg, names, "tv", 0, {})
    checkpoint.save(path, state)
    return path


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of an archive of real data, laid out anew; skips where the archive is absent."""
    shared = Path(os.environ.get("RESDET_SHARED_DATA", ROOT.parent / "shared" / "data"))

    def unpack(name: str) -> Path:
        if not (shared / name).is_file():
            pytest.skip(f"no real data at {shared / name}; set RESDET_SHARED_DATA")
        folder = tmp_path_factory.mktemp("unpacked")
        shutil.unpack_archive(shared / name, folder)
        return folder

    return unpack


@pytest.fixture
def random_network() -> Callable:
    """Create a network of a quarter of the width, its statistics, scales and biases random too."""
    import torch

    import backbones

    def make(name: str, **options: object):  # type: ignore[no-untyped-def]
        torch.manual_seed(3)
        model = backbones.create(name, **{"width": 0.25, "num_classes": 7, **options})
        for key, value in model.state_dict().items():
            if key.endswith(("running_mean", "bias")):
                value.uniform_(-0.2, 0.2)
            elif key.endswith("running_var") or (value.ndim == 1 and key.endswith("weight")):
                value.uniform_(0.5, 1.5)
        return model.eval()

    return make
