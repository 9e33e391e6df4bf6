"""Images as a program holds them: files, PIL, NumPy, torch; each checked, none guessed at."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from backbones.images.by_pillow import upright_rgb
from backbones.images.decoding import ChannelOrder, Image, read_image
from backbones.images.header import MAX_PIXELS_VARIABLE, max_pixels

if TYPE_CHECKING:
    import PIL.Image
    import torch

ImageLike: TypeAlias = Union[
    str, "os.PathLike[str]", "PIL.Image.Image", NDArray[Any], "torch.Tensor"
]  # of Python 3.10: | would look the names up

_KINDS = (
    "a path, a PIL image, a NumPy array (H, W, 3) or (H, W) uint8, or a torch tensor (3, H, W) "
    "uint8 or float in [0, 1]"
)
_DEEP_PIL = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")  # more than 8 bits a channel


def check_image(image: ImageLike, channel_order: ChannelOrder | None, name: str = "image") -> None:
    """All that can be said of an image without reading its pixels.

    Raises: ValueError, FileNotFoundError: see `to_rgb`.
    """
    if channel_order not in (None, "RGB", "BGR"):
        raise ValueError(f'channel_order must be "RGB" or "BGR", got {channel_order!r}')
    if isinstance(image, (str, os.PathLike)):
        _check_path(image, name)
    elif _is_pil(image):
        _check_pil(image, name)
    elif isinstance(image, np.ndarray):
        _check_array(image, channel_order, name)
    elif _is_tensor(image):
        _check_tensor(cast("torch.Tensor", image), channel_order, name)
    else:
        raise ValueError(f"{name} must be {_KINDS}, got {type(image).__name__}")


def to_rgb(
    image: ImageLike, channel_order: ChannelOrder | None = None, name: str = "image"
) -> Image:
    """(H, W, 3) uint8 RGB, turned as EXIF says where there is any, in memory of its own or not.

    Arrays and tensors with channels need their `channel_order`: cv2 reads BGR, all others RGB.
    Transparency is left out, as in training; a grey image has its value in every channel. Files
    of 16 bits are read as 8; floats are rounded to 1 / 255.
    Raises: FileNotFoundError; ValueError, with `name`, for anything that is no such image.
    """
    check_image(image, channel_order, name)
    if isinstance(image, (str, os.PathLike)):
        return read_image(Path(image), "RGB")
    pixels = _pixels(image, name)
    if pixels.ndim == 2:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)  # type: ignore[return-value]
    if channel_order == "BGR" and not _is_pil(image):
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)  # type: ignore[assignment]
    return pixels


def _pixels(image: Any, name: str) -> Image:
    if _is_pil(image):
        return _from_pil(image, name)
    if isinstance(image, np.ndarray):
        return np.ascontiguousarray(image)
    return _from_tensor(image, name)


def as_list(images: ImageLike | Sequence[ImageLike]) -> tuple[list[ImageLike], bool]:
    """(images, whether they came as a list)."""
    if isinstance(images, (list, tuple)):
        return list(images), True
    return [images], False  # type: ignore[list-item]


def each_rgb(
    images: Sequence[ImageLike], channel_order: ChannelOrder | None, many: bool
) -> list[Callable[[], Image]]:
    """What reads each image; all are checked now, so that a fault shows before the work.

    Raises: as `check_image`; `images[3]` is the fourth.
    """
    names = [f"images[{place}]" if many else "image" for place in range(len(images))]
    for image, name in zip(images, names):
        check_image(image, channel_order, name)
    return [
        lambda image=image, name=name: to_rgb(image, channel_order, name)  # type: ignore[misc]
        for image, name in zip(images, names)
    ]


def _is_pil(image: object) -> bool:
    module = sys.modules.get("PIL.Image")  # who holds such an image has imported it
    return module is not None and isinstance(image, module.Image)


def _is_tensor(image: object) -> bool:
    module = sys.modules.get("torch")
    return module is not None and isinstance(image, module.Tensor)


def _check_path(path: str | os.PathLike[str], name: str) -> None:
    if not os.fspath(path):
        raise ValueError(f"{name} must be a file, got an empty path")
    if "://" in str(path):
        raise ValueError(f"{name} must be a file, got the address {path}; download it first")
    if Path(path).is_dir():
        raise ValueError(
            f"{name} must be a file, got the folder {path}; give a list of its files: "
            'sorted(Path(folder).glob("*.jpg"))'
        )
    if not Path(path).exists():
        raise FileNotFoundError(f"{name} must be an existing file, got {path}")


def _check_pil(image: Any, name: str) -> None:
    if image.mode in _DEEP_PIL:
        raise ValueError(
            f"{name} must have 8 bits a channel, got a PIL image of mode {image.mode}; give its "
            "path, or scale it to 0..255 and convert it"
        )
    width, height = image.size
    _check_size((height, width), f"a PIL image of {width} x {height}", name)


def _check_array(image: NDArray[Any], order: ChannelOrder | None, name: str) -> None:
    got = f"an array {image.shape} of {image.dtype}"
    if image.ndim == 4:
        raise ValueError(f"{name} must be one image, got {got}; give list(batch)")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        raise ValueError(f"{name} must be (H, W, 3) or (H, W), got {got}; {_reshape(image.shape)}")
    if image.dtype != np.uint8:
        raise ValueError(f"{name} must be uint8 in 0..255, got {got}; {_rescale(image.dtype)}")
    _check_size(image.shape[:2], got, name)
    if image.ndim == 3:
        _check_order(order, got, name)


def _check_tensor(image: torch.Tensor, order: ChannelOrder | None, name: str) -> None:
    got = f"a tensor {tuple(image.shape)} of {str(image.dtype).removeprefix('torch.')}"
    if image.ndim == 4:
        raise ValueError(f"{name} must be one image, got {got}; give list(batch)")
    if image.ndim != 3 or image.shape[0] != 3:
        raise ValueError(f"{name} must be (3, H, W), got {got}; give {_rechannel(image.shape)}")
    if image.is_sparse or image.is_meta:
        kind = "sparse" if image.is_sparse else "meta"
        raise ValueError(f"{name} must hold all its pixels, got a {kind} tensor; give a dense one")
    floating = image.is_floating_point() and image.itemsize > 1  # of 8 bits torch has no minimum
    if not (floating or str(image.dtype) == "torch.uint8"):
        raise ValueError(f"{name} must be uint8 in 0..255 or float in [0, 1], got {got}")
    _check_size(image.shape[1:], got, name)
    _check_order(order, got, name)


def _check_size(size: Sequence[int], got: str, name: str) -> None:
    height, width = size
    if height < 1 or width < 1:
        raise ValueError(f"{name} must have pixels, got {got}")
    if height * width > max_pixels():
        raise ValueError(
            f"{name} must be of at most {max_pixels():,} pixels, got {got}; cut it into tiles, or "
            f"set {MAX_PIXELS_VARIABLE} to allow more"
        )


def _check_order(order: ChannelOrder | None, got: str, name: str) -> None:
    if order is None:
        raise ValueError(
            f'channel_order must be "BGR" (what cv2.imread gives) or "RGB" (PIL, torchvision, '
            f"imageio, matplotlib) where {name} is {got.split(' (')[0]}, got none; say which it is"
        )


def _reshape(shape: tuple[int, ...]) -> str:
    if len(shape) == 3 and shape[2] == 4:
        return "leave alpha out: image[..., :3]"
    if len(shape) == 3 and shape[2] == 1:
        return "give image[..., 0]"
    if len(shape) == 3 and shape[0] == 3:
        return "give image.transpose(1, 2, 0)"
    return "give one image"


def _rechannel(shape: tuple[int, ...]) -> str:
    if len(shape) == 2 or (len(shape) == 3 and shape[0] == 1):
        return "tensor.expand(3, -1, -1), its grey in every channel"
    if len(shape) == 3 and shape[2] == 3:
        return "tensor.permute(2, 0, 1)"
    return "tensor[:3] without alpha, or its RGB form"


def _rescale(dtype: np.dtype[Any]) -> str:
    if dtype.kind == "f":
        return "of 0..1, give (image * 255).round().astype(np.uint8); of 0..255, without the 255"
    if dtype == np.uint16:
        return "give (image >> 8).astype(np.uint8)"
    return "give image.astype(np.uint8) once its values are in 0..255"


def _from_pil(image: Any, name: str) -> Image:
    try:
        return upright_rgb(image)
    except (OSError, SyntaxError, ValueError) as error:  # what PIL raises when it reads at last
        raise ValueError(f"{name} must be a readable PIL image, got {error!s:.200}") from error


def _from_tensor(image: torch.Tensor, name: str) -> Image:
    values = image.detach().cpu().permute(1, 2, 0).contiguous()
    if not values.is_floating_point():
        return values.numpy()
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):  # nan is neither
        hint = "divide it by 255" if low >= 0 else "give it without mean and std taken off"
        raise ValueError(
            f"{name} must be in [0, 1] where it is float, got {low:.4g} to {high:.4g}; {hint}"
        )
    return (values.float() * 255).round().numpy().astype(np.uint8)
