"""Listed images without an annotation: some tools leave it out where there is no object."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from resdet.data.validate import Faults, counted
from resdet.data.voc.cache import read_annotations
from resdet.data.voc.layout import VocLayout
from resdet.data.voc.writers import WRITERS
from resdet.data.voc.xml import Annotation


def is_labelled(split: str, stems: Sequence[str], written: Collection[str]) -> bool:
    """Whether the objects of a split are known: a `test` without any annotation is VOC 2012's."""
    return split != "test" or any(stem in written for stem in stems)


def without_objects(
    layout: VocLayout, stems: Sequence[str], parsed: Mapping[str, Annotation]
) -> list[str]:
    """Those of `stems` that have no annotation, where the tool that wrote all others leaves it out.

    So does ImageNet in training images of DET. The annotations of `parsed` are not read again.
    """
    absent = [stem for stem in stems if stem not in layout.annotated]
    if not absent or layout.tree:
        return layout.tree.backgrounds(absent) if layout.tree else []
    others = sorted(layout.written() - parsed.keys())
    all_there = [*parsed.values(), *read_annotations(layout, others, Faults("")).values()]
    writers = {WRITERS.get(one.writer) for one in all_there}
    return absent if writers and all(writer and writer.bare for writer in writers) else []


def told_of(layout: VocLayout, stems: Sequence[str]) -> list[str]:
    """A line on images that are taken as `without_objects` has them, or none."""
    pictures = layout.pictures()
    files = [pictures[stem] for stem in dict.fromkeys(stems) if stem in pictures]
    who = "ImageNet leaves" if layout.tree else "CVAT and datumaro leave"
    what = f"listed images without an annotation, as {who} those without objects"
    return [f"taken as background: {what}: {counted(files)}"] if files else []
