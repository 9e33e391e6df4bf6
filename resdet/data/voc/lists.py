"""What the lines of a list of VOC's images mean: names with columns, suffixes or folders."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from backbones.images.folders import SUFFIXES
from resdet.data.foreign_names import ends, folded, without_suffix


class Line(NamedTuple):
    """A line as it is written, and the stem that it means; None where it is of none."""

    text: str
    stem: str | None


class Stems:
    """The names that a line may mean, by which tools call images in ways of their own."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known

    def lines(self, texts: Sequence[str]) -> list[Line]:
        """Of each text but remarks; two paths that end alike and differ before that mean none."""
        found = {text: self._meant(text) for text in texts}
        paths: dict[str, set[str]] = defaultdict(set)
        for path, stem in found.values():
            paths[stem or ""].add(path)
        sound = {stem for stem, several in paths.items() if stem and _is_one(several)}
        lines = [Line(text, s if (s := found[text][1]) in sound else None) for text in texts]
        return [line for line in lines if line.stem or not line.text.startswith("#")]

    def of(self, text: str) -> str | None:
        """The stem that a text means."""
        return self._meant(text)[1]

    def _meant(self, text: str) -> tuple[str, str | None]:
        """(the path that is meant, the stem): the whole text, or its words but for the last."""
        if text in self._known:
            return text, text
        paths = [bare(name) for name in _names(text)]
        for path in (*_names(text), *paths):
            if path in self._known:
                return path, path
        for path in paths:
            if stem := next((end for end in ends(path) if end in self._known), None):
                return path, stem
        for path in paths:
            if stem := next((s for e in ends(path) if (s := self._folded.get(folded(e)))), None):
                return path, stem
        return text, None

    @cached_property
    def _folded(self) -> dict[str, str | None]:
        """The stems by what is alike in them, None where two are."""
        found: dict[str, str | None] = {}
        for stem in self._known:
            alike = folded(stem)
            found[alike] = None if alike in found else stem
        return found


def _names(text: str) -> Iterator[str]:
    """The text, then without columns: `1` or `-1`, or the annotation of the image."""
    yield text
    gaps = [match.start() for match in re.finditer(r"\s+", text)]
    yield from (text[:gap] for gap in reversed(gaps))


def bare(name: str) -> str:
    """With / between its folders, without the suffix of an image or annotation."""
    return without_suffix(name.replace("\\", "/"), (*SUFFIXES, ".xml"))


def _is_one(paths: Collection[str]) -> bool:
    longest = max((path.lstrip("./") for path in paths), key=len)
    return all(f"/{longest}".endswith(f"/{path.lstrip('./')}") for path in paths)
