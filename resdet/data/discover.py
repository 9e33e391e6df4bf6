"""What data a folder holds: its form, classes and splits, found by looking."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from backbones.images.heads import inspect_heads
from backbones.images.inspect import same_content
from backbones.terminal.wording import count
from resdet.data.found import UNSPLIT, Found, in_no_split
from resdet.data.not_found import (
    DEPTH,
    LOOKED_FOR,
    MOST_FOLDERS,
    OF_TOOLS,
    NoDataError,
    annotated_folders,
    nothing,
    of_others,
    unread,
)
from resdet.data.registry import OWN_FORMATS, form_of
from resdet.data.splits import (
    SPLITS,
    held_out,
    kept_corners,
    kept_lists,
    save_lists,
    split_name,
    subfolders,
)
from resdet.data.validate import text_lines
from resdet.data.voc.find import annotations_alone
from resdet.structures.corners import AUTO
from resdet.structures.records import ImageRecord

_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")  # of a folder


def discover(data: Path | str, *, beside: Path | None = None, images: bool = True) -> Found:
    """The data set in a folder, or in the one folder in it that holds one.

    `voc:DIR`, `coco:DIR` and the like say which of several is meant; a data.yaml is its folder's.
    `beside`: a run's folder, which may hold the splits of data that could not be written. Without
    `images`, VOC's annotations alone will do where nothing else is.
    Raises: ValueError if there is none that can be read, telling what is there, or several;
        NoDataError if nothing is an annotation, telling what was looked for and seen.
    """
    kind, _, path = str(data).partition(":")
    wanted = kind if path and kind in OWN_FORMATS and not Path(data).exists() else ""
    root = Path(path if wanted else data).expanduser().absolute()
    if root.is_file() and root.suffix in (".yaml", ".yml"):
        root, wanted = root.parent, "yolo"
    if not root.is_dir():
        raise ValueError(f"the data must be a folder, got {root}; {_instead(root)}")
    held = annotated_folders(root)
    if held is not None and root not in held:
        raise NoDataError(nothing(root))
    found = _searched(root, held, partial(_look, wanted=wanted))
    if not (found or images) and wanted in ("", "voc"):
        found = _searched(root, held, _without_images)
    nameless = not any(one.class_names for one in found)  # no object was understood
    if told := (of_others(root) if nameless else "") if found else unread(root, wanted, held):
        raise ValueError(told)
    if not found:
        raise NoDataError(nothing(root))
    if len(found) > 1:
        told = "".join(f"\n  {_choice(one)}" for one in found)
        raise ValueError(
            f"{root} must hold one set of data, got {len(found)}; say which, "
            f"in place of the folder:{told}"
        )
    one = found[0]
    if not one.root.resolve().is_relative_to(root.resolve()):
        one = replace(one, given=root)
    return _with_lists(_told_of_classes(one), beside)


def data_for_config(
    data: Path,
    output: Path,
    *,
    training: bool,
    class_names: Sequence[str] = (),
    corners: str = AUTO,
    before: str = AUTO,
) -> tuple[list[str], list[str]]:
    """(KEY VALUE pairs that put the data of a folder into a config, lines that tell it).

    Where there is nothing to measure on, splits are made: see `with_splits`. `corners`: how they
    are counted; `before`: by the run that is gone on with or measured. The run tells how it counts
    them: the lines do where that is for a reason which the user did not give.
    Raises: ValueError as `discover`, `Found.called`, `Found.counted` and `with_splits`.
    """
    found = discover(data, beside=output).called(class_names)
    found = found.as_kept(before, "as in training").counted(corners)
    if training:
        found = with_splits(found, output)
    given = corners != AUTO or found.corners is None or found.corners.files is None
    told = replace(found, corners=None) if given else found
    return found.key_values(training=training), told.lines(reading=training)


def _instead(root: Path) -> str:
    if root.suffix == ".json":
        return "a JSON is --annotations FILE --images DIR, or give the folder that holds it"
    if root.suffix == ".xml":
        return "give the folder that holds it and the images"
    if not root.is_file():
        return "check the path"
    archive = root.suffix.lower() in _ARCHIVES
    return "unpack the archive" if archive else "give the folder that holds it"


def _searched(
    root: Path, held: Collection[Path] | None, look: Callable[[Path], list[Found]]
) -> list[Found]:
    """What `look` finds in `root`, or else in the folders in it, of `held` where that is known."""
    found, folders = look(root), subfolders(root)
    for _ in range(DEPTH):
        if found or len(folders) > MOST_FOLDERS:
            break
        likely = [folder for folder in folders if held is None or folder in held]
        found = [one for folder in likely for one in look(folder)]
        folders = [deeper for folder in folders for deeper in subfolders(folder)]
    return found


def _without_images(root: Path) -> list[Found]:
    found = annotations_alone(root)
    return [found] if found else []


def _look(root: Path, wanted: str) -> list[Found]:
    """Each form that is there; folders that no other form has settle it."""
    for kind in () if wanted else LOOKED_FOR:
        if form_of(kind).settles(root) and (sure := form_of(kind).find(root)):
            return [sure]
    found, faults = _found_by([wanted] if wanted else LOOKED_FOR, root)
    more, others = ([], []) if wanted else _found_by(OF_TOOLS, root)
    if certain := [one for one in found if not one.guessed]:
        found, more = certain, [*(one for one in found if one.guessed), *more]
    if found:
        passed = [
            f"{count(sum(one.counts.values()), 'image')} of {one.form} in {one.why}, which "
            f"{one.kind}:{one.root} reads"
            for one in more
        ]
    else:
        found, faults, passed = more, faults + others, []
    if faults and not found:
        raise faults[0]
    told = tuple(f"passed over: {what}" for what in (*faults, *passed))
    return [replace(one, remarks=one.remarks + told) for one in found]


def _found_by(kinds: Sequence[str], root: Path) -> tuple[list[Found], list[ValueError]]:
    """What forms find, and the faults of those that there is something of."""
    found, faults = [], []
    for kind in kinds:
        try:
            one = form_of(kind).find(root)
        except ValueError as fault:
            faults.append(fault)
            continue
        found += [one] if one is not None else []
    return found, faults


def _choice(found: Found) -> str:
    """How a set is named among several, and how many images it has."""
    splits = ", ".join(f"{found.counts[split]} {split}" for split in found.ordered())
    if len(found.splits) == 1:
        splits = count(sum(found.counts.values()), "image")
    return f"{shlex.quote(f'{found.kind}:{found.root}')}  ({splits}, found in {found.why})"


def _told_of_classes(found: Found) -> Found:
    """With a remark on names that are most likely one class."""
    written: dict[str, list[str]] = {}
    for name in found.class_names:
        written.setdefault("".join(name.split()).casefold(), []).append(name)
    alike = tuple(
        f"{' and '.join(map(repr, names))} are kept as classes of their own; write them alike in "
        "the annotations to make them one"
        for names in written.values()
        if len(names) > 1
    )
    return replace(found, of_classes=found.of_classes + alike)


def _with_lists(found: Found, beside: Path | None) -> Found:
    """With the splits that were made before, in the data or beside a run."""
    for folder in (found.root, found.given, beside):
        lists = kept_lists(folder, found.root) if folder is not None else {}
        if lists:
            made = next(iter(lists.values())).parent
            found = found.as_kept(kept_corners(made), f"as kept in {made}")
            return _by_lists(found, lists, f"splits of {made}")
    return found


def _by_lists(found: Found, lists: Mapping[str, Path], remark: str) -> Found:
    base = found.to_divide
    whole = found.splits[base] if base else next(iter(found.splits.values()))
    splits, counts = dict(found.splits), dict(found.counts)
    gone = [name for name in splits if name in SPLITS and name not in (*lists, base)]
    if gone:
        remark += f"; in place of {', '.join(gone)}"
    for name in (*UNSPLIT, *SPLITS, base or ""):  # what they divide, or hold a part of
        splits.pop(name, None)
        counts.pop(name, None)
    for split, file in lists.items():
        inside = file.is_relative_to(found.root)
        place = file.relative_to(found.root) if inside else file.resolve()
        splits[split] = replace(whole, split="", listing=place)
        counts[split] = len(text_lines(file))
    remarks = (*found.remarks, remark)
    left = found.counts.get(base or "", 0) - sum(counts[split] for split in lists)
    if base in UNSPLIT and left > 0:  # VOC's are told where they were read
        remarks += (in_no_split(left, next(iter(lists.values())).parent),)
    return replace(found, splits=splits, counts=counts, remarks=remarks)


def with_splits(found: Found, output: Path) -> Found:
    """With something to train and something to measure on, which is made where it is not there.

    The lists go into the data's folder, or where that cannot be written into `output`.
    Raises: ValueError if there is no class, no object, or the splits leave nothing to train on.
    """
    if not found.class_names:
        raise ValueError(f"{found.root} must have an object to learn, got none; annotate some")
    if found.to_train and found.to_watch:
        return found
    base = found.to_divide
    if base is None:
        raise ValueError(
            f"{found.root} must have a split to train on, train or trainval, got "
            f"{', '.join(found.splits)}; name one so, or say DATASETS.TRAIN and DATASETS.TEST"
        )
    records = sorted(found.load(base).records, key=lambda record: str(record.path))
    if not any(record.ground_truth for record in records):
        raise ValueError(
            f"{found.root} must have an object to learn, got none in {base}; annotate some"
        )
    list_name, source = form_of(found.kind).list_name, found.source(base)
    names = [list_name(source, record) for record in records]
    chosen, copies = _held_out(records)
    lists = {
        "train": [name for name, out in zip(names, chosen, strict=True) if not out],
        "test": [name for name, out in zip(names, chosen, strict=True) if out],
    }
    way = found.corners.way if found.corners and not found.corners.assumed else AUTO
    made = save_lists(found.given or found.root, lists, found.root, way)
    made = made or save_lists(output, lists, found.root, way)
    if made is None:
        raise ValueError(
            f"{output} must be a folder that can be written, for the splits of {found.root}"
        )
    remark = (
        f"made a split{_divided(found, base, records)}: {len(lists['train'])} to train, "
        f"{len(lists['test'])} to test, each class in both where it can be; kept in {made}, "
        "delete it to split anew after adding images"
    )
    if copies:
        found = replace(
            found, remarks=(*found.remarks, f"copies, on the side of the first: {copies}")
        )
    files = {split: made / f"{split}.txt" for split in lists}
    return _by_lists(found, files, remark)


def _divided(found: Found, base: str, records: Sequence[ImageRecord]) -> str:
    """As in " of train, the only one there", where what is divided is called as a split is."""
    if base in UNSPLIT:
        parts = [{*record.path.relative_to(found.root).parts[:-1]} for record in records]
        base = next((n for n in set.intersection(*parts) if split_name(n) in SPLITS), "")
    alone = ", the only one there" if len(found.splits) == 1 else ""
    return f" of {base}{alone}" if base else ""


def _held_out(records: Sequence[ImageRecord]) -> tuple[list[bool], int]:
    """(which are to measure on, how many are copies); what cannot be read is no test."""
    facts = inspect_heads([str(record.path) for record in records])
    sound = [at for at, fact in enumerate(facts) if fact.readable]
    copies = same_content([str(records[at].path) for at in sound], [facts[at] for at in sound])
    truths = [records[at].ground_truth for at in sound]
    labels = [truth.labels.tolist() if truth is not None else [] for truth in truths]
    out = dict(zip(sound, held_out(labels, copies=copies), strict=True))
    return [out.get(at, False) for at in range(len(records))], sum(map(len, copies)) - len(copies)
