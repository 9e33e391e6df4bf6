import numpy as np
import pytest

from resdet.runtimes.program import Found, batch_of, output_names, told


def test_an_input_is_told_with_its_axes() -> None:
    assert told("image", "uint8", ["height", None, 3]) == "image: uint8 (height, any, 3)"


@pytest.mark.parametrize(
    ("shape", "batch"),
    [(["height", "width", 3], None), (["batch", None, None, 3], 0), ([4, None, None, 3], 4)],
)
def test_a_batch_is_told_by_the_axes(shape: list, batch: int | None) -> None:
    assert batch_of(shape) == batch
    assert ("images" in output_names(batch)) is (batch is not None)


def test_of_a_batch_each_image_has_its_own() -> None:
    boxes, labels = np.arange(12).reshape(3, 4), np.array([5, 6, 7])
    found = Found(boxes, labels, np.array([0.9, 0.8, 0.7]), np.array([1, 0, 1]))
    assert found.of(1).labels.tolist() == [5, 7]
    assert found.of(0).boxes.tolist() == [[4, 5, 6, 7]]
    assert len(found.of(2).scores) == 0
