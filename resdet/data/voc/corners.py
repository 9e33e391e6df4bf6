"""How the files of a VOC folder count corners: by what wrote them, or by what cannot be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from resdet.data.validate import Faults
from resdet.data.voc.cache import read_annotations
from resdet.data.voc.layout import VocLayout
from resdet.data.voc.writers import DEVKIT, LABELIMG, REWRITTEN, SUPERVISION, WRITERS
from resdet.data.voc.xml import Annotation
from resdet.structures.corners import AUTO, OFFSETS, VOC, Corners

Group = Mapping[str, Annotation]
_FLAGGED = 0.95  # of labelImg's objects: others have its tags, and `truncated` as they please
_FEW = 0.1  # share of files without a trace that are taken as all others are
_SIGNS = 3  # corners at one place, where one may be a slip of the hand
_SLIPS = 10  # corners that may be, to one that cannot: where they are fewer, it is no slip
_NOTHING = "; --voc-corners says another"


def corners_of(layout: VocLayout, parsed: Group) -> Corners:
    """By all annotations of a folder, of which `parsed` are not read again."""
    others = sorted(layout.written() - parsed.keys())
    return judge({**parsed, **read_annotations(layout, others, Faults(""))})


def judge(annotations: Group) -> Corners:
    """One way for all, or that of each writer where they differ."""
    groups = _groups(annotations)
    if not groups:
        return Corners(VOC, ", assumed: there are no boxes", assumed=True)
    told = {writer: _of_group(writer, group) for writer, group in groups.items()}
    known = {corners.way for writer, corners in told.items() if writer}
    few = len(groups.get("", ())) <= _FEW * sum(map(len, groups.values()))
    if "" in told and told[""].assumed and few and len(known) == 1:
        why = f", as all others here, without a trace in {_files(groups[''])}"
        told[""] = Corners(known.pop(), why)
    if len(told) == 1:
        return next(iter(told.values()))
    ways = {corners.way for corners in told.values()}
    lines = [f"{told[w]} ({_files(group)})" for w, group in groups.items()]
    if len(ways) > 1:
        by_writer = {
            annotations[stem].writer: told[writer].way
            for writer, group in groups.items()
            for stem in group
        }
        return Corners(AUTO, f", each file its own: {'; '.join(lines)}", by_writer=by_writer)
    (way,) = ways
    whys = [line.removeprefix(f"{way}, ") for line in lines]
    return Corners(way, f", {'; '.join(whys)}", all(c.assumed for c in told.values()))


def _groups(annotations: Group) -> dict[str, dict[str, Annotation]]:
    """The files with boxes by their writer, those of most first."""
    groups: dict[str, dict[str, Annotation]] = defaultdict(dict)
    for stem, one in annotations.items():
        if one.corners:
            groups[one.writer][stem] = one
    for writer in (LABELIMG, REWRITTEN):
        if writer in groups and not _is_labelimgs(writer, groups):
            images = groups.pop(writer)
            groups[""] |= {stem: replace(one, writer="") for stem, one in images.items()}
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def _is_labelimgs(writer: str, groups: Mapping[str, Group]) -> bool:
    """By `truncated`; without its whitespace some must be, or be beside files that have it."""
    images = groups[writer].values()
    if sum(one.flagged for one in images) < _FLAGGED * sum(len(one.corners) for one in images):
        return False
    return LABELIMG in groups or sum(one.cut for one in images) >= _SIGNS


def _of_group(writer: str, group: Group) -> Corners:
    places = _places(list(group.values()))
    if not writer:
        return _by_places(places)
    by_places = _by_places(places)
    traces = WRITERS[writer].traces
    if writer in OFFSETS:
        return Corners(writer, f", {traces}")
    if writer == DEVKIT and by_places.way != VOC:
        return by_places
    if writer == SUPERVISION:
        return _of_supervision(places)
    if writer in (LABELIMG, REWRITTEN):
        flagged = sum(one.flagged for one in group.values())
        traces += f", truncated at the border in {flagged} of {places.boxes}"
    return Corners(WRITERS[writer].way, f", as {writer} writes them: {traces}")


@dataclass(frozen=True)
class _Places:
    """How many corners lie where: near ones at 0 and 1, far ones beside the size."""

    boxes: int
    zeros: int
    ones: int
    two_before: int
    before: int
    ends: int
    beyond: int

    def __str__(self) -> str:
        return (
            f"near corners: {self.zeros} at 0, {self.ones} at 1; far corners: {self.before} one "
            f"below the size, {self.ends} at it, {self.beyond} one beyond"
        )


def _places(annotations: Sequence[Annotation]) -> _Places:
    boxes = np.array([row for one in annotations for row in one.corners], np.float64)
    sizes = [one.size[::-1] if one.size else (np.nan, np.nan) for one in annotations]
    limits = np.repeat(np.array(sizes), [len(one.corners) for one in annotations], axis=0)
    near, over = np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:] - limits)
    zeros, ones = (int((near == at).sum()) for at in (0, 1))
    return _Places(len(boxes), zeros, ones, *(int((over == at).sum()) for at in (-2, -1, 0, 1)))


def _by_places(places: _Places) -> Corners:
    """By corners that cannot be where the others are counted as the devkit does."""
    if _SLIPS * places.zeros > places.ones:
        way = "0-inclusive" if _ends_before(places) else "0-continuous"
        return Corners(way, f", by {places}")
    if places.beyond >= _SIGNS and places.beyond > places.ends:
        return Corners("1-continuous", f", by {places}")
    if places.ones >= 2 * _SIGNS and places.ends > _SLIPS * places.beyond:
        return Corners(VOC, f", by {places}")
    return Corners(VOC, f", VOC's own, assumed: nothing in the files tells{_NOTHING}", assumed=True)


def _ends_before(places: _Places) -> bool:
    """Whether far corners end one below the size, more than they do by chance: as two below it."""
    crowded = places.before > max(2 * places.two_before, _SLIPS * places.ends)
    return crowded and places.before + places.zeros >= 2 * _SIGNS


def _of_supervision(places: _Places) -> Corners:
    """0.31.1 and older put the far corner one further, which a box at the border shows."""
    traces = WRITERS[SUPERVISION].traces
    sign = f"far corners: {places.ends} at the size, {places.beyond} one beyond"
    if _SLIPS * places.beyond > places.ends:
        return Corners(
            "1-continuous", f", as supervision up to 0.31.1 writes them: {traces}, {sign}"
        )
    if places.ends:
        return Corners(VOC, f", as supervision from 0.31.2 on writes them: {traces}, {sign}")
    return Corners(
        VOC,
        ", assumed: supervision wrote them, of which version nothing tells; up to 0.31.1 it is "
        f"1-continuous{_NOTHING}",
        assumed=True,
    )


def _files(group: Group) -> str:
    named = next(iter(group))
    return f"{len(group)} files, as {named}.xml" if len(group) > 1 else f"{named}.xml"
