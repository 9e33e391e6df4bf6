"""A machine that has little of everything, its data and its settings."""

from collections import namedtuple

from resdet.doctor import machine

GIB = 2**30
Usage = namedtuple("Usage", "total used free")


def test_little_of_everything(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "visible_cores", lambda: 64)
    monkeypatch.setattr(machine, "cgroup_cores", lambda: 2.5)
    monkeypatch.setattr(machine, "available_cores", lambda: 2)
    (found,) = machine.cores()
    assert (found.level, "OMP_NUM_THREADS=2" in found.remedy) == ("warning", True)
    monkeypatch.setattr(machine, "machine_memory", lambda: None)
    assert [found.level for found in machine.memory()] == ["note"]
    monkeypatch.setattr(machine, "machine_memory", lambda: (64 * GIB, 60 * GIB))
    monkeypatch.setattr(machine, "cgroup_memory", lambda: (None, 0))
    (found,) = machine.memory()
    assert (found.level, found.text) == ("ok", "60.0 of 64.0 GiB free")
    monkeypatch.setattr(machine, "cgroup_memory", lambda: (4 * GIB, 3 * GIB))
    (found,) = machine.memory()
    assert found.level == "warning"
    assert found.text.endswith("limited here to 4.0 GiB, 1.0 GiB of it free")
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


def test_settings(monkeypatch):
    monkeypatch.setenv("RESDET_TIMOUT", "3")
    monkeypatch.setenv("RESDET_TIMEOUT", "soon")
    unknown, wrong, told = machine.settings()
    assert (unknown.level, unknown.remedy) == ("warning", "unset RESDET_TIMOUT")
    assert "did you mean RESDET_TIMEOUT?" in unknown.text
    assert (wrong.level, "must be a number" in wrong.text) == ("error", True)
    assert "RESDET_TIMEOUT=soon" in told.text
