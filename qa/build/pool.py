"""Work done by several threads at a time, taken up and given back in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from qa.vectors import use_one_thread

T = TypeVar("T")


def in_order(jobs: Iterable[Callable[[], T]], *, workers: int) -> Iterator[T]:
    """Yield what jobs return, in their order.

    The jobs themselves are taken in the calling thread, one more than there are workers: while one outcome is
    used the next are made, and never more of them are kept.

    Raises
    ------
    BaseException
        Whatever a job raises, in its place; those that have not begun are given up then.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="qa-build", initializer=use_one_thread)
    under_way: deque[Future[T]] = deque()
    try:
        for job in jobs:
            under_way.append(pool.submit(job))
            if len(under_way) > workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
