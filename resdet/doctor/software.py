"""Python, torch and the packages around it: imported and called, not only looked up."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import platform
import re
import sys
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from backbones.machine.versions import importable, installed, look_for_no_updates, version
from backbones.plugins import load_plugins
from resdet.doctor.finding import Finding, guarded
from resdet.engines.registry import INSTALL_DETECTRON2

DRIVER = Path("/proc/driver/nvidia/version")
_INDEX = "https://download.pytorch.org/whl/"
# what is imported, beside what has a check of its own
REQUIRED = (
    *("numpy", "albumentations", "orjson", "fvcore", "rich", "tensorboard", "matplotlib"),
    *("PIL", "safetensors", "yaml"),
)
EXTRAS = {
    "onnx": (("onnx", "onnxruntime", "onnxscript"), "resdet export, and --runtime onnxruntime"),
    "openvino": (("openvino", "nncf"), "--runtime openvino, and resdet export --int8"),
    "convert": (("supervision", "pandas"), "results in others' forms"),
    "video": (("av",), "sound and frame times of videos"),
    "wandb": (("wandb",), "WANDB.ENABLED True"),
    "bench": (("timm",), "a peer of resdet benchmark"),
}


def python() -> Iterator[Finding]:
    """Its version and where it lies."""
    yield Finding("Python", "ok", f"{platform.python_version()}, {sys.prefix}")


def torch_build() -> Iterator[Finding]:
    """The version, and whether its CUDA build fits the driver."""
    torch = importlib.import_module("torch")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        usable = torch.cuda.is_available()
    built = torch.version.cuda or torch.version.hip
    text = f"{torch.__version__}, built for {f'CUDA {built}' if built else 'the CPU'}"
    if usable or not DRIVER.exists():
        yield Finding("torch", "ok", text)
        return
    driver = re.search(r"Kernel Module.*?(\d+\.[\d.]+)", DRIVER.read_text(encoding="utf-8"))
    text += f"; the NVIDIA driver is {driver.group(1) if driver else 'there'}"
    if not built:
        command = f"pip install --force-reinstall torch torchvision --index-url {_INDEX}cu128"
        yield Finding("torch", "warning", text, "to use the GPU, take a build for CUDA:", command)
        return
    reason = " ".join(str(told[0].message).split()) if told else "no GPU answers"
    remedy = "update the driver, or install torch and torchvision of an older CUDA, together"
    yield Finding("torch", "warning", f"{text}; {reason}", remedy)


def gpus() -> Iterator[Finding]:
    """Each device, its memory and capability, and a product of matrices on it."""
    torch = importlib.import_module("torch")
    if not torch.cuda.is_available():
        yield Finding("GPU", "note", "none: training and detection run on the CPU")
        return
    kinds = torch.cuda.get_arch_list()
    for index in range(torch.cuda.device_count()):
        name = torch.cuda.get_device_name(index)
        major, minor = torch.cuda.get_device_capability(index)
        free, total = torch.cuda.mem_get_info(index)
        text = f"cuda:{index} {name}, capability {major}.{minor}, "
        text += f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
        try:
            ones = torch.ones(64, 64, device=f"cuda:{index}")
            works = float((ones @ ones).sum()) == 64**3
        except RuntimeError as error:
            works, text = False, f"{text}; {str(error).splitlines()[0]}"
        remedy = f"take a torch that is built for sm_{major}{minor}; this one: {' '.join(kinds)}"
        yield Finding("GPU", "ok" if works else "error", text, "" if works else remedy)


def torchvision_operators() -> Iterator[Finding]:
    """NMS and RoIAlign of two boxes, whose answers are known."""
    topic, found = "torchvision", version("torchvision")
    remedy = (
        "take torch and torchvision of one index, together; for a GPU cu128 or the like, not cpu:",
        f"pip install --force-reinstall torch torchvision --index-url {_INDEX}cpu",
    )
    try:
        torch = importlib.import_module("torch")
        ops = importlib.import_module("torchvision.ops")
        boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 4.1], [8.0, 8.0, 9.0, 9.0]])
        kept = ops.nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.5).tolist()
        pooled = ops.roi_align(torch.ones(1, 1, 9, 9), [boxes[:1]], 2, aligned=True)
        right = kept == [1, 2] and bool((pooled == 1).all())
    except (ImportError, OSError, RuntimeError, AttributeError, NotImplementedError) as error:
        text = f"{found}: its operators do not load: {' '.join(str(error).split())[:200]}"
        yield Finding(topic, "error", text, *remedy)
        return
    if not right:
        yield Finding(topic, "error", f"{found}: nms or roi_align answer wrongly", *remedy)
        return
    wanted = _torch_wanted()
    if wanted:
        text = f"{found} is built for torch {wanted}, got {version('torch')}"
        yield Finding(topic, "warning", text, *remedy)
    else:
        yield Finding(topic, "ok", f"{found}, nms and roi_align answer rightly")


def _torch_wanted() -> str:
    """The torch that this torchvision says it is built for, where another is installed; else ""."""
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    torch = installed("torch")
    if not torch or not installed("torchvision"):
        return ""
    needs = map(Requirement, importlib.metadata.requires("torchvision") or ())
    wanted = next((need.specifier for need in needs if need.name == "torch"), SpecifierSet())
    fits = wanted.contains(torch, prereleases=True)
    return "" if fits else str(wanted).removeprefix("==")


def detectron2() -> Iterator[Finding]:
    """Whether it is there, loads, and has its compiled part."""
    topic = "detectron2"
    again = f"build it against the torch that is here, {version('torch')}; a compiler is needed:"
    if not importable("detectron2"):
        text = "absent: --engine tv does all the same, without it"
        yield Finding(topic, "note", text, f"to run inside it, {again}", INSTALL_DETECTRON2)
        return
    found = version("detectron2") or "of unknown version"
    try:
        importlib.import_module("detectron2.config")
        importlib.import_module("detectron2.modeling")
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        text = f"{found} does not load: {' '.join(str(error).split())[:200]}"
        yield Finding(topic, "error", text, again, INSTALL_DETECTRON2)
        return
    try:
        importlib.import_module("detectron2._C")
    except ImportError as error:
        text = f"{found}, without its compiled part: Faster R-CNN needs none"
        level = "note" if isinstance(error, ModuleNotFoundError) else "warning"
        yield Finding(topic, level, text, f"for its other operators, {again}", INSTALL_DETECTRON2)
        return
    yield Finding(topic, "ok", f"{found}, with its compiled part")


def opencv() -> Iterator[Finding]:
    """A JPEG, written and read."""
    cv2 = importlib.import_module("cv2")
    np = importlib.import_module("numpy")
    image = np.full((8, 8, 3), 100, np.uint8)
    done, data = cv2.imencode(".jpg", image)
    back = cv2.imdecode(data, cv2.IMREAD_COLOR) if done else None
    if back is None or abs(int(back[0, 0, 0]) - 100) > 2:
        command = "pip install --force-reinstall opencv-python-headless"
        text = f"{cv2.__version__} does not decode a JPEG"
        yield Finding("OpenCV", "error", text, "install it again:", command)
        return
    builds = [f"opencv-{kind}" for kind in _OPENCV_BUILDS if installed(f"opencv-{kind}")]
    if len(builds) > 1:
        text = f"{cv2.__version__}, of {' and '.join(builds)}, which overwrite each other"
        command = f"pip uninstall -y {' '.join(builds)}; pip install opencv-python-headless"
        yield Finding("OpenCV", "warning", text, "keep one:", command)
    else:
        yield Finding("OpenCV", "ok", f"{cv2.__version__}, decodes JPEG")


_OPENCV_BUILDS = ("python", "python-headless", "contrib-python", "contrib-python-headless")


def coco_tools() -> Iterator[Finding]:
    """The overlap of a box with itself, by the compiled parts of both."""
    for module, distribution in (
        ("pycocotools.mask", "pycocotools"),
        ("faster_coco_eval.core.mask", "faster-coco-eval"),
    ):
        yield from guarded("COCO tools", partial(_overlap, module, distribution))


def _overlap(module: str, distribution: str) -> list[Finding]:
    np = importlib.import_module("numpy")
    box = np.array([[1.0, 1.0, 4.0, 4.0]])
    value = float(importlib.import_module(module).iou(box, box, [0])[0][0])
    if value != 1:
        text = f"{distribution} answers wrongly: {value}"
        command = f"pip install --force-reinstall {distribution}"
        return [Finding("COCO tools", "error", text, "install it again:", command)]
    return [Finding("COCO tools", "ok", f"{distribution} {installed(distribution)}")]


def packages() -> Iterator[Finding]:
    """What else is imported at work."""
    loaded, broken = [], []
    look_for_no_updates()
    for name in REQUIRED:
        faults = guarded("packages", partial(_import, name))
        loaded += [] if faults else [name]
        broken += faults
    yield Finding("packages", "ok", f"load: {', '.join(loaded)}")
    yield from broken


def _import(name: str) -> list[Finding]:
    importlib.import_module(name)
    return []


def extras() -> Iterator[Finding]:
    """The optional packages, which are looked up only."""
    for extra, (names, purpose) in EXTRAS.items():
        absent = [name for name in names if importlib.util.find_spec(name) is None]
        if absent:
            text = f"{extra}: {', '.join(absent)} absent; {purpose}"
            yield Finding("optional", "note", text, command=f"pip install {' '.join(absent)}")
        else:
            text = ", ".join(f"{name} {installed(name)}" for name in names)
            yield Finding("optional", "ok", f"{extra}: {text}")


def runtimes() -> Iterator[Finding]:
    """What can run a checkpoint here, each imported."""
    from resdet.runtimes.choice import CONVERTERS, RUNTIMES, TORCH, absent

    loaded, broken = [], []
    for name, runtime in RUNTIMES.items():
        if name != TORCH and absent(name, CONVERTERS):
            continue
        faults = guarded("runtimes", partial(_import, runtime.package))
        loaded += [] if faults else [f"{name} {runtime.version}"]
        broken += faults
    yield Finding("runtimes", "ok", f"of checkpoints: {', '.join(loaded)}")
    yield from broken


def plugins() -> Iterator[Finding]:
    """Modules of others that add to resdet, imported."""
    try:
        names = load_plugins()
    except ValueError as error:
        yield Finding("plugins", "error", " ".join(str(error).split()), "mend it, or leave it out")
        return
    yield Finding("plugins", "ok", f"load: {', '.join(names)}" if names else "none are named")
