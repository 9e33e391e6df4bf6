"""What torch.save has begun is told from programs and from what is none of torch's."""

import io

import pytest
import torch

from backbones.files.torch_file import is_saved


def written(zipped: bool) -> bytes:
    file = io.BytesIO()
    torch.save({"a": torch.zeros(3)}, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def program() -> bytes:
    file = io.BytesIO()
    torch.export.save(torch.export.export(torch.nn.ReLU(), (torch.zeros(2),)), file)
    return file.getvalue()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_of_torch_is_known_by_its_beginning(tmp_path, zipped):
    (tmp_path / "a.onnx").write_bytes(written(zipped)[:120])
    assert is_saved(tmp_path / "a.onnx")
    torch.save({}, tmp_path / "named.pt2", _use_new_zipfile_serialization=zipped)
    assert is_saved(tmp_path / "named.pt2")


def test_what_else_there_is_is_none(tmp_path):
    for name, data in (("a.pt2", program()), ("b.onnx", b"\x08\x08\x12\x06resdet"), ("c", b"")):
        (tmp_path / name).write_bytes(data)
        assert not is_saved(tmp_path / name)
    assert not is_saved(tmp_path)
    assert not is_saved(tmp_path / "none.pth")
