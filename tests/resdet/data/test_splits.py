"""Images held out, and the lists that say which."""

import pytest

from resdet.data.splits import held_out


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
