from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from resdet.detector.pipeline import UntilFault, ahead, behind


def test_ahead_keeps_order_and_reads_ahead_but_not_far() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    assert list(ahead(items(), 3)) == list(range(100))
    made.clear()
    reading = ahead(items(), 3)
    assert next(reading) == 0
    reading.close()  # ends the thread
    assert 1 <= len(made) <= 6


def test_ahead_passes_errors_on_in_turn() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("the second is broken")

    reading = ahead(broken())
    assert next(reading) == 1
    with pytest.raises(ValueError, match="the second is broken"):
        next(reading)


def test_behind_works_in_order_in_one_other_thread_and_not_far_behind() -> None:
    done, threads = [], set()

    def work(number: int) -> int:
        threads.add(threading.get_ident())
        done.append(number)
        return 2 * number

    def items() -> Iterator[int]:
        for number in range(50):
            assert number - len(done) <= 4 + 1
            yield number

    assert list(behind(work, items())) == list(range(0, 100, 2))
    assert done == list(range(50))
    assert threads != {threading.get_ident()}
    assert len(threads) == 1


def test_behind_passes_errors_on() -> None:
    def work(number: int) -> None:
        if number == 3:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        list(behind(work, range(100)))


def test_behind_works_at_once_and_tells_in_order() -> None:
    both = threading.Barrier(2, timeout=10)

    def work(number: int) -> int:
        both.wait()  # passes only where two work at once
        time.sleep(0.01 * (number % 3 == 0))
        return number

    assert list(behind(work, range(20), 2, 2)) == list(range(20))


def test_behind_has_each_thread_ready_before_any_works() -> None:
    ready: list[int] = []

    def first() -> None:
        time.sleep(0.01 * len(ready))
        ready.append(threading.get_ident())

    def work(_: int) -> int:
        return len(set(ready))

    assert list(behind(work, range(6), 3, 3, first)) == [3] * 6


@pytest.mark.parametrize("broken", [1, 3])
def test_behind_tells_what_makes_no_thread_ready(broken: int) -> None:
    asked = itertools.count(1)

    def first() -> None:
        if next(asked) <= broken:
            raise MemoryError("no thread")

    with pytest.raises(MemoryError, match="no thread"):
        next(behind(abs, range(6), 3, 3, first))


@pytest.mark.parametrize("threads", [1, 3])
def test_behind_tells_what_came_before_an_item_that_cannot_be_made(threads: int) -> None:
    def items() -> Iterator[int]:
        yield from range(7)
        raise ValueError("the eighth is broken")

    told: list[int] = []
    with pytest.raises(ValueError, match="the eighth is broken"):
        told.extend(behind(abs, items(), 4, threads))
    assert told == list(range(7))


def test_behind_drops_what_nobody_waits_for() -> None:
    begun = []
    second, closing = threading.Event(), threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        if number:
            second.set()
            closing.wait(10)

    working = behind(work, range(20))
    next(working)
    assert second.wait(10)  # for whose end the others wait
    threading.Timer(0.1, closing.set).start()
    working.close()
    assert begun == [0, 1]


def test_items_end_at_a_fault_that_is_raised_when_asked_for() -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise ValueError("the fourth is broken")

    sound = UntilFault(items())
    assert [*sound, *sound] == [0, 1, 2]
    with pytest.raises(ValueError, match="the fourth is broken"):
        sound.check()
    whole = UntilFault(range(3))
    assert list(whole) == [0, 1, 2]
    whole.check()
