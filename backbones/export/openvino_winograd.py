"""Wide 3x3 convolutions of an OpenVINO model by Winograd's algorithm, which its CPU lacks.

In fp32 alone: where weights are int8, OpenVINO's own are faster.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backbones.convolution.bases import BASES, PLACES, SIDE
from backbones.export.openvino_ir import openvino

ops = openvino.opset13

_LEAST_CHANNELS = 128
_LEAST_TILES = 96  # with fewer, reading filters of 36 numbers costs more than the products save
_AT_ONCE = 1024  # tiles: what is made of them is two to nine times as large as the map
_USUAL = (1, 600, 800, 3)  # an image of a detector that takes any: (N, H, W, C)
_NO_CELL = 2**31 - 1  # no map has as many: Gather gives zeros for it
_RANK = 5  # of places and tiles: row and column of the one, image, row and column of the other
_KEEP_SIZE = ("Relu", "Add", "Convolution", "GroupConvolution")  # as far as their maps tell
_PLAIN = {
    "strides": [1, 1],
    "dilations": [1, 1],
    "pads_begin": [1, 1],
    "pads_end": [1, 1],
    "auto_pad": "explicit",
}

Array = NDArray[Any]


class _Reads(NamedTuple):
    """Of maps of one size, what is read where, as rows; and (N, H, W)."""

    patches: Any
    output: Any
    shape: Any


def quickened(model: Any) -> Any:
    """A model that finds the same to rounding; the one given stays as it is.

    Layers are chosen by the maps of an image of the usual size, where the model takes any.
    """
    quick, shaped = model.clone(), model.clone()
    shaped.reshape({port: _usual(port.partial_shape) for port in shaped.inputs})
    one = _one(quick)
    by_name = {node.get_friendly_name(): node for node in quick.get_ops()}

    @functools.cache
    def reads(name: str, output: int) -> _Reads:
        return _reads(by_name[name].output(output))

    for chosen in [node for node in shaped.get_ops() if _tiles(node) >= _LEAST_TILES]:
        old = by_name[chosen.get_friendly_name()]
        x, weight = old.input_values()
        parts = -(-_tiles(chosen) // _AT_ONCE)
        new = _convolve(x, _in_basis(weight, one), reads(*_first_of_its_size(chosen)), parts)
        for reader in old.output(0).get_target_inputs():
            reader.replace_source_output(new.output(0))
    return quick


def _usual(shape: Any) -> list[int]:
    sizes = _USUAL[-len(shape) :]
    return [usual if axis.is_dynamic else axis.get_length() for axis, usual in zip(shape, sizes)]


def _one(model: Any) -> Any:
    """The number 1, which OpenVINO does not know before it sees an image."""
    longest = ops.reduce_max(ops.shape_of(model.inputs[0].get_node()), _whole(0), False)
    return ops.convert(ops.minimum(longest, _whole(1)), "f32")


def _first_of_its_size(node: Any) -> tuple[str, int]:
    """What gave its size to the map that a layer reads, many layers the same: name and output."""
    source = node.input_value(0)
    while source.get_node().get_type_name() in _KEEP_SIZE and _size(source) == _size(
        before := source.get_node().input_value(0)
    ):
        source = before
    return source.get_node().get_friendly_name(), source.get_index()


def _size(value: Any) -> list[int] | None:
    """Images, height and width, where they are known."""
    shape = value.get_partial_shape()
    if shape.is_dynamic or len(shape) != 4:
        return None
    images, _, height, width = shape.to_shape()
    return [images, height, width]


def _tiles(node: Any) -> int:
    """0 of what is no wide 3x3 convolution, or makes of such images maps of any size."""
    if node.get_type_name() != "Convolution" or not _is_kept(node.input_value(1).get_node()):
        return 0
    attributes, shape = node.get_attributes(), node.get_output_partial_shape(0)
    filters, channels, *kernel = node.input_value(1).get_shape()
    if kernel != [3, 3] or min(filters, channels) < _LEAST_CHANNELS or shape.is_dynamic:
        return 0
    if any(attributes[name] != value for name, value in _PLAIN.items()):
        return 0
    images, _, height, width = shape.to_shape()
    return int(images * -(-height // SIDE) * -(-width // SIDE))


def _is_kept(weight: Any) -> bool:
    """Of weights that are read, in whatever precision, and not computed."""
    if weight.get_type_name() == "Convert":
        weight = weight.input_value(0).get_node()
    return weight.get_type_name() == "Constant" and bool(weight.get_element_type().is_real())


def _convolve(x: Any, filters: Any, reads: _Reads, parts: int) -> Any:
    """Patches into their basis, times the filters, and back; each step a product of matrices."""
    _, number, channels = filters.get_output_partial_shape(0).to_shape()
    flat = ops.reshape(x, _whole(0, channels, -1), True)
    cells = _rows(ops.transpose(flat, _whole(0, 2, 1)), channels)
    made = []
    for read in _parted(reads.patches, parts):
        patches = _of_places(BASES.patch, ops.gather(cells, read, _whole(0)))
        by_tile = ops.reshape(patches, _whole(PLACES, -1, channels), False)
        products = ops.matmul(by_tile, filters, False, True)
        tiles = _of_places(BASES.tile, products)
        made.append(ops.reshape(tiles, _whole(SIDE**2, -1, number), False))
    out = ops.gather(_rows(ops.concat(made, 1), number), reads.output, _whole(0))
    shape = ops.concat([reads.shape, _whole(number)], 0)
    y = ops.transpose(ops.reshape(out, shape, False), _whole(0, 3, 1, 2))
    return _as_convolved(y, number)


def _parted(places: Any, parts: int) -> Sequence[Any]:
    """Shape: (36, tiles) -> as many of some of the tiles."""
    if parts == 1:
        return [places]
    tiles = ops.gather(ops.shape_of(places), _whole(1), _whole(0))
    each = ops.divide(tiles, _whole(parts))
    lengths = ops.concat([*[each] * (parts - 1), _whole(-1)], 0)
    return list(ops.variadic_split(places, _whole(1), lengths).outputs())


def _in_basis(weight: Any, one: Any) -> Any:
    """The filters, made anew for each image: kept, they take four times the weights' memory.

    Shape: (K, C, 3, 3) -> (36, K, C).
    """
    basis = ops.multiply(_real(BASES.filter), one)  # else it would be kept
    flat = ops.matmul(basis, _rows(weight, BASES.filter.shape[1]), False, True)
    return ops.reshape(flat, _whole(PLACES, *weight.get_shape()[:2]), False)


def _as_convolved(y: Any, channels: int) -> Any:
    """Through a layer that changes nothing, which OpenVINO gives a convolution's memory layout.

    What follows is then as fast as before (ROIAlign takes 15 times as long in the plain one), and
    bias and ReLU are done on the way.
    """
    ones = _real(np.ones((channels, 1, 1, 1, 1)))
    return ops.group_convolution(y, ones, [1, 1], [0, 0], [0, 0], [1, 1])


def _of_places(basis: Array, values: Any) -> Any:
    """Shape: (36, ...) -> (16 or 36, rest)."""
    return ops.matmul(_real(basis), ops.reshape(values, _whole(PLACES, -1), False), False, False)


class _Sides(NamedTuple):
    """Of a map, and the tiles along them, as nodes of one number each."""

    images: Any
    height: Any
    width: Any
    rows: Any
    columns: Any


def _reads(sized: Any) -> _Reads:
    shape = ops.gather(ops.shape_of(sized), _whole(0, 2, 3), _whole(0))
    images, height, width = ops.split(shape, ops.constant(np.int64(0)), 3).outputs()
    rows, columns = (
        ops.divide(ops.add(side, _whole(SIDE - 1)), _whole(SIDE)) for side in (height, width)
    )
    sides = _Sides(images, height, width, rows, columns)
    return _Reads(_read_by_patches(sides), _read_by_output(sides), shape)


def _read_by_patches(sides: _Sides) -> Any:
    """Of each place of each patch, which cell of all images it reads, or none: (36, tiles)."""
    reach = ops.constant(np.arange(-1, SIDE + 1))
    y, x = (
        ops.add(ops.multiply(_counted(tiles, at), _whole(SIDE)), _along(reach, at - 3))
        for at, tiles in ((3, sides.rows), (4, sides.columns))
    )
    cell = _index((_counted(sides.images, 2), y, x), (sides.height, sides.width))
    beside = (
        *(ops.less(y, _whole(0)), ops.greater_equal(y, sides.height)),
        *(ops.less(x, _whole(0)), ops.greater_equal(x, sides.width)),
    )
    read = ops.select(functools.reduce(ops.logical_or, beside), _whole(_NO_CELL), cell)
    return _short(read, PLACES, -1)


def _read_by_output(sides: _Sides) -> Any:
    """Of each cell of the output, which row of the places of all tiles it is: (N * H * W,)."""
    image, *cell = (
        _counted(number, at) for at, number in enumerate((sides.images, sides.height, sides.width))
    )
    place = (ops.floor_mod(at, _whole(SIDE)) for at in cell)
    tile = (ops.divide(at, _whole(SIDE)) for at in cell)
    sizes = (_whole(SIDE), sides.images, sides.rows, sides.columns)
    return _short(_index((*place, image, *tile), sizes), -1)


def _index(at: Sequence[Any], sizes: Sequence[Any]) -> Any:
    """In a flat array, of a place along each of its axes; the size of the first does not matter."""
    index, *later = at
    for place, size in zip(later, sizes, strict=True):
        index = ops.add(ops.multiply(index, size), place)
    return index


def _counted(number: Any, axis: int) -> Any:
    """0, 1, 2, .. along an axis."""
    start, step = (ops.constant(np.int64(value)) for value in (0, 1))
    return _along(ops.range(start, ops.squeeze(number, _whole(0)), step, "i64"), axis)


def _along(values: Any, axis: int) -> Any:
    return ops.reshape(values, _whole(*(-1 if at == axis else 1 for at in range(_RANK))), False)


def _rows(values: Any, length: int) -> Any:
    return ops.reshape(values, _whole(-1, length), False)


def _short(index: Any, *shape: int) -> Any:
    return ops.convert(ops.reshape(index, _whole(*shape), False), "i32")


def _whole(*values: int) -> Any:
    return ops.constant(np.array(values, np.int64))


def _real(values: Array) -> Any:
    return ops.constant(np.ascontiguousarray(values, np.float32))
