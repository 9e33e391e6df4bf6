"""The class names of YOLO data: in data.yaml, obj.names or classes.txt, read or refused.

Source: ultralytics' `check_det_dataset`; the exports of supervision, pylabel, SAHI and datumaro;
LabelImg's and Label Studio's classes.txt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from backbones.files.plain_yaml import parse_yaml
from backbones.images.folders import files_in
from resdet.data.validate import read_text, text_lines
from resdet.data.yolo.places import existing

SPLIT_KEYS = ("train", "trainval", "val", "valid", "validation", "test")
_LISTS = ("classes.txt", "obj.names", "_darknet.labels")
_YAML = (".yaml", ".yml")
_CALLED = ("data", "dataset")  # a YAML file of such a name tells YOLO data
_KEYS = re.compile(rb"^[\"']?(names|nc)[\"']?[ \t]*:", re.MULTILINE)
_HOW = "write `names:` and below it a list, or `number: name` lines"


def yaml_of(root: Path) -> Path | None:
    """The file in `root` that tells splits and classes; several must be told apart by the user.

    Raises: ValueError where several do, or one cannot be read that is meant to.
    """
    contents = {file: _content(file) for file in files_in(root, _YAML)}
    telling = [f for f, content in contents.items() if _splits(content) and _tells_names(content)]
    if len(telling) > 1 and root / "data.yaml" not in telling:
        raise ValueError(
            f"{root} must hold one file that tells its data, got "
            f"{', '.join(file.name for file in telling)}; call the one to take data.yaml"
        )
    return None if not telling else max(telling, key=lambda file: file.name == "data.yaml")


def read_content(file: Path) -> dict[str, Any]:
    """Every scalar as it is written: YAML takes a class called `no` for False.

    Raises: ValueError naming the file, and the line where it is no YAML.
    """
    text = read_text(file)
    try:
        content = parse_yaml(text, typed=False)
    except ValueError as fault:
        cause, told = fault.__cause__, str(fault)
        if isinstance(cause, yaml.MarkedYAMLError) and cause.problem_mark:
            told = f"{cause.problem} in line {cause.problem_mark.line + 1}"
        raise ValueError(
            f"{file} must be YAML, got {told}; repair that line (a name with a quote in it is "
            'written "driver\'s seat")'
        ) from None
    return content if isinstance(content, dict) else {}


def names_of(file: Path, content: dict[str, Any]) -> tuple[str, ...]:
    """Of a list, of {number: name} or of a file of names; by `nc` alone those of ultralytics.

    Raises: ValueError where they are none of this, or `nc` is another number.
    """
    names, count = content.get("names") or None, str(content.get("nc", "")).strip()
    if count and not count.isdecimal():
        raise ValueError(f"{file}: nc must be the number of classes, got {count!r:.40}; mend it")
    if isinstance(names, str) and (place := existing(names, [file.parent], file.parent)):
        names = text_lines(place) if place.is_file() else names
    if isinstance(names, dict):
        names = _by_number(file, names)
    if names is None and count:
        return tuple(f"class_{number}" for number in range(int(count)))
    if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
        raise ValueError(
            f"{file}: names must be a list of class names, or `number: name` lines, "
            f"got {names!s:.80}; write them as data.yaml has them"
        )
    if count and int(count) != len(names):
        raise ValueError(
            f"{file}: nc must be {len(names)}, the names that it lists, got {count}; mend one"
        )
    return tuple(names)


def names_in(folders: Sequence[Path]) -> tuple[Path | None, tuple[str, ...]]:
    """(the file that lists the names, the names), where there is one: the longest list.

    Raises: ValueError where another file begins otherwise, or one is there that lists none.
    """
    found = {file: names for folder in folders for file, names in _naming(folder)}
    if not found:
        return None, ()
    longest = max(found, key=lambda file: len(found[file]))
    names = found[longest]
    if not names:
        raise ValueError(
            f"{longest} must name the classes, got none; {_HOW}, or delete the file"
            if longest.suffix.lower() in _YAML
            else f"{longest} must name a class on each line, got none; name them, or delete it"
        )
    for file, others in found.items():
        if others != names[: len(others)]:
            raise ValueError(
                f"{longest} and {file} must list the same classes in the same order, got "
                f"{', '.join(names)} and {', '.join(others)}; make them alike, or give the "
                "folder of one of them"
            )
    return longest, names


def _naming(folder: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The files in one folder that list names, or should."""
    for file in files_in(folder, _YAML):
        called = file.stem.lower() in _CALLED
        content = read_content(file) if called else _content(file)
        if _tells_names(content) and (called or {"names", "nc"} <= content.keys()):
            yield file, names_of(file, content)
        elif called:
            yield file, ()
    for name in _LISTS:
        if (folder / name).is_file():
            yield folder / name, tuple(text_lines(folder / name))


def _content(file: Path) -> dict[str, Any]:
    """As `read_content`; of a file that cannot be read and has no key of names, nothing."""
    try:
        return read_content(file)
    except ValueError:
        if _KEYS.search(_plain(file)):
            raise
        return {}


def _plain(file: Path) -> bytes:
    """The letters of a file, of UTF-16 too."""
    try:
        return file.read_bytes().replace(b"\0", b"")
    except OSError:
        return b""


def _splits(content: dict[str, Any]) -> bool:
    return any(content.get(key) for key in SPLIT_KEYS)


def _tells_names(content: dict[str, Any]) -> bool:
    return bool(content.get("names") or content.get("nc"))


def _by_number(file: Path, names: dict[str, Any]) -> list[Any]:
    numbers = [str(number) for number in names]
    if sorted(numbers, key=lambda n: n.zfill(9)) != [str(n) for n in range(len(names))]:
        raise ValueError(
            f"{file}: names must be numbered from 0 without a gap, got {', '.join(numbers)}"
        )
    return [names[number] for number in sorted(names, key=int)]
