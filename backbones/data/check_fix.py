"""A corrected copy of data, beside the original, which is only read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from backbones.data.check_classes import SPLITS, classes_of, images_of, is_folder
from backbones.data.images import has_split
from backbones.images.copies import LEFT_OUT, Say, check_any_left, copy_image, fresh_folder, tell
from backbones.images.depth import shift_of
from backbones.images.inspect import Progress, inspect_images


def fix_folder(
    root: Path,
    out: Path,
    splits: Sequence[str] = (),
    *,
    full: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
    say: Say = print,
) -> None:
    """Copies the folders of classes of `root` without files that no reader takes, images upright.

    Raises: ValueError if `root` holds no such folders, or `out` may not be written.
    """
    given = tuple(splits) or tuple(s for s in SPLITS if has_split(root, s)) or ("",)
    packed = [split for split in given if not is_folder(root, split)]
    if packed:
        raise ValueError(
            f"--fix must be given folders of classes, VOC or COCO, got tar shards or CIFAR's files "
            f"in {root}; fetch or pack them again"
        )
    done: Counter[str] = Counter()
    folders = [folder for split in given for folder in classes_of(root / split)]
    paths = [path for folder in folders for path in images_of(folder)]
    with fresh_folder(out, [root]) as beside:
        facts = inspect_images(paths, full=full, workers=workers, progress=progress)
        shift = shift_of(fact.values for fact in facts)
        for path, fact in zip(paths, facts, strict=True):
            if not fact.readable:
                done[LEFT_OUT] += 1
                continue
            copy_image(path, beside / Path(path).relative_to(root), fact, done, shift)
        check_any_left(sum(1 for path in beside.rglob("*") if path.is_file()), root)
    tell(done, out, say)
