"""All tools against us: each writes, we read; we write, each reads; and each by us to each."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, cast

from resdet.data.convert import To, convert, for_form
from resdet.data.discover import discover
from resdet.data.found import Found
from resdet.data.programs import PROGRAMS, words_for
from tools.round_trip import scene as scenes
from tools.round_trip.environments import answers, installed
from tools.round_trip.tools import TOOLS
from tools.round_trip.written import facts

OURS = "resdet"
_SHARED = ("numpy", "opencv-python-headless", "pillow", "torchvision", "pycocotools")


class Way(NamedTuple):
    """Who writes or reads, and in which form."""

    tool: str
    form: To

    def __str__(self) -> str:
        return f"{self.tool} {self.form}"


def measured(folder: Path, environments: Path) -> dict[str, Any]:
    """Everything, as it is kept in JSON; `folder` is filled with what was written."""
    pythons = {name: installed(environments, name, tool) for name, tool in TOOLS.items()}
    scene = scenes.draw(folder / "pictures")
    refused = _written(folder, scene, pythons)
    scenes.own_coco(folder / "written" / str(Way(OURS, "coco")), scene, marks=False)
    scenes.own_coco(folder / "marked", scene, marks=True)
    read, sources = _by_us(folder)
    jobs, answered = _converted(folder, sources)
    by_tool = {tool: [job for job in jobs if job[1].tool == tool] for tool in TOOLS}
    for tool, own in by_tool.items():
        asked = [{"do": "read", "form": to.form, "root": str(root)} for _, to, root in own]
        told = answers(pythons[tool], tool, asked, folder / "jobs.json")
        answered |= {(source, str(to)): answer for (source, to, _), answer in zip(own, told)}
    pairs: dict[str, dict[str, Any]] = {}
    marks = {}
    for (source, to), answer in answered.items():
        if source == "marked":
            marks[to] = scenes.flags(answer)
        else:
            pairs.setdefault(source, {})[to] = scenes.compared(answer)
    return {
        "versions": _versions(),
        "written": {
            str(way): facts(way.form, folder / "written" / str(way))
            for way in writers()
            if str(way) not in refused
        },
        "read": read | refused,
        "pairs": {source: dict(sorted(cells.items())) for source, cells in pairs.items()},
        "marks": dict(sorted(marks.items())),
    }


def writers() -> Iterator[Way]:
    """Every tool in every form that it writes."""
    for name, tool in TOOLS.items():
        yield from (Way(name, cast(To, form)) for form in tool.writes)


def readers() -> Iterator[Way]:
    """Every tool in every form that it reads and we write for it."""
    for name, tool in TOOLS.items():
        yield from (Way(name, cast(To, form)) for form in tool.reads if form in PROGRAMS[name])


def _versions() -> dict[str, str]:
    own = {name: tool.version for name, tool in TOOLS.items() if tool.version}
    return {**own, **{name: version(name) for name in _SHARED}, "Python": platform.python_version()}


def _written(folder: Path, scene: scenes.Scene, pythons: dict[str, Path]) -> dict[str, Any]:
    """Each tool's own folders, with the pictures; -> those that were refused."""
    refused: dict[str, Any] = {}
    for name, tool in TOOLS.items():
        jobs = []
        for form in tool.writes:
            root = folder / "written" / f"{name} {form}"
            root.mkdir(parents=True)
            jobs.append({"do": "write", "form": form, "root": str(root), "scene": scene})
        told = answers(pythons[name], name, jobs, folder / "jobs.json") if jobs else []
        for job, answer in zip(jobs, told):
            root = Path(str(job["root"]))
            if answer is not None:
                refused[root.name] = answer
            _add_pictures(root, scene)
    return refused


def _add_pictures(root: Path, scene: scenes.Scene) -> None:
    """Beside labels that lie in the root, else in images/, where the tool copied none."""
    if any(root.rglob("*.jpg")):
        return
    flat = any(root.glob("*.xml")) or any(file.name != "classes.txt" for file in root.glob("*.txt"))
    shutil.copytree(scene["folder"], root if flat else root / "images", dirs_exist_ok=True)


def _by_us(folder: Path) -> tuple[dict[str, Any], dict[str, Found]]:
    """(How far what we read is from the truth, what was found), by who wrote it."""
    read: dict[str, Any] = {}
    sources = {"marked": discover(folder / "marked")}
    for root in sorted((folder / "written").iterdir()):
        try:
            found = discover(root)
            if not found.own_classes and found.kind == "yolo":
                found = found.called(scenes.CLASSES)
            images = _read(found)
        except ValueError as fault:
            read[root.name] = {"refused": str(fault).replace(str(folder), "")}
            continue
        sources[root.name] = found
        read[root.name] = scenes.compared(images)
        if found.corners:
            read[root.name]["corners"] = found.corners.way
    return read, sources


def _read(found: Found) -> scenes.Read:
    images: dict[str, Any] = {}
    for split in found.splits:
        for record in found.load(split).records:
            truth = record.ground_truth
            rows = [] if truth is None else zip(truth.labels.tolist(), truth.boxes.tolist())
            images[record.path.name] = [
                [found.class_names[label], *corners, None] for label, corners in rows
            ]
    return {"images": images, "classes": list(found.class_names)}


def _converted(
    folder: Path, sources: dict[str, Found]
) -> tuple[list[tuple[str, Way, Path]], dict[tuple[str, str], Any]]:
    """(Source, reader, folder) of all that we wrote; what we refused, in an answer's place."""
    jobs = []
    refused: dict[tuple[str, str], Any] = {}
    for source, found in sources.items():
        for to in readers():
            out = folder / "ours" / source / str(to)
            words = words_for(to.tool, to.form)
            out.parent.mkdir(parents=True, exist_ok=True)
            try:
                data = for_form(found, to.form)
                split = max(data.counts, key=lambda name: data.counts[name])
                convert(data, out, to.form, words=words, splits=[split], link=True)
            except ValueError as fault:
                refused[source, str(to)] = {"refused": str(fault).replace(str(folder), "")}
                continue
            jobs.append((source, to, out))
    return jobs, refused
