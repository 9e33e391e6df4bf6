import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from resdet.runtimes.by_torch import open_program


class Quarter(torch.nn.Module):
    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        box = image.new_tensor([[0, 0, 2, 1]], dtype=torch.float32)
        return box, torch.tensor([1]), (image.float().mean() / 255)[None]


def test_a_program_of_torch(tmp_path) -> None:
    program = torch.export.export(Quarter(), (torch.zeros(4, 6, 3, dtype=torch.uint8),))
    file = io.BytesIO()
    torch.export.save(program, file, extra_files={"metadata.json": json.dumps({"task": "detect"})})
    (tmp_path / "m.pt2").write_bytes(file.getvalue())
    read = open_program(tmp_path / "m.pt2", 1)
    assert read.metadata == {"task": "detect"}
    assert read.inputs == ["image: uint8 (4, 6, 3)"]
    found = read.start(1)(np.full((4, 6, 3), 51, np.uint8))
    assert (found.boxes.tolist(), found.labels.tolist()) == ([[0, 0, 2, 1]], [1])
    np.testing.assert_allclose(found.scores, [0.2], rtol=1e-6)


def test_threads_share_those_of_torch(tmp_path) -> None:
    before = torch.get_num_threads()
    exported = torch.export.export(Quarter(), (torch.zeros(4, 6, 3, dtype=torch.uint8),))
    torch.export.save(exported, tmp_path / "m.pt2")
    torch.set_num_threads(6)
    try:
        program = open_program(tmp_path / "m.pt2", 1)
        for lanes, share in ((1, 6), (3, 2), (9, 1)):
            with ThreadPoolExecutor(1) as other:
                other.submit(program.share(lanes)).result()
                assert other.submit(torch.get_num_threads).result() == share
            assert torch.get_num_threads() == 6
    finally:
        torch.set_num_threads(before)


def test_one_of_others_says_nothing(tmp_path) -> None:
    torch.export.save(torch.export.export(torch.nn.ReLU(), (torch.zeros(2),)), tmp_path / "m.pt2")
    read = open_program(tmp_path / "m.pt2", 1)
    assert (read.metadata, read.outputs) == ({}, ["relu: float32 (2)"])
