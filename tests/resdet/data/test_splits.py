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
    with pytest.raises(ValueError, match="must have two images or more, got 1"):
        held_out([[0]])
