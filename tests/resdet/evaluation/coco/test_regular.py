"""Results whose entries are alike, read without an object of each."""

import json
from io import BytesIO

import numpy as np
import pytest

from resdet.evaluation.coco import regular
from resdet.evaluation.coco.results import read_results

ENTRY = {"image_id": 7, "category_id": 3, "bbox": [0.1, 2, 3e-7, 4.5], "score": 1e-05}
OTHER = {"image_id": -(2**63), "category_id": 90, "bbox": [-1, 0, 0, 12345678.125], "score": 1}


def read_regular(content):
    return regular.read_regular(BytesIO(content))


def written(entries, **options):
    return json.dumps(entries, **options).encode()


@pytest.mark.parametrize(
    "options", [{}, {"indent": 2}, {"separators": (",", ":")}, {"indent": "\t"}], ids=str
)
@pytest.mark.parametrize("at_once", [1, 150, 1 << 20])
def test_whatever_blanks_and_parts_the_numbers_are_those_of_the_entries(
    options, at_once, monkeypatch
):
    monkeypatch.setattr(regular, "_AT_ONCE", at_once)
    entries = [ENTRY, OTHER, ENTRY, OTHER, OTHER]
    found = read_regular(written(entries, **options) + b"\n")
    assert found.images.tolist() == [entry["image_id"] for entry in entries]
    assert found.categories.tolist() == [entry["category_id"] for entry in entries]
    assert found.boxes.tolist() == [entry["bbox"] for entry in entries]
    assert found.scores.tolist() == [entry["score"] for entry in entries]


def test_keys_in_another_order():
    entries = [dict(reversed(entry.items())) for entry in (ENTRY, OTHER)]
    assert read_regular(written(entries)).scores.tolist() == [1e-05, 1]
    assert read_regular(written([ENTRY, entries[1]])) is None


@pytest.mark.parametrize(
    "change",
    [
        {"image_id": "7"},
        {"image_id": 7.0},
        {"image_id": 2**63},
        {"category_id": True},
        {"category_id": None},
        {"bbox": [0, 1, 2]},
        {"bbox": [0, 1, -2, 3]},
        {"bbox": [0, 1, 1e200, 3]},
        {"bbox": [[0], 1, 2, 3]},
        {"score": float("nan")},
        {"score": float("inf")},
        {"score": "0.5"},
        {"id": 1},
        {"category_name": "cat"},
    ],
    ids=str,
)
def test_what_is_not_alike_is_left_to_the_reader_that_tells(change):
    assert read_regular(written([ENTRY, {**ENTRY, **change}, ENTRY])) is None


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b'"score"', b'"score2"'),
        (b'"score"', b'"2score"'),
        (b'"score"', b'"s.core"'),
        (b'"image_id"', b'"imageid"'),
        (b"1e-05", b"1e400"),
        (b"1e-05", b"+1"),
        (b"1e-05", b".5"),
        (b"1e-05", b"1 2"),
        (b"1e-05", b""),
        (b"}, {", b"} {"),
        (b"}, {", b"}, 5, {"),
        (b"}, {", b"}, , {"),
        (b"}, {", b"}]{"),
        (b"[{", b"{"),
        (b"[{", b"[, {"),
        (b"[{", b"x[{"),
        (b"}]", b"}"),
        (b"}]", b"}, ]"),
        (b"}]", b"}]]"),
        (b"}]", b"}] x"),
    ],
)
def test_nothing_but_sound_json_is_read(good, bad):
    content = written([ENTRY, ENTRY])
    assert good in content
    assert read_regular(content) is not None
    assert read_regular(content.replace(good, bad, 1)) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"[{}]", b"}{", b"[1]", b"\xff\xfe["])
def test_no_entries(content):
    assert read_regular(content) is None


def test_both_readers_give_the_same(tmp_path):
    rng = np.random.default_rng(0)
    entries = [
        {
            "image_id": int(rng.integers(9)),
            "category_id": int(rng.integers(1, 4)),
            "bbox": (rng.random(4) * 10.0 ** rng.integers(-9, 9)).tolist(),
            "score": float(rng.random() * 10.0 ** rng.integers(-9, 0)),
        }
        for _ in range(300)
    ]
    path = tmp_path / "results.json"
    path.write_bytes(written(entries))
    one, other = read_results(path), read_results(entries)
    assert one.image_ids == other.image_ids
    for name in ("images", "categories", "boxes", "scores"):
        column, expected = getattr(one, name), getattr(other, name)
        assert column.dtype == expected.dtype
        np.testing.assert_array_equal(column, expected)
