"""Every sickness of the packages that is known."""

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest

from resdet.doctor import software

GIB = 2**30


@pytest.fixture
def imports(monkeypatch):
    """Puts a function in the place of the import that doctor, and nobody else, calls."""

    def replace(load):
        own = {**vars(importlib), "import_module": load}
        monkeypatch.setattr(software, "importlib", SimpleNamespace(**own))

    return replace


@pytest.fixture
def absent(imports):
    """Makes the import of a module fail, with a given error."""

    def make(name, error):
        def load(asked):
            if asked == name:
                raise error
            return importlib.import_module(asked)

        imports(load)

    return make


@pytest.fixture
def fake(imports):
    """Puts another module in the place of one."""

    def make(**modules):
        imports(lambda name: modules.get(name) or importlib.import_module(name))

    return make


def torch_with(built, usable, **cuda):
    cuda = {"is_available": lambda: usable, **cuda}
    version = SimpleNamespace(cuda=built, hip=None)
    return SimpleNamespace(__version__="2.15.0", version=version, cuda=SimpleNamespace(**cuda))


def test_a_build_of_torch_that_does_not_fit_the_driver(fake, monkeypatch, tmp_path):
    monkeypatch.setattr(software, "DRIVER", tmp_path / "version")
    fake(torch=torch_with("13.2", False))
    assert [f.level for f in software.torch_build()] == ["ok"]  # no driver: no GPU is missed
    (tmp_path / "version").write_text("NVRM: NVIDIA UNIX x86_64 Kernel Module  535.104  Sat\n")
    (old,) = software.torch_build()
    assert (old.level, "driver is 535.104" in old.text) == ("warning", True)
    assert "update the driver" in old.remedy
    fake(torch=torch_with(None, False))
    (cpu,) = software.torch_build()
    assert (cpu.level, "built for the CPU" in cpu.text) == ("warning", True)
    assert cpu.command.startswith("pip install --force-reinstall torch torchvision")


def test_a_gpu_for_which_torch_is_not_built(fake):
    def fails(*_, **__):
        raise RuntimeError("CUDA error: no kernel image is available\nmore")

    cuda = {
        "get_arch_list": lambda: ["sm_90", "sm_100"],
        "device_count": lambda: 1,
        "get_device_name": lambda _: "Old",
        "get_device_capability": lambda _: (5, 0),
        "mem_get_info": lambda _: (3 * GIB, 4 * GIB),
    }
    torch = torch_with("13.2", True, **cuda)
    torch.ones = fails
    fake(torch=torch)
    (found,) = software.gpus()
    assert found.level == "error"
    assert found.text.startswith("cuda:0 Old, capability 5.0, 3.0 of 4.0 GiB free; CUDA error")
    assert "sm_50" in found.remedy


def test_operators_that_do_not_load(absent):
    absent("torchvision.ops", RuntimeError("operator torchvision::nms does not exist"))
    (found,) = software.torchvision_operators()
    assert (found.level, "nms does not exist" in found.text) == ("error", True)
    assert "of one index" in found.remedy


PUBLIC = version("torch").partition("+")[0]


@pytest.mark.parametrize(
    ("need", "wanted"),
    [
        ("torch (==1.9.0)", "1.9.0"),
        ("torch==1.9.0", "1.9.0"),
        ("torch>=99; python_version > '3'", ">=99"),
        (f"torch (=={PUBLIC})", ""),
        (f"torch (>={PUBLIC})", ""),
        ("numpy==1.0", ""),
    ],
)
def test_a_torchvision_of_another_torch(monkeypatch, tmp_path, need, wanted):
    folder = tmp_path / "torchvision-0.99.dist-info"
    folder.mkdir()
    text = f"Metadata-Version: 2.1\nName: torchvision\nVersion: 0.99\nRequires-Dist: {need}\n"
    (folder / "METADATA").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = software.torchvision_operators()
    if wanted:
        assert found.text == f"0.99 is built for torch {wanted}, got {version('torch')}"
        assert (found.level, "of one index" in found.remedy) == ("warning", True)
    else:
        assert (found.level, found.text) == ("ok", "0.99, nms and roi_align answer rightly")


def test_operators_that_answer_wrongly(monkeypatch):
    import torch
    import torchvision

    monkeypatch.setattr(torchvision.ops, "nms", lambda *_: torch.tensor([0]))
    (found,) = software.torchvision_operators()
    assert (found.level, "answer wrongly" in found.text) == ("error", True)


@pytest.mark.parametrize(
    ("source", "level", "text"),
    [
        (None, "note", "absent: --engine tv does all the same"),
        ("import no_such_module_at_all", "error", "0.6.*does not load: No module named"),
        ("", "note", "without its compiled part"),
        ("C = 1", "ok", "with its compiled part"),
        ("broken C", "warning", "without its compiled part"),
    ],
)
def test_detectron2(monkeypatch, tmp_path, source, level, text):
    for name in [name for name in sys.modules if name.partition(".")[0] == "detectron2"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if not Path(p, "detectron2").is_dir()])
    if source is not None:
        (tmp_path / "detectron2").mkdir()
        init = '__version__ = "0.6"\n' + ("" if "C" in source else source)
        (tmp_path / "detectron2" / "__init__.py").write_text(init)
        for part in ("config", "modeling"):
            (tmp_path / "detectron2" / f"{part}.py").touch()
        if "C" in source:
            compiled = 'raise ImportError("undefined symbol")' if "broken" in source else ""
            (tmp_path / "detectron2" / "_C.py").write_text(compiled)
        monkeypatch.syspath_prepend(tmp_path)
    elif importlib.util.find_spec("detectron2"):
        pytest.skip("detectron2 is installed")
    (found,) = software.detectron2()
    for name in [name for name in sys.modules if name.partition(".")[0] == "detectron2"]:
        del sys.modules[name]  # monkeypatch would put the false one back
    assert found.level == level
    assert re.search(text, found.text)
    if level != "ok":
        assert found.command.startswith("pip install --no-build-isolation 'git+https://")


def test_a_package_that_does_not_load_and_one_that_is_optional(absent, monkeypatch):
    absent("fvcore", ImportError("bad magic"))
    loaded, broken = software.packages()
    assert "fvcore" not in loaded.text
    assert (broken.level, "bad magic" in broken.text) == ("error", True)
    monkeypatch.setattr(software, "EXTRAS", {"some": (("not_there_at_all",), "of no use")})
    (found,) = software.extras()
    assert (found.level, found.command) == ("note", "pip install not_there_at_all")


def test_nothing_asks_the_network():
    code = (
        "import sys\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, _: seen.append(event) if 'socket.' in event else None)\n"
        "from resdet.doctor import software\n"
        "print([finding.level for finding in software.packages()], seen)\n"
    )
    own = {k: v for k, v in os.environ.items() if k != "NO_ALBUMENTATIONS_UPDATE"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=own)
    assert done.stdout == "['ok'] []\n", done.stderr


def test_two_builds_of_opencv(monkeypatch):
    monkeypatch.setattr(software, "installed", lambda name: "4.11")
    (found,) = software.opencv()
    assert (found.level, "overwrite each other" in found.text) == ("warning", True)
    assert found.command.startswith("pip uninstall -y opencv-python ")


def test_a_plugin_that_does_not_import(monkeypatch, tmp_path):
    file = tmp_path / "broken_plugin.py"
    file.write_text("raise ImportError('no such thing')")
    monkeypatch.setenv("RESDET_PLUGINS", str(file))
    (found,) = software.plugins()
    assert found.level == "error"
    assert "broken_plugin.py' (line 1: ImportError: no such thing)" in found.text
    file.write_text("")
    (found,) = software.plugins()
    assert (found.level, found.text) == ("ok", f"load: {file}")


@pytest.mark.parametrize(
    ("packages", "told"),
    [
        ({"torch"}, ["torch 1"]),
        ({"torch", "openvino", "onnxruntime"}, ["torch 1"]),  # nothing makes ONNX
        ({"torch", "openvino", "onnx", "onnxscript"}, ["openvino 1", "torch 1"]),
    ],
)
def test_runtimes_of_checkpoints(monkeypatch, packages, told):
    from resdet.runtimes import choice

    monkeypatch.setattr(choice, "importable", lambda name: name in packages)
    monkeypatch.setattr(choice, "version", lambda name: "1")
    monkeypatch.setattr(software, "_import", lambda name: [])
    (found,) = software.runtimes()
    assert (found.level, found.text) == ("ok", f"of checkpoints: {', '.join(told)}")


def test_a_runtime_that_does_not_load_is_told(monkeypatch):
    from resdet.runtimes import choice

    def load(name):
        raise ImportError("libtbb is gone")

    monkeypatch.setattr(choice, "importable", lambda name: name == "torch")
    monkeypatch.setattr(software, "_import", load)
    ok, error = software.runtimes()
    assert (ok.text, error.level) == ("of checkpoints: ", "error")
    assert "libtbb is gone" in error.text
