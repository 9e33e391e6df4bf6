import cv2
import numpy as np
import pytest

from resdet.data.reading import read_record
from resdet.structures.records import ImageRecord


def test_pixels_are_rgb_and_of_the_size_that_is_annotated(tmp_path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.full((4, 6, 3), (0, 0, 255), np.uint8))
    assert read_record(ImageRecord("a", path, 4, 6))[0, 0].tolist() == [255, 0, 0]
    with pytest.raises(ValueError, match=r"a\.png must be 5x4 as its annotation says, got 6x4"):
        read_record(ImageRecord("a", path, 4, 5))
