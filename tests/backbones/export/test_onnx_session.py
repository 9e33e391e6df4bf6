import pytest

pytest.importorskip("onnxruntime")


def test_threads_that_wait_do_not_spin(tmp_path) -> None:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper

    from backbones.export.onnx_session import opened

    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", value[:1], value[1:])
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "m.onnx")
    session = opened(tmp_path / "m.onnx", 2)
    options = session.get_session_options()
    assert options.intra_op_num_threads == 2
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert session.run(None, {"x": np.array([-1, 2], np.float32)})[0].tolist() == [0, 2]


def test_what_it_raises_it_does_not_print_as_well(capfd) -> None:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper

    from backbones.export.onnx_session import opened

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [3])
    three = helper.make_tensor("three", TensorProto.INT64, [1], [3])
    node = helper.make_node("Reshape", ["x", "three"], ["y"])
    graph = helper.make_graph([node], "g", [x], [y], [three])
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    session = opened(onnx.ModelProto.SerializeToString(model), 1)
    with pytest.raises(Exception, match="Reshape"):
        session.run(None, {"x": np.zeros(2, np.float32)})
    assert capfd.readouterr().err == ""
