"""comp4_det_test_<class>.txt, the files of the VOC devkit: one line a detection.

`image_id score xmin ymin xmax ymax`, corners 1-based and inclusive. A class that cannot name a
file is escaped there.
"""

from __future__ import annotations

import codecs
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import orjson

from backbones.files.atomic import write_inside
from backbones.files.folder import whole_folder
from backbones.files.names import file_names, text_of
from resdet.evaluation.detection_table import DetectionTable, Float64Array
from resdet.structures.boxes import from_voc, to_voc
from resdet.structures.records import Detections, ImageId, Int64Array

logger = logging.getLogger("resdet.evaluation")

_PREFIX, _SUFFIX = "comp4_det_test_", ".txt"
_AT_ONCE = 1 << 19  # bytes, which a processor's cache holds
_LONGEST_ID = 256  # bytes; ids become a table of that width
_TOO_LARGE = 2.0**31  # no score or corner, and finite where it is squared or held in float32
_IN_NUMBERS = b"0123456789.eE+- \n"


def write_comp4(
    folder: Path, detections: Iterable[Detections] | DetectionTable, class_names: Sequence[str]
) -> None:
    """Write one file a class, every digit of score and corners; the folder appears whole.

    An earlier set of comp4 files in `folder` is replaced.

    Raises: as `check_comp4`.
    """
    table = detections if isinstance(detections, DetectionTable) else DetectionTable.of(detections)
    check_comp4(folder, table.image_ids)
    with whole_folder(folder, replace=True) as fresh:
        for label, name in enumerate(comp4_names(class_names)):
            text = comp4_text(table, label)
            write_inside(fresh / name, text)


def check_comp4(folder: Path, image_ids: Iterable[ImageId]) -> None:
    """Find out before the work whether `write_comp4` could write there.

    Raises: ValueError if `folder` holds anything but comp4 files, which it replaces, or for an
        image id that cannot stand in a line.
    """
    _check_replaceable(folder)
    for image_id in image_ids:
        _in_a_line(image_id)


def read_comp4(folder: Path, class_names: Sequence[str]) -> DetectionTable:
    """The detections of all classes, in the order of the lines of each file.

    Raises: ValueError for files missing or of other classes, or a malformed line by number.
    """
    numbers: dict[bytes, int] = {}
    columns = [_read_file(path, numbers) for path in _files(folder, class_names)]
    values = np.concatenate([np.zeros((0, 5)), *[values for _, values in columns]])
    return DetectionTable(
        image_ids=tuple(image_id.decode() for image_id in numbers),
        images=np.concatenate([np.zeros(0, np.int64), *[images for images, _ in columns]]),
        boxes=from_voc(values[:, 1:]).astype(np.float64, copy=False),
        labels=np.repeat(np.arange(len(columns)), [len(images) for images, _ in columns]),
        scores=values[:, 0].copy(),  # a view would keep the rest of `values` alive
    )


def comp4_names(class_names: Sequence[str]) -> list[str]:
    """The file name of each class: `comp4_det_test_<class>.txt`."""
    return [f"{_PREFIX}{name}{_SUFFIX}" for name in file_names(class_names)]


def comp4_text(table: DetectionTable, label: int) -> str:
    """The lines of one class, every digit of score and corners.

    Raises: ValueError for an image id that cannot stand in a line, or a number that is not finite.
    """
    rows = np.flatnonzero(table.labels == label)
    # float64 first: float32 + 1 would lose the last digits of a corner near 0
    corners = to_voc(table.boxes[rows].astype(np.float64))
    values = np.column_stack([table.scores[rows], corners])
    if not np.isfinite(values).all():
        raise ValueError("scores and corners must be finite, got NaN or infinity")
    ids = [_in_a_line(image_id) for image_id in table.image_ids]
    # shortest decimals that give the same float64 back: [[0.5,1.0,...],[...]]
    text = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    numbers = text[2:-2].decode().replace(",", " ").split("] [")
    named = (ids[image] for image in table.images[rows].tolist())
    return "".join([f"{image_id} {five}\n" for image_id, five in zip(named, numbers)])


def _in_a_line(image_id: ImageId) -> str:
    text = str(image_id)
    if text != text.strip() or not text or "\n" in text or "\r" in text:
        raise ValueError(
            "image id must be without line breaks and without blanks at its ends, "
            f"got {image_id!r}; rename the image"
        )
    return text


def _read_file(path: Path, numbers: dict[bytes, int]) -> tuple[Int64Array, Float64Array]:
    """(N,) images by `numbers`, to which new ids are added; (N, 5) score and corners."""
    content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if content and not content.endswith(b"\n"):
        logger.warning("%s ends within a line, as files do that are cut; write it again", path)
        content += b"\n"
    parts = [_read_regular(part) for part in _parts(content)]
    sound = [part for part in parts if part is not None]
    if len(sound) < len(parts):
        sound = [_read_any(path, content)]
    images, values = [np.zeros(0, np.int64)], [np.zeros((0, 5))]
    for first, ids, of_part in sound:
        known = [numbers.setdefault(image_id, len(numbers)) for image_id in ids]
        images.append(np.repeat(np.array(known, np.int64), np.diff(first, append=len(of_part))))
        values.append(of_part)
    return np.concatenate(images), np.concatenate(values)


def _parts(content: bytes) -> Iterator[bytes]:
    """Whole lines."""
    begin = 0
    while begin < len(content):
        end = content.find(b"\n", min(begin + _AT_ONCE, len(content) - 1)) + 1
        yield content[begin:end]
        begin = end


# the first line of each run of lines of one image; the image of each run; (N, 5) numbers
_Lines = tuple[Int64Array, list[bytes], Float64Array]


def _read_regular(content: bytes) -> _Lines | None:
    """Lines of six words with one space between; None where anything else stands in the file.

    The numbers are handed to a JSON parser as one list, the ids blanked out.
    """
    text = np.frombuffer(content, np.uint8)
    spaces = np.flatnonzero(text <= ord(" "))  # and controls: whatever may end a word
    if not len(text) or len(spaces) % 6 or not _is_utf8(content):
        return None
    ends = spaces.reshape(-1, 6)
    if not (text[ends] == np.frombuffer(b"     \n", np.uint8)).all():
        return None
    starts = np.concatenate([[0], ends[:-1, 5] + 1])
    widths = ends[:, 0] - starts
    if not 0 < widths.min() <= widths.max() <= _LONGEST_ID:
        return None

    step = np.zeros(len(text), np.int8)
    step[starts], step[ends[:, 0]] = 1, -1
    in_id = np.cumsum(step, dtype=np.int8).view(np.bool_)
    numbers = np.where(in_id, np.uint8(ord(" ")), text)
    if numbers.tobytes().translate(None, _IN_NUMBERS):
        return None
    numbers[ends[:, 1:]] = ord(",")
    try:
        values = np.array(orjson.loads(b"[" + numbers[:-1].tobytes() + b"]"), np.float64)
    except orjson.JSONDecodeError:  # such as "+1", ".5" or an empty word
        return None
    if not (np.abs(values) < _TOO_LARGE).all():
        return None

    at = np.arange(widths.max())
    ids = text[np.minimum(starts[:, None] + at, len(text) - 1)]
    ids = np.where(at < widths[:, None], ids, 0).view(f"S{len(at)}").ravel()
    first = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]]))
    return first, ids[first].tolist(), values.reshape(-1, 5)


def _is_utf8(content: bytes) -> bool:
    try:
        return content.isascii() or bool(content.decode())
    except UnicodeDecodeError:
        return False


def _read_any(path: Path, content: bytes) -> _Lines:
    """Any white space, empty lines, ids with spaces, and the errors."""
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be UTF-8 text, got bytes that are not; {error}") from None
    ids, values = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        words = line.rsplit(None, 5)
        try:
            row = [_number(word) for word in words[1:]]
        except ValueError:
            row = []
        if len(row) != 5:
            raise _malformed(path, number, line)
        ids.append(words[0].strip().encode())
        values.append(row)
    return np.arange(len(ids)), ids, np.array(values, np.float64).reshape(-1, 5)


def _number(word: str) -> float:
    value = float(word)
    if not abs(value) < _TOO_LARGE or "_" in word:  # NaN; Python reads 1_0 as 10
        raise ValueError
    return value


def _malformed(path: Path, number: int, line: str) -> ValueError:
    return ValueError(
        f"{path}:{number}: line must be `image_id score xmin ymin xmax ymax`, numbers below 2^31, "
        f"got {line[:80]!r}"
    )


def _files(folder: Path, class_names: Sequence[str]) -> list[Path]:
    """The file of each class, as we name it or with the class as it is."""
    if not folder.is_dir():
        raise ValueError(f"detections must be a folder of comp4 files, got {folder}")
    by_name = {file.name: file for file in folder.glob(f"{_PREFIX}*{_SUFFIX}")}
    by_text = {text_of(name)[len(_PREFIX) : -len(_SUFFIX)]: file for name, file in by_name.items()}
    own = dict(zip(class_names, comp4_names(class_names), strict=True))
    files = {name: by_name.get(own[name], by_text.get(name)) for name in class_names}
    missing = [name for name, file in files.items() if file is None]
    other = sorted(name for name, file in by_text.items() if file not in files.values())
    if missing or other:
        faults = [f"missing: {', '.join(missing)}"] * bool(missing)
        faults += [f"of no class of the data: {', '.join(other)}"] * bool(other)
        raise ValueError(
            f"{folder} must hold one {_PREFIX}<class>{_SUFFIX} for each of "
            f"[{', '.join(class_names)}], got [{', '.join(sorted(by_text))}]: {'; '.join(faults)}"
        )
    return [file for file in files.values() if file is not None]


def _check_replaceable(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"folder must be a folder or new, got the file {folder}")
    others = [p.name for p in folder.glob("*") if not p.match(f"{_PREFIX}*{_SUFFIX}")]
    if others:
        raise ValueError(
            f"folder must hold comp4 files only, because they are replaced, got {others[:3]} in "
            f"{folder}; name another folder"
        )
