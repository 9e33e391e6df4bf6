"""Tables 7 and 8: VGG-16 and a residual network in one detector, trained alike on the same data.

Source: He et al. 2016, section 4.3 and Appendix A, Tables 7 and 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from backbones.files import outputs
from backbones.reproduction import runs
from backbones.reproduction.experiments import find_rows
from backbones.reproduction.sheet import Sheet
from backbones.reproduction.written import check_written, read_written
from resdet import config
from resdet.reproduction.pair_data import (
    OWN_DATA,
    Keys,
    as_pairs,
    check_sets,
    fitted_keys,
    given_keys,
)
from resdet.reproduction.pair_pictures import draw_pair
from resdet.reproduction.pair_runs import SUBMISSION, Run
from resdet.reproduction.pair_sections import (
    Finished,
    Pair,
    Section,
    about,
    beside_paper,
    compared,
    nothing_of,
    section,
    told_of,
)
from resdet.reproduction.pair_sheet import lines_of, pair_sheet, plot_pairs
from resdet.reproduction.pair_tables import OWN, TABLES, Row, Table
from resdet.reproduction.request import Request
from resdet.reproduction.server import told_to_send
from resdet.reproduction.smoke import SMOKE_REMARK, smoke_datasets
from resdet.visualization.gallery import check_gallery_folder

_SMALL = (
    "[small]: two small networks from random weights on data of your own, not the paper's; its "
    "rows stand beside."
)


@dataclass(frozen=True)
class _Work:
    """A pair, the baseline first, which rows of it are trained, by which keys, in which folder."""

    pair: tuple[Row, Row]
    chosen: Sequence[Row]
    keys: Keys
    folder: Path


def reproduce(request: Request) -> Sheet:
    """Train and measure the rows asked for where there is data; show all that was measured.

    A smoke without data writes shapes where VOC and COCO are looked for.
    Raises: ConfigError; ValueError for a row that is not there, data that lack a set, and as
        `Run.train`.
    """
    table = TABLES[request.target]
    works = _works(request, table)
    _check_places(request, works)
    files: list[Path] = []
    for work in works:
        pair = _measured(request, table, work)
        comparison = compared(pair)
        if comparison:
            files += draw_pair(request.folder / _stem(request, work.pair[0].data), comparison)
        if any(pair.values()):
            files += _keep(request, section(table, pair, comparison))
            files += _publish(request, pair)
            files += [
                one.run.folder / SUBMISSION
                for tested in pair.values()
                for one in tested
                if one.result is None
            ]
    return _sheet(request, table, files)


def _works(request: Request, table: Table) -> list[_Work]:
    """Of every pair that there is data for.

    Raises: as `check_sets` and `fitted_keys`.
    """
    data, folder = request.data, request.folder / "runs"
    given = given_keys(request.overrides, smoke=request.smoke)
    if request.scale == "small" or (request.smoke and data):
        if data is None:
            return []
        name = data.resolve().name
        own = Row(OWN[0], name), Row(OWN[1], name)
        chosen = find_rows(own, request.only)
        return [_Work(own, chosen, fitted_keys(data, folder / name, given), folder / name)]
    chosen = find_rows([row for pair in table.pairs() for row in pair], request.only)
    data = smoke_datasets(request.folder) if request.smoke else data
    if data is None:
        return []
    keys = {**given, "DATASETS.ROOT": data.absolute()}
    check_sets([row.config for row in chosen], keys, data, OWN_DATA)
    return [
        _Work(pair, [row for row in pair if row in chosen], keys, folder) for pair in table.pairs()
    ]


def _check_places(request: Request, works: Sequence[_Work]) -> None:
    """Find out before the work whether what it leaves could be written.

    Raises: as `check_gallery_folder` and `_sections`.
    """
    for work in works:
        check_gallery_folder(request.folder / _stem(request, work.pair[0].data))
    for file in _files(request):
        _sections(file)


def _measured(request: Request, table: Table, work: _Work) -> Pair:
    """Every finished run, once those asked for are trained."""
    for row, seed in product(work.chosen, range(1, request.seeds + 1)):
        print(f"{request.target}: {row.label}, seed {seed}", flush=True)
        folder = work.folder / f"{row.config}-seed{seed}"
        Run(row.config, folder, as_pairs({**work.keys, "SEED": seed})).train()
    done = {row: runs.finished(row.config, work.folder) for row in work.pair}
    trained = {row: [Run(row.config, folder) for folder in done[row]] for row in work.pair}
    return {
        row: [Finished(run, run.measure(table.kind)) for run in trained[row]] for row in trained
    }


def _sections(file: Path) -> list[Section]:
    """Raises: ValueError for a file of something else."""
    found = read_written(file, "pairs")["pairs"] if file.is_file() else []
    for one in found:
        for row in check_written(one, file, "data", "rows", "gains", "made", "deviations")["rows"]:
            check_written(row, file, "config", "runs")
    return found


def _files(request: Request) -> list[Path]:
    """Where sections are kept: beside the configs too, to publish."""
    kept = request.folder / f"{request.target}.json"
    return [kept, *[_published(request)] * request.publish]


def _published(request: Request) -> Path:
    return config.CONFIG_FOLDER / f"{request.target}.json"


def _keep(request: Request, found: Section) -> list[Path]:
    """Write a section in place of that of the same data."""
    files = _files(request)
    for file in files:
        others = [known for known in _sections(file) if about(known) != about(found)]
        outputs.write_json(file, {"pairs": [*others, found]})
    return files


def _publish(request: Request, pair: Pair) -> list[Path]:
    """The results of the first run of each of the paper's configs, beside it."""
    written = []
    for row, tested in pair.items() if request.publish and request.scale == "full" else ():
        if tested and tested[0].result:
            written.append(config.CONFIG_FOLDER / f"{row.config}.json")
            outputs.write_json(written[-1], tested[0].trained)
    return written


def _sheet(request: Request, table: Table, files: Sequence[Path]) -> Sheet:
    """The paper's rows, those that were measured here, or else elsewhere and published."""
    kept, trial = _files(request)[0], request.smoke
    if not trial and not _sections(kept):
        kept = _published(request)
    found = _sections(kept)
    full = request.scale == "full"
    of_paper = [about(nothing_of(pair)) for pair in table.pairs()]
    shown = beside_paper(table, [one for one in found if not full or about(one) in of_paper])
    told = [] if trial else told_of(shown, kept)
    told += [_SMALL] * (request.scale == "small") + [SMOKE_REMARK] * trial
    told += told_to_send(_sent(request, table), "VOC 2012 test", next(iter(table.measures)))
    title = table.title + ("" if full else f" [{request.scale}]")
    lines, picture = list(lines_of(shown)), request.folder / f"{request.target}.png"
    request.folder.mkdir(parents=True, exist_ok=True)
    plot_pairs(table, lines, title, picture)
    sheets = [request.folder / f"{_stem(request, one['data'])}.png" for one in shown]
    pictures = [picture, *filter(Path.is_file, sheets)]
    sheet = pair_sheet(table, lines, title, told)
    return replace(sheet, pictures=pictures, files=list(dict.fromkeys(files)))


def _sent(request: Request, table: Table) -> list[Path]:
    """What was written for a server."""
    folders = sorted((request.folder / "runs").glob("*-seed*"))
    configs = {row.config for pair in table.pairs() for row in pair}
    files = [f / SUBMISSION for f in folders if f.name.rpartition("-")[0] in configs]
    return [file for file in files if file.is_file()]


def _stem(request: Request, data: str) -> str:
    return f"{request.target}-{data}"
