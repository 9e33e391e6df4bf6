"""What was once read of files that do not change, kept in the user's cache folder.

$RESDET_CACHE, else $XDG_CACHE_HOME/resdet, else ~/.cache/resdet; never in the data. A cache that
is broken, of another root or out of date is read anew; one that cannot be written is done without.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from backbones.files.atomic import write_bytes

_SETTLED = 2_000_000_000  # ns; a younger file could change once more with the same time stamp

Entries = dict[str, list[Any]]
Stamp = list[int]


class Cache:
    """Entries about the files of one folder. `form` has a new number where they read otherwise."""

    def __init__(self, root: Path, form: str) -> None:
        self._root, self._form = root.resolve(), form
        self._path = _path(self._root, form)

    def load(self) -> Entries:
        """What was saved, as it was saved; {} where nothing or anything else is found."""
        if self._path is None:
            return {}
        try:
            head, _, body = self._path.read_bytes().partition(b"\n")
            return dict(orjson.loads(body)) if orjson.loads(head) == self._head(body) else {}
        except (OSError, ValueError, TypeError):
            return {}

    def save(self, entries: Entries) -> None:
        """Replace what was saved, where the folder may be written."""
        if self._path is None:
            return
        with contextlib.suppress(OSError, TypeError):  # a full disk; a file name that is no text
            body = orjson.dumps(entries)
            write_bytes(self._path, orjson.dumps(self._head(body)) + b"\n" + body)

    def _head(self, body: bytes) -> dict[str, str]:
        digest = hashlib.sha256(body).hexdigest()
        return {"format": self._form, "root": os.fsdecode(self._root), "sha256": digest}


def stamp(file: Path | str) -> Stamp:
    """Size, mtime and ctime: a file replaced under its old time stamp has a new ctime.

    [] of a file that is not there.
    """
    try:
        stat = os.stat(file)
    except OSError:
        return []
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def is_settled(stamp: Sequence[int]) -> bool:
    """Whether a change from now on would show in the stamp."""
    return bool(stamp) and time.time_ns() - max(stamp[1:]) > _SETTLED


def _path(root: Path, form: str) -> Path | None:
    folder = _folder()
    if folder is None or root in (folder.resolve(), *folder.resolve().parents):
        return None
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return folder / f"{form.partition('/')[0]}-{name}.json"


def _folder() -> Path | None:
    try:
        if os.environ.get("RESDET_CACHE"):
            return Path(os.environ["RESDET_CACHE"]).expanduser()
        if os.environ.get("XDG_CACHE_HOME"):
            return Path(os.environ["XDG_CACHE_HOME"]) / "resdet"
        return Path.home() / ".cache" / "resdet"
    except RuntimeError:  # no home
        return None
