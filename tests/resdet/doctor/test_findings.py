"""The doctor: a healthy machine, every sickness that is known, and a tool that ends with 0 or 1."""

import importlib
import importlib.util
import json
import re
import sys
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest

from backbones.machine import cgroups
from resdet.commands import doctor
from resdet.doctor import finding as finding_module
from resdet.doctor import findings, machine, software
from resdet.doctor.finding import Finding, guarded
from resdet.doctor.findings import report

ROOT = Path(__file__).resolve().parents[3]
GIB = 2**30
Usage = namedtuple("Usage", "total used free")


def test_this_machine_is_examined_without_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("DETECTRON2_DATASETS", raising=False)
    monkeypatch.chdir(tmp_path)
    assert doctor.main(["--output", str(tmp_path / "new" / "run"), "--json", "doctor.json"]) == 0
    told = capsys.readouterr().out
    found = json.loads((tmp_path / "doctor.json").read_text())["findings"]
    topics = list(dict.fromkeys(finding["topic"] for finding in found))
    assert topics[:6] == ["Python", "torch", "GPU", "torchvision", "detectron2", "OpenCV"]
    assert topics[-4:] == ["data", "weights", "plugins", "settings"]
    assert all(topic in told for topic in topics)
    assert not (tmp_path / "new").exists()
    assert all(f["remedy"] or f["command"] for f in found if f["level"] in ("warning", "error"))
    sick = doctor.main(["--output", "/proc/none"])
    assert sick == 1
    assert "error    output" in capsys.readouterr().out


def test_what_breaks_is_a_finding():
    def check():
        yield Finding("x", "ok", "begins")
        raise OSError("libGL.so.1: cannot\nopen")

    first, second = guarded("x", check)
    assert first.text == "begins"
    assert (second.level, second.command) == ("error", "pip check")
    assert second.text == "broken: OSError: libGL.so.1: cannot open"


def test_lines_keep_their_width_and_commands_stay_whole():
    command = "pip install " + "x" * 90
    some = [
        Finding("torch", "ok", "word " * 30),
        Finding("torch", "note", "short", "do " * 40, command),
        Finding("settings", "error", "bad"),
    ]
    lines = [line.plain for line in report(some, 60)]
    assert all(len(line) <= 60 for line in lines[:-1] if "pip" not in line)
    assert sum(command in line for line in lines) == 1
    assert lines[0].startswith("ok       torch     word word")
    assert lines[-1] == "resdet cannot work here until the errors are mended: 1 error, 1 note"
    (_, alone, *_) = report([Finding("x", "note", "absent", command="pip install y")], 60)
    assert alone.plain.split() == ["->", "pip", "install", "y"]
    (*_, verdict) = report(some[:1], 60)
    assert verdict.plain == "resdet can work here: nothing to remark"


@pytest.fixture
def absent(monkeypatch):
    """Makes the import of a module fail, with a given error."""
    real = importlib.import_module

    def make(name, error):
        def load(asked, *rest):
            if asked == name:
                raise error
            return real(asked, *rest)

        monkeypatch.setattr(software.importlib, "import_module", load)

    return make


@pytest.fixture
def fake(monkeypatch):
    """Puts another module in the place of one."""
    real = importlib.import_module

    def make(**modules):
        monkeypatch.setattr(
            software.importlib, "import_module", lambda name: modules.get(name) or real(name)
        )

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


def test_operators_of_another_torch(absent, monkeypatch):
    absent("torchvision.ops", RuntimeError("operator torchvision::nms does not exist"))
    (found,) = software.torchvision_operators()
    assert (found.level, "nms does not exist" in found.text) == ("error", True)
    assert "of one index" in found.remedy
    monkeypatch.undo()
    monkeypatch.setattr(software, "_torch_wanted", lambda: "1.9.0")
    (found,) = software.torchvision_operators()
    assert (found.level, "is built for torch 1.9.0" in found.text) == ("warning", True)


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


def test_two_builds_of_opencv(monkeypatch):
    monkeypatch.setattr(software, "version_of", lambda name: "4.11")
    (found,) = software.opencv()
    assert (found.level, "overwrite each other" in found.text) == ("warning", True)
    assert found.command.startswith("pip uninstall -y opencv-python ")


@pytest.mark.parametrize(
    ("files", "cores", "limit"),
    [
        ({}, None, (None, 0)),
        ({"cpu.max": "max 100000", "memory.max": "max", "memory.current": "5"}, None, (None, 0)),
        (
            {"cpu.max": "150000 100000", "memory.max": "1000", "memory.current": "400"},
            1.5,
            (1000, 400),
        ),
        (
            {
                "cpu/cpu.cfs_quota_us": "200000",
                "cpu/cpu.cfs_period_us": "100000",
                "memory/memory.limit_in_bytes": "2000",
                "memory/memory.usage_in_bytes": "1",
            },
            2.0,
            (2000, 1),
        ),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None, (None, 0)),
    ],
)
def test_limits_of_a_control_group(monkeypatch, tmp_path, files, cores, limit):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    monkeypatch.setattr(cgroups, "CGROUP", tmp_path)
    assert cgroups.cgroup_cores() == cores
    assert cgroups.cgroup_memory() == limit


def test_little_of_everything(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "available_cores", lambda: 64)
    monkeypatch.setattr(machine, "cgroup_cores", lambda: 2.5)
    (found,) = machine.cores()
    assert (found.level, "OMP_NUM_THREADS=2" in found.remedy) == ("warning", True)
    (tmp_path / "meminfo").write_text(f"MemTotal: {64 * 2**20} kB\nMemAvailable: {60 * 2**20} kB\n")
    monkeypatch.setattr(machine, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "cgroup_memory", lambda: (None, 0))
    (found,) = machine.memory()
    assert (found.level, found.text) == ("ok", "60.0 of 64.0 GiB free")
    monkeypatch.setattr(machine, "cgroup_memory", lambda: (4 * GIB, 3 * GIB))
    (found,) = machine.memory()
    assert found.level == "warning"
    assert found.text.endswith("grants 4.0 GiB, 1.0 GiB of it free")
    monkeypatch.setattr(machine, "SHARED", tmp_path)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: Usage(64 * 2**20, 0, 64 * 2**20))
    (found,) = machine.shared_memory()
    assert (found.level, "--shm-size" in found.remedy) == ("warning", True)
    (found,) = machine.output_folder(tmp_path)
    assert (found.level, "make room" in found.remedy) == ("warning", True)


def test_datasets_by_name(tmp_path, shapes_root):
    assert [f.level for f in machine.datasets(tmp_path / "none")] == ["note"]
    assert [f.text for f in machine.datasets(tmp_path)] == [
        f"{tmp_path}: none of the known datasets"
    ]
    (tmp_path / "VOCdevkit").mkdir()
    (tmp_path / "VOCdevkit" / "VOC2007").symlink_to(shapes_root)
    (found,) = machine.datasets(tmp_path)
    names = "voc_2007_trainval, voc_2007_train, voc_2007_val, voc_2007_test"
    assert (found.level, found.text) == ("ok", f"{tmp_path}: {names}")


def test_weights_that_were_downloaded(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert [f.level for f in machine.cached_weights()] == ["note"]
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    for name in ("resnet18-f37072fd.pth", "other-12345678.pth"):
        (folder / name).touch()
    (found,) = machine.cached_weights()
    assert (found.level, found.text) == ("ok", f"{folder}: resnet18-f37072fd.pth")


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


def test_settings(monkeypatch):
    monkeypatch.setenv("RESDET_TIMOUT", "3")
    monkeypatch.setenv("RESDET_TIMEOUT", "soon")
    unknown, wrong, told = machine.settings()
    assert (unknown.level, unknown.remedy) == ("warning", "unset RESDET_TIMOUT")
    assert "did you mean RESDET_TIMEOUT?" in unknown.text
    assert (wrong.level, "must be a number" in wrong.text) == ("error", True)
    assert "RESDET_TIMEOUT=soon" in told.text


def test_levels_are_all_that_is_found():
    assert set(findings._STYLES) == set(finding_module.LEVELS)
