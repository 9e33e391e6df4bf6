from resdet.runtimes.program import told


def test_an_input_is_told_with_its_axes() -> None:
    assert told("image", "uint8", ["height", None, 3]) == "image: uint8 (height, any, 3)"
