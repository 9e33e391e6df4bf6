import numpy as np
import pytest

pytest.importorskip("onnxruntime")


def test_a_file_or_its_bytes(quartered) -> None:
    from resdet.runtimes.by_onnxruntime import open_program

    path = quartered()
    for source in (path, path.read_bytes()):
        program = open_program(source, 1)
        assert program.metadata["task"] == "detection"
        assert program.inputs == ["image: uint8 (height, width, 3)"]
        assert program.outputs[0] == "boxes: float (1, 4)"
        found = program.start(1)(np.full((8, 20, 3), 51, np.uint8))
        assert (found.boxes.tolist(), found.labels.tolist()) == ([[0, 0, 10, 4]], [1])
        assert found.scores == pytest.approx([0.2])
