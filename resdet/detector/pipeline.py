"""Reading before and writing after the slow step, by threads: order and errors stay as they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue
from threading import Barrier, Event, Thread
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class UntilFault(Iterator[Item]):
    """The items as far as they can be made; `check` raises what ended them."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = iter(items)
        self._fault: Exception | None = None

    def __next__(self) -> Item:
        if self._fault is not None:
            raise StopIteration
        try:
            return next(self._items)
        except StopIteration:
            raise
        except Exception as fault:
            self._fault = fault
            raise StopIteration from None

    def check(self) -> None:
        """Raises: what making an item has raised."""
        if self._fault is not None:
            raise self._fault


def ahead(items: Iterable[Item], depth: int = 4) -> Iterator[Item]:
    """The same items, up to `depth` of them made by a thread before they are asked for.

    Raises: what making an item raises, when its turn comes.
    """
    made: Queue[tuple[bool, Any]] = Queue(depth)
    stop = Event()

    def put(last: bool, item: Any) -> bool:
        while not stop.is_set():
            try:
                made.put((last, item), timeout=0.1)
            except Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put(False, item):
                    return
            put(True, None)
        except BaseException as error:
            put(True, error)

    thread = Thread(target=make, daemon=True)
    thread.start()
    try:
        while True:
            last, item = made.get()
            if not last:
                yield item
            elif item is None:
                return
            else:
                raise item
    finally:
        stop.set()
        thread.join()


def behind(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    depth: int = 4,
    threads: int = 1,
    first: Callable[[], None] | None = None,
) -> Iterator[Result]:
    """`work` of each item, told in order, by `threads`; at most `depth` of them behind.

    Each thread has done `first` before any works.
    What is at work when nobody waits for it any more is ended first.

    Raises: what `work` or making an item raises, when the turn of the item comes.
    """
    pool = ThreadPoolExecutor(threads)
    waiting: deque[Future[Result]] = deque()
    try:
        if first is not None:
            _each(pool, threads, first)
        for begun in _begun(pool, work, items):
            waiting.append(begun)
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)  # of what nobody waits for


def _each(pool: ThreadPoolExecutor, threads: int, call: Callable[[], None]) -> None:
    """Each thread of the pool calls it; none is free for another's while one still does."""
    done = Barrier(threads)

    def once() -> None:
        try:
            call()
        finally:
            done.wait()

    for called in [pool.submit(once) for _ in range(threads)]:
        called.result()


def _begun(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Future[Result]]:
    """Each as it is handed over; an item that cannot be made is one that fails."""
    try:
        for item in items:
            yield pool.submit(work, item)
    except Exception as error:
        failed: Future[Result] = Future()
        failed.set_exception(error)
        yield failed
