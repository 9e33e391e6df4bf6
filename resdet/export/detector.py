"""A detector as a file that runs without this package, compared before it is written."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from backbones.export.classifier import Exported, describe_origin
from backbones.export.formats import Contract, Run, contents, encode, runner
from backbones.export.images import images_to_compare
from backbones.export.request import check_request
from backbones.files.atomic import write_together
from backbones.files.digests import file_digest
from backbones.images.decoding import Image
from backbones.terminal.progress import tracked
from resdet.export import suppression
from resdet.export.exportable import Exportable, load_exportable
from resdet.export.graph import DetectorGraph
from resdet.export.pairing import BOX_BOUND, SCORE_BOUND, Difference, compare
from resdet.structures import boxes as box_ops
from resdet.structures.records import Detections, ImageId

if TYPE_CHECKING:
    from resdet.export.int8.search import Wanted

Row = tuple[str, tuple[int, ...], Difference]

HEAD = ("image", "size", "detections", "boxes differ by", "scores by", "alone", "at the limit")


def export_detector(
    source: Path,
    kind: str,
    output: Path,
    images: Path | None = None,
    int8: Wanted | None = None,
    tell: Callable[[str], None] = print,
) -> Exported:
    """Export the detector of a checkpoint of either engine.

    Five images, of the folder or made up, go through the detector and the file, each at its size.
    `int8`: of OpenVINO's, which is then made of that file; each try is told.
    Raises: ValueError if the file is no detector, the two differ by more than the bounds, there
        is nothing to compare, int8 costs too much, or something is in the way.
    """
    check_request(kind, output)
    named = images_to_compare(images)
    detector = load_exportable(source)
    contract = contract_of(detector, source, kind)
    least = _smallest_side(detector, kind)
    small = [name for name, image in named if min(detector.resize(image).shape[:2]) < least]
    named = [pair for pair in named if pair[0] not in small]
    notes = list(detector.lines)
    notes += [f"the plain test: {detector.extras} stays behind"] if detector.extras else []

    def make() -> tuple[bytes, list[Row]]:
        data = encode_detector(detector, contract, kind)
        run = runner(data, kind, contract)
        return data, list(_compare(detector, run, tracked(named, "comparing")))

    if small:
        notes.append(f"{', '.join(small)} left out: under {least} pixels a side once resized")
    data, rows = make()
    if not any(difference.pairs + difference.alone for _, _, difference in rows):
        with _lower_threshold(detector, named) as (before, lower):
            _, rows = make()
        notes.append(f"nothing scores above {before:g} there: a file for {lower:.2g} was compared")
    _check(rows, output, images)
    if int8 is None:
        files = contents(data, kind, output)
    else:
        files = _in_int8(detector, data, output, int8, tell)
    size = write_together(files)
    table = tuple(_row(*row) for row in rows)
    return Exported(output, size, contract, HEAD, table, tuple(notes))


def _in_int8(
    detector: Exportable, data: bytes, output: Path, wanted: Wanted, tell: Callable[[str], None]
) -> dict[Path, bytes]:
    from backbones.export.openvino_ir import from_onnx
    from resdet.export.int8.search import AtWork, in_int8

    work = AtWork(detector.class_names, detector.resize, partial(by_file, detector))
    return in_int8(from_onnx(data), output, wanted, work, tell)


def encode_detector(detector: Exportable, contract: Contract, kind: str) -> bytes:
    """The file of a detector, as `encode` gives it. Raises: ValueError if it cannot hold it."""
    translations, suppress = {}, suppression.by_offset
    if kind != "torch-export":
        from resdet.export.onnx_operators import TRANSLATIONS

        translations, suppress = TRANSLATIONS, suppression.by_rows
    graph = DetectorGraph(detector.model, detector.channel_order, suppress).eval()
    return encode(graph, contract, kind, translations)


@contextlib.contextmanager
def _lower_threshold(
    detector: Exportable, named: Sequence[tuple[str, Image]]
) -> Iterator[tuple[float, float]]:
    """Let the detector tell scores that some of the images reach; the threshold before, and now."""
    heads: Any = detector.model.get_submodule("roi_heads")
    before = heads.score_thresh
    try:
        heads.score_thresh = 0.0
        scores = np.concatenate([detector.detect(image).scores for _, image in named])
        heads.score_thresh = float(np.median(scores)) if len(scores) else 0.0
        yield before, heads.score_thresh
    finally:
        heads.score_thresh = before


def contract_of(detector: Exportable, source: Path, kind: str) -> Contract:
    """What the file of a checkpoint's detector takes and gives, and what it says of itself."""
    least = _smallest_side(detector, kind)
    sizes = f"at least {least} pixels a side" if least > 1 else "any size"
    outside = {
        "resize": "outside",
        "how": "shorter side to min_size, or less where the longer would pass max_size; sides "
        "rounded to the nearest pixel; cv2.INTER_AREA where a side shrinks, else INTER_LINEAR",
        "min_size": detector.size,
        "max_size": detector.max_size,
        "inside": "channel order, mean, standard deviation, padding",
    }
    metadata = {
        "task": "detection",
        "class_names": json.dumps(list(detector.class_names)),
        "input": f"image: uint8 (height, width, 3), RGB, one image of {sizes}",
        "outputs": "boxes: float32 (detections, 4), x1 y1 x2 y2 in pixels of the input, "
        "continuous, 0-based; labels: int64, from 0; scores: float32, falling",
        "preprocessing": json.dumps(outside),
        **describe_origin(source, file_digest(source)),
    }
    least = _smallest_side(detector, "torch-export")  # both are traced by it
    side = 4 * least
    example = torch.randint(0, 256, (side, side + 16, 3), dtype=torch.uint8)
    axes = {0: ("height", least), 1: ("width", least)}
    outputs = {"boxes": ("detections", ""), "labels": ("detections",), "scores": ("detections",)}
    return Contract("image", example, axes, outputs, metadata)


def _smallest_side(detector: Exportable, kind: str) -> int:
    """Of what the file takes, in pixels."""
    stride, padded = max(detector.strides), detector.multiple > 1
    if kind != "torch-export":  # its axes have no bounds, but a map has a cell
        return 1 if padded else stride
    return stride + 1 if padded else 2 * stride  # a map of one cell would have to stay one


def _compare(detector: Exportable, run: Run, named: Iterator[tuple[str, Image]]) -> Iterator[Row]:
    heads: Any = detector.model.get_submodule("roi_heads")
    for name, image in named:
        found = by_file(detector, run, name, image)
        limits = heads.score_thresh, heads.detections_per_img
        shape = detector.resize(image).shape
        yield name, shape, compare(detector.detect(image), found, *limits)


def by_file(detector: Exportable, run: Run, image_id: ImageId, image: Image) -> Detections:
    """What a file finds in an image, in the pixels of that."""
    resized = detector.resize(image)
    boxes, labels, scores = run(resized)
    height, width = image.shape[:2]
    scale = np.array([width / resized.shape[1], height / resized.shape[0]] * 2, np.float32)
    return Detections(image_id, box_ops.clip(boxes * scale, height, width), labels, scores)


def _row(name: str, shape: Sequence[int], difference: Difference) -> tuple[str, ...]:
    pairs, box, score, alone, at_limit = difference
    size = f"{shape[1]} x {shape[0]}"
    return name, size, str(pairs), f"{box:.1e} px", f"{score:.1e}", str(alone), str(at_limit)


def _check(rows: Sequence[Row], output: Path, images: Path | None) -> None:
    for name, _, difference in rows:
        if not difference.small:
            raise ValueError(
                f"boxes must differ by at most {BOX_BOUND:g} px and scores by {SCORE_BOUND:g}, got "
                f"{difference.box:.1e} px, {difference.score:.1e} and {difference.alone} "
                f"detections without a counterpart on {name}; {output} is not written: try the "
                "other --format, or other --images"
            )
    if not any(difference.pairs for _, _, difference in rows):
        where = f"the images of {images}" if images else "images made up for the purpose"
        raise ValueError(
            f"--images must show what the detector finds, got no detection in {where}: nothing "
            f"could be compared, and {output} is not written; give a folder of such images"
        )
