"""The annotations of a VOC folder, parsed once: one file per data root in the user's cache folder.

$RESDET_CACHE, else $XDG_CACHE_HOME/resdet, else ~/.cache/resdet; never in the data. A file that
is broken, of another root or out of date is rebuilt; one that cannot be written is done without.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from resdet.data.validate import Faults
from resdet.data.voc_xml import Annotation, read_annotation

_FORMAT = "resdet.annotations/1"  # a new number wherever `read_annotation` reads otherwise
_WORTHWHILE = 200  # annotations parsed anew; fewer are parsed again sooner than written
_SETTLED = 2_000_000_000  # ns; a younger file could change once more with the same time stamp

# of a stem: size, mtime_ns and ctime_ns of its file, then the fields of its Annotation
_Entries = dict[str, list[Any]]


def read_annotations(root: Path, stems: Iterable[str], faults: Faults) -> dict[str, Annotation]:
    """`root/Annotations/<stem>.xml` of each stem, from the cache where the file is unchanged.

    Those with faults are told each time: they are not kept.
    """
    path = _cache_file(root)
    known = _load(path, root)
    found: dict[str, Annotation] = {}
    fresh: _Entries = {}
    now = time.time_ns()
    for stem in stems:
        file = os.path.join(root, "Annotations", f"{stem}.xml")
        stamp = _stamp(file)
        entry = known.get(stem)
        if entry is not None and entry[:3] == stamp:
            names, corners, difficult, size = entry[3:]
            found[stem] = Annotation(names, corners, difficult, tuple(size) if size else None)
            continue
        told = len(faults.found)
        annotation = read_annotation(file, faults)
        if annotation is None:
            continue
        found[stem] = annotation
        if stamp and len(faults.found) == told and now - max(stamp[1:]) > _SETTLED:
            fresh[stem] = [*stamp, *vars(annotation).values()]
    if path and len(fresh) >= _WORTHWHILE:
        _save(path, root, {**known, **fresh})
    return found


def _stamp(file: str) -> list[int]:
    """Size, mtime and ctime: a file replaced under its old time stamp has a new ctime."""
    try:
        stat = os.stat(file)
    except OSError:
        return []
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _cache_file(root: Path) -> Path | None:
    folder = _cache_folder()
    if folder is None:
        return None
    root, folder = root.resolve(), folder.resolve()
    if root in (folder, *folder.parents):
        return None
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return folder / f"voc-{name}.json"


def _cache_folder() -> Path | None:
    try:
        if os.environ.get("RESDET_CACHE"):
            return Path(os.environ["RESDET_CACHE"]).expanduser()
        if os.environ.get("XDG_CACHE_HOME"):
            return Path(os.environ["XDG_CACHE_HOME"]) / "resdet"
        return Path.home() / ".cache" / "resdet"
    except RuntimeError:  # no home
        return None


def _load(path: Path | None, root: Path) -> _Entries:
    try:
        head, _, body = path.read_bytes().partition(b"\n") if path else (b"", b"", b"")
        return dict(orjson.loads(body)) if orjson.loads(head) == _head(root, body) else {}
    except (OSError, ValueError, TypeError):
        return {}


def _head(root: Path, body: bytes) -> dict[str, str]:
    digest = hashlib.sha256(body).hexdigest()
    return {"format": _FORMAT, "root": str(root.resolve()), "sha256": digest}


def _save(path: Path, root: Path, entries: _Entries) -> None:
    fresh = ""
    try:
        body = orjson.dumps(entries)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps(_head(root, body)) + b"\n" + body)
        os.replace(fresh, path)
    except (OSError, TypeError):  # a full disk; a file name that is no text
        if fresh:
            Path(fresh).unlink(missing_ok=True)
