from __future__ import annotations

import numpy as np
import pytest

from resdet.evaluation.pairs import (
    by_falling,
    by_small_numbers,
    overlapping,
    pairs,
    places_among,
)
from resdet.structures.boxes import iou


def keys(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_every_pair_of_one_key() -> None:
    (block,) = pairs(keys(7, 3, 9, 7), keys(3, 7, 5, 7))
    assert list(zip(block.left, block.right)) == [(0, 1), (0, 3), (1, 0), (3, 1), (3, 3)]
    assert block.rows.tolist() == [0, 1, 3]  # the third has no partner
    assert block.starts.tolist() == [0, 2, 3]


def test_the_best_of_each_row_and_the_first_of_equals() -> None:
    (block,) = pairs(keys(7, 3, 7), keys(3, 7, 7, 7))
    values = np.array([0.1, 0.5, 0.5, -1.0, 0.3, 0.0, 0.2])
    highest, right = block.best(values)
    assert highest.tolist() == [0.5, -1.0, 0.3]
    assert right.tolist() == [2, 0, 1]
    assert block.best(values, last=True)[1].tolist() == [3, 0, 1]


@pytest.mark.parametrize("most", [1, 2, 3, 5, 100])
def test_blocks_are_bounded_and_part_no_row(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(most)
    left, right = rng.integers(0, 6, 40), rng.integers(0, 6, 9)
    monkeypatch.setattr("resdet.evaluation.pairs._PAIRS_AT_ONCE", most)
    blocks = list(pairs(left, right))
    found = [pair for block in blocks for pair in zip(block.left, block.right)]
    assert found == [(i, j) for i in range(40) for j in range(9) if left[i] == right[j]]
    most_of_a_row = np.bincount(right).max()
    assert all(len(block.left) < most + most_of_a_row for block in blocks)
    assert len({row for block in blocks for row in block.rows}) == sum(
        len(block.rows) for block in blocks
    )


@pytest.mark.parametrize(("left", "right"), [((), ()), ((1,), ()), ((), (1,)), ((1,), (2,))])
def test_no_pair_no_block(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    assert list(pairs(keys(*left), keys(*right))) == []


@pytest.mark.parametrize("most", [1, 7, 100])
@pytest.mark.parametrize("least", [1e-9, 1 / 9, 0.5])
def test_boxes_of_one_key_that_overlap(
    most: int, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(most)
    left, right = rng.integers(0, 4, 40), rng.integers(1, 6, 9)
    mine, theirs = (rng.integers(0, 6, (n, 4)).astype(float) for n in (40, 9))
    for boxes in (mine, theirs):
        boxes[:, 2:] += boxes[:, :2]
    monkeypatch.setattr("resdet.evaluation.pairs._ROWS_AT_ONCE", most)
    blocks = list(overlapping(left, right, (mine, theirs), least))
    found = [pair for block in blocks for pair in zip(*block)]
    overlaps = iou(mine, theirs)
    assert sorted(found) == [
        (i, j, overlaps[i, j])
        for i in range(40)
        for j in range(9)
        if left[i] == right[j] and overlaps[i, j] >= least
    ]
    assert all(len(set(rows)) == len(rows) for rows, _, _ in blocks)
    for row in range(40):
        partners = [j for i, j, _ in found if i == row]
        assert partners == sorted(partners)


@pytest.mark.parametrize(("left", "right"), [((), ()), ((1,), ()), ((), (1,)), ((1,), (2,))])
def test_nothing_overlaps_without_a_partner(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    boxes = tuple(np.tile([0.0, 0.0, 9.0, 9.0], (len(side), 1)) for side in (left, right))
    blocks = overlapping(keys(*left), keys(*right), boxes, 0.5)
    assert [len(rows) for rows, _, _ in blocks if len(rows)] == []


@pytest.mark.parametrize("most", [1, 300, 70_000, 1 << 40])
def test_rows_by_rising_numbers_of_any_size(most: int) -> None:
    values = np.random.default_rng(most).integers(0, most + 1, 500)
    expected = sorted(range(500), key=lambda row: values[row])
    assert by_small_numbers(values).tolist() == expected
    assert len(by_small_numbers(values[:0])) == 0


def test_rows_by_falling_value_are_those_of_a_stable_sort() -> None:
    rng = np.random.default_rng(0)
    usual = [rng.random(200), rng.random(200).astype(np.float32), rng.normal(size=200).round(1)]
    ends = [0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, np.inf, -np.inf, 1.0, -1.0]
    mixed = np.concatenate([*usual, np.repeat(ends, 3)])[rng.permutation(630)]
    short = np.array([0.0, -0.0, np.inf, 1.0, -np.inf, 1e-45, -1.0, *usual[1]], np.float32)
    for values in (mixed, short, short.astype(np.float64), mixed[:0]):
        assert by_falling(values).tolist() == np.argsort(-values, kind="stable").tolist()


@pytest.mark.parametrize("known", [[3, 4, 9], [-5, 700_000], [-(2**63), 0, 2**63 - 1], []])
def test_places_among_known_values(known: list[int]) -> None:
    values = [*known, *known[:1], 4, 5, -(2**63), 2**63 - 1]
    expected = [known.index(v) if v in known else -1 for v in values]
    assert places_among(np.array(values), np.array(known, np.int64)).tolist() == expected
