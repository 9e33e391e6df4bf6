"""What the paper printed in Tables 9 to 11, and that each system has a config."""

from __future__ import annotations

from statistics import fmean

import pytest

from resdet import config
from resdet.evaluation.comparison.paper import paper_values
from resdet.reproduction.improved_rows import MAXOUT, REFINE, STARTS, TABLES, System, Table

SYSTEMS = {
    system.name: system
    for table in TABLES.values()
    for row in table.rows
    for system in row.systems
    if system
}


def test_a_system_is_called_by_what_it_is() -> None:
    assert System("a", REFINE).name == "a-refine"
    assert System("a", MAXOUT, 3).name == "a-maxout_sizes-ensemble"
    assert str(System("a", REFINE, 3)) == "a TEST.REFINE True ensemble of 3"
    assert [System("a").is_run, System("a", REFINE).is_run, System("a", (), 2).is_run] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_the_rows_fill_their_table(table: Table) -> None:
    for row in table.rows:
        assert len(row.systems) == len(row.paper) == len(table.columns)
        assert {len(printed) for printed in row.paper} == {len(table.measures)}


@pytest.mark.parametrize("target", ["table10", "table11"])
def test_the_classes_make_the_printed_mean(target: str) -> None:
    for row in TABLES[target].rows:
        mean, *classes = map(float, row.paper[0])
        assert fmean(classes) == pytest.approx(mean, abs=0.051)


@pytest.mark.parametrize("target", TABLES)
def test_results_and_rows_have_the_same_numbers(target: str) -> None:
    for row in TABLES[target].rows:
        for system, printed in zip(row.systems, row.paper):
            if system:
                values = [100 * value for value in paper_values(system.name).values()]
                assert values == pytest.approx(list(map(float, printed[: len(values)])))
                assert values


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_each_has_a_config(system: System) -> None:
    config.check(config.load(system.config, system.testing))


def test_what_is_fine_tuned_goes_with_what_it_begins_with() -> None:
    for name, start in STARTS.items():
        own, first = config.load(name, []), config.load(start, [])
        assert own.MODEL.ROI_HEADS.NAME == first.MODEL.ROI_HEADS.NAME
        assert own.MODEL.ANCHOR_GENERATOR.SIZES == first.MODEL.ANCHOR_GENERATOR.SIZES
        assert f"{first.OUTPUT_DIR[2:]}/model_final.pth" == own.MODEL.WEIGHTS
