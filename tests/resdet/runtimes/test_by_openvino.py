import numpy as np
import pytest

openvino = pytest.importorskip("openvino")


def test_onnx_its_bytes_and_a_form_of_its_own(quartered) -> None:
    from resdet.runtimes.by_openvino import open_program

    path = quartered()
    own = path.with_suffix(".xml")
    openvino.save_model(openvino.Core().read_model(path), own, compress_to_fp16=False)
    for source in (path, path.read_bytes(), own):
        program = open_program(source, 1)
        assert program.metadata["task"] == "detection"
        assert program.inputs == ["image: u8 (any, any, 3)"]
        run = program.start(1)
        found = run(np.full((8, 20, 3), 51, np.uint8))
        assert (found.boxes.tolist(), found.labels.tolist()) == ([[0, 0, 10, 4]], [1])
        assert found.scores == pytest.approx([0.2])
        run(np.zeros((4, 4, 3), np.uint8))
        assert found.scores == pytest.approx([0.2])  # its own, not the request's


def test_a_file_without_metadata_says_nothing(tmp_path) -> None:
    from resdet.runtimes.by_openvino import open_program

    given = openvino.opset8.parameter([1, 3, 4, 4], np.float32, name="x")
    model = openvino.Model([openvino.opset8.relu(given)], [given], "other")
    openvino.save_model(model, tmp_path / "m.xml")
    program = open_program(tmp_path / "m.xml", 1)
    assert (dict(program.metadata), program.inputs) == ({}, ["x: f32 (1, 3, 4, 4)"])
