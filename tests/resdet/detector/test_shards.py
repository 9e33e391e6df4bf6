"""Detections kept in files: resumed, merged, refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from resdet.detector.shards import detect_all, detect_in_shards
from resdet.structures.records import Dataset, Detections, ImageRecord

ABOUT = {"checkpoint": "a", "engine": "tv"}


class Detector:
    """Finds as many boxes as the image's number says; counts what it saw, may die on the way."""

    def __init__(self, dies_after: int = 1000, of: type[BaseException] = KeyboardInterrupt) -> None:
        self.seen: list[str] = []
        self.dies_after = dies_after
        self.of = of

    def predict_records(self, records):
        for record in records:
            if len(self.seen) == self.dies_after:
                raise self.of
            self.seen.append(record.image_id)
            rng = np.random.default_rng(int(record.image_id))
            n = int(record.image_id) % 4
            boxes = rng.random((n, 4), np.float32)
            yield Detections(record.image_id, boxes, rng.integers(0, 2, n), rng.random(n))


def dataset(count: int = 11, size: int = 50) -> Dataset:
    ids = [f"{number:06}" for number in reversed(range(count))]  # their order is not their names'
    records = tuple(ImageRecord(i, Path(f"{i}.jpg"), size, size) for i in ids)
    return Dataset("d", "voc", ("cat", "dog"), records, Path())


def same(one: list[Detections], two: list[Detections]) -> bool:
    return [d.image_id for d in one] == [d.image_id for d in two] and all(
        np.array_equal(getattr(a, name), getattr(b, name))
        and getattr(a, name).dtype == getattr(b, name).dtype
        for a, b in zip(one, two)
        for name in ("boxes", "labels", "scores")
    )


def test_shards_hold_what_was_found_to_the_last_bit(tmp_path: Path) -> None:
    found = detect_in_shards(Detector(), dataset(), tmp_path / "s", ABOUT, images=4)
    assert same(found, detect_all(Detector(), dataset()))
    assert len(list((tmp_path / "s").iterdir())) == 3


@pytest.mark.parametrize("dies_after", [0, 3, 4, 10])
def test_what_was_found_is_not_detected_again(tmp_path: Path, dies_after: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        detect_in_shards(Detector(dies_after), dataset(), tmp_path, ABOUT, images=4)
    kept = dies_after // 4 * 4
    second = Detector()
    found = detect_in_shards(second, dataset(), tmp_path, ABOUT, images=3)  # of another size
    assert second.seen == [r.image_id for r in dataset().records][kept:]
    assert same(found, detect_all(Detector(), dataset()))
    third = Detector()
    assert same(detect_in_shards(third, dataset(), tmp_path, ABOUT), found)
    assert third.seen == []


@pytest.mark.parametrize("sound", [0, 3, 4, 10])
def test_what_was_found_before_an_unreadable_image_is_kept(tmp_path: Path, sound: int) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        detect_in_shards(Detector(sound, ValueError), dataset(), tmp_path, ABOUT, images=4)
    second = Detector()
    found = detect_in_shards(second, dataset(), tmp_path, ABOUT, images=4)
    assert second.seen == [r.image_id for r in dataset().records][sound:]
    assert same(found, detect_all(Detector(), dataset()))


def test_images_come_in_the_order_of_the_data_whichever_shard_was_first(tmp_path: Path) -> None:
    detect_in_shards(Detector(), dataset(), tmp_path, ABOUT, images=2)
    sorted(tmp_path.iterdir())[1].unlink()
    kept = {path: path.rename(path.with_name(f"9{path.name}")) for path in tmp_path.iterdir()}
    found = detect_in_shards(Detector(), dataset(), tmp_path, ABOUT, images=2)
    assert len(list(tmp_path.iterdir())) == len(kept) + 1
    assert same(found, detect_all(Detector(), dataset()))


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    detect_in_shards(Detector(), dataset(), tmp_path, ABOUT, images=100)
    (path,) = tmp_path.iterdir()
    return path


def again(shard: Path, data: Dataset | None = None, about=ABOUT) -> None:
    detect_in_shards(Detector(), data or dataset(), shard.parent, about)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-100],
        lambda content: content[:40],
        lambda content: b"",
        lambda content: b"[]\n" + content,
        lambda content: b"[" * 100_000 + b"\n" + content,
    ],
)
def test_a_broken_shard_is_refused(shard: Path, spoil) -> None:
    shard.write_bytes(spoil(shard.read_bytes()))
    with pytest.raises(ValueError, match=r"000000000.shard must be a whole shard, got .*; remove"):
        again(shard)


def test_no_byte_of_a_shard_may_change(shard: Path) -> None:
    whole = shard.read_bytes()
    for place in range(len(whole) - 1, whole.index(b"\n"), -211):
        shard.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ValueError, match="other bytes than were written; remove it"):
            again(shard)


def test_a_foreign_shard_is_refused(shard: Path) -> None:
    with pytest.raises(ValueError, match="got one of another checkpoint; give another folder"):
        again(shard, about={**ABOUT, "checkpoint": "b"})
    with pytest.raises(ValueError, match="got one of another data"):
        again(shard, dataset(size=51))
    with pytest.raises(ValueError, match="got one of another data"):
        again(shard, dataset(12))
    head, _, body = shard.read_bytes().partition(b"\n")
    claims = json.loads(head)
    claims["about"]["format"] = "resdet.shard/0"
    shard.write_bytes(json.dumps(claims).encode() + b"\n" + body)
    with pytest.raises(ValueError, match="got one of another format"):
        again(shard)


def test_an_image_in_two_shards_is_refused(shard: Path) -> None:
    shard.with_name("000000001.shard").write_bytes(shard.read_bytes())
    with pytest.raises(ValueError, match=r"'000010' must be in one shard, got it in .* and .*;"):
        again(shard)


def test_other_files_stay(shard: Path) -> None:
    (shard.parent / "notes.txt").write_text("mine")
    again(shard)
    assert (shard.parent / "notes.txt").read_text() == "mine"
