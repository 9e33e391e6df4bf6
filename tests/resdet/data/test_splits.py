"""Images held out, and the lists that say which."""

import pytest

from resdet.data.splits import (
    held_out,
    kept_corners,
    kept_lists,
    not_used,
    own_lists,
    save_lists,
)


def test_held_out_is_the_same_every_time_and_keeps_the_shares():
    classes = [[0]] * 50 + [[0, 1]] * 10 + [[]] * 20 + [[2]]
    chosen = held_out(classes)
    assert chosen == held_out(classes)
    assert chosen != held_out(classes, seed=1)
    assert [sum(chosen[:50]), sum(chosen[50:60]), sum(chosen[60:80])] == [10, 2, 4]
    assert not chosen[-1]  # the only one of its class
    assert sum(held_out([[0], [0]])) == 1
    with pytest.raises(ValueError, match="two images or more, copies counted once, got 1"):
        held_out([[0]])


def test_copies_stay_on_one_side():
    classes = [[0]] * 20
    copies = [[0, 7, 19], [3, 4]]
    for seed in range(20):
        chosen = held_out(classes, seed=seed, copies=copies)
        assert {len({chosen[at] for at in group}) for group in copies} == {1}
        rest = [at for at in range(20) if at not in {4, 7, 19}]
        assert sum(chosen[at] for at in rest) == 3  # of 17 pictures
    assert sum(held_out([[0], [1], [0]], copies=[[0, 2]])) in (1, 2)
    with pytest.raises(ValueError, match="got 1"):
        held_out([[0], [0]], copies=[[0, 1]])


def test_lists_keep_how_corners_were_counted(tmp_path):
    def folder(name):
        (tmp_path / name).mkdir()
        return tmp_path / name

    lists = {"train": ["a"], "test": ["b"]}
    plain = save_lists(folder("plain"), lists, tmp_path)
    assert kept_corners(plain) == "auto"
    made = save_lists(folder("told"), lists, tmp_path, "0-continuous")
    assert kept_corners(made) == "0-continuous"
    assert list(kept_lists(tmp_path / "told", tmp_path)) == ["test", "train"]
    (made / "CORNERS").write_text("another\n")
    assert kept_corners(made) == "auto"


def test_lists_of_the_user_are_named_with_what_to_do(tmp_path):
    for name in ("val.txt", "train.txt", "notes.txt"):
        (tmp_path / name).touch()
    lists = own_lists(tmp_path / "absent", tmp_path)
    assert not_used(lists, "move them") == [
        "WARNING: your lists are NOT used: train.txt, val.txt; move them"
    ]
    assert not_used([], "move them") == []
