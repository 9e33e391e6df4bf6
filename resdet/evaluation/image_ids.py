"""What detections call an image: its id, that number, or its file with or without the suffix."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from resdet.structures.records import ImageId

logger = logging.getLogger("resdet.evaluation")

Files = Mapping[ImageId, Path | str]


def resolve_ids(found: Iterable[ImageId], files: Files) -> list[ImageId]:
    """The id in the data of each: the same, or else of that text, that file, that number.

    A file may be named with folders, as far as it is told here or farther. An id that is the name
    of another image's file is an id, with a warning.
    Raises: ValueError listing the ids that mean nothing, or naming one that is ambiguous.
    """
    names: _Names | None = None
    resolved, unknown, others = [], [], []
    for image_id in found:
        if image_id in files:
            resolved.append(image_id)
            continue
        names = names or _Names(files)
        meant = names.meant(image_id)
        if len(meant) > 1:
            raise ValueError(
                f"image id must mean one image, got {image_id!r}, which could be "
                f"{sorted(map(repr, meant))}; write the id in full, or the file's name with its "
                "folder, as a string"
            )
        if meant:
            resolved += meant
            others += [image_id] if names.of_file(image_id) - meant else []
        else:
            unknown.append(image_id)
    if unknown:
        raise ValueError(unknown_ids(unknown, files))
    if others:
        logger.warning("image ids that name files of other images too: %s", _some(others))
    return resolved


def unknown_ids(unknown: Sequence[ImageId], known: Iterable[ImageId]) -> str:
    """The message for detections of images that the ground truth lacks."""
    known = list(known)
    return (
        f"image ids of the detections must be those of the data, got {len(unknown)} unknown "
        f"({_some(unknown)}) where the data has {len(known)} ({_some(known)}); "
        "check that the detections and the split belong together"
    )


def _some(ids: Sequence[ImageId], limit: int = 3) -> str:
    return ", ".join(map(repr, ids[:limit])) + (", ..." if len(ids) > limit else "")


class _Names:
    """What else the images may be called."""

    def __init__(self, files: Files) -> None:
        self._of_text = {str(image_id): image_id for image_id in files}
        self._paths = {image_id: _plain(os.fspath(file)) for image_id, file in files.items()}
        self._of_name: dict[str, set[ImageId]] = {}
        self._of_number: dict[int, set[ImageId]] = {}
        for image_id, path in self._paths.items():
            name = path.rpartition("/")[2]
            stem = os.path.splitext(name)[0]
            for text in {name, stem} - {""}:
                self._of_name.setdefault(text, set()).add(image_id)
            for number in (_number(image_id), _number(stem)):
                if number is not None:
                    self._of_number.setdefault(number, set()).add(image_id)

    def meant(self, image_id: ImageId) -> set[ImageId]:
        """The images that it may mean: one, where that is clear."""
        if isinstance(image_id, str) and image_id in self._of_text:
            return {self._of_text[image_id]}
        number = _number(image_id)
        by_number = set() if number is None else self._of_number.get(number, set())
        return self.of_file(image_id) or by_number

    def of_file(self, name: ImageId) -> set[ImageId]:
        """The images whose file it names."""
        if not isinstance(name, str):
            return set()
        path = _plain(name)
        alike = self._of_name.get(path.rpartition("/")[2], set())
        return {image_id for image_id in alike if _is_end(path, self._paths[image_id])}


def _is_end(path: str, other: str) -> bool:
    """Whether one is the end of the other, folder by folder, with or without the suffix."""
    return any(
        f"/{long}".endswith(f"/{short}")
        for whole in (other, os.path.splitext(other)[0])
        for long, short in ((whole, path), (path, whole))
    )


def _plain(path: str) -> str:
    return path.replace("\\", "/")


def _number(image_id: ImageId) -> int | None:
    if isinstance(image_id, str):
        return int(image_id) if image_id.isascii() and image_id.isdigit() else None
    return image_id
