"""The pixels of a record."""

from __future__ import annotations

from backbones.images.decoding import Image, read_image
from resdet.structures.records import ImageRecord


def read_record(record: ImageRecord) -> Image:
    """Its image. Shape: (H, W, 3), RGB.

    Raises: ValueError if the file is unreadable or of another size than its record.
    """
    image = read_image(record.path, "RGB")
    if image.shape[:2] != (record.height, record.width):
        raise ValueError(
            f"{record.path} must be {record.width}x{record.height} as its annotation says, "
            f"got {image.shape[1]}x{image.shape[0]} after EXIF rotation; correct the annotation"
        )
    return image
