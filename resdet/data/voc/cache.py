"""The annotations of a VOC folder, parsed once: kept in the user's cache folder."""

from __future__ import annotations

from collections.abc import Iterable

from backbones.files.cache import Cache, Entries, is_settled, stamp
from backbones.terminal.progress import tracked
from resdet.data.validate import Faults
from resdet.data.voc.layout import VocLayout
from resdet.data.voc.xml import Annotation, read_annotation

_FORM = "voc/5"  # a new number wherever `read_annotation` reads otherwise
_WORTHWHILE = 200  # annotations parsed anew; fewer are parsed again sooner than written


def read_annotations(
    layout: VocLayout, stems: Iterable[str], faults: Faults
) -> dict[str, Annotation]:
    """`<stem>.xml` of each stem, from the cache where the file is unchanged.

    Those with faults are told each time: they are not kept.
    """
    stems = list(stems)
    if not stems:
        return {}
    cache = Cache(layout.root, _FORM)
    known = cache.load()
    found: dict[str, Annotation] = {}
    fresh: Entries = {}  # of a stem: the stamp of its file, then the fields of its Annotation
    for stem in tracked(stems, "reading annotations"):
        file = layout.xml(stem)
        mark = stamp(file)
        entry = known.get(stem)
        if entry is not None and entry[:3] == mark:
            names, corners, difficult, size, *of_writer = entry[3:]
            size = tuple(size) if size else None
            found[stem] = Annotation(names, corners, difficult, size, *of_writer)
            continue
        told = len(faults.found)
        annotation = read_annotation(file, faults)
        if annotation is None:
            continue
        found[stem] = annotation
        if len(faults.found) == told and is_settled(mark):
            fresh[stem] = [*mark, *vars(annotation).values()]
    if len(fresh) >= _WORTHWHILE:
        cache.save({**known, **fresh})
    return found
