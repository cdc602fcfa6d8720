"""Timing: rounds of the things compared take turns, so that a busy neighbour slows all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping


class Series(list[float]):
    """Seconds for one run of a thing, a figure a round."""

    @property
    def seconds(self) -> float:
        return statistics.median(self)

    @property
    def rate(self) -> float:
        """How often a second."""
        return 1 / self.seconds


def each(acts: Callable[[], object], times: int) -> list[float]:
    """Seconds of each of ``times`` runs; collection of garbage waits meanwhile."""
    taken = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(times):
            start = time.perf_counter()
            acts()
            taken.append(time.perf_counter() - start)
    finally:
        gc.enable()
    return taken


def once(act: Callable[[], object], times: int) -> float:
    """Seconds for one run of ``act``, the median of ``times``."""
    return statistics.median(each(act, times))


def in_turns(acts: Mapping[str, Callable[[], float | Mapping[str, float]]], rounds: int) -> dict[str, Series]:
    """Each of ``acts`` measures itself once a round and says its seconds, or several by name.

    One unmeasured round comes first.
    """
    series: defaultdict[str, Series] = defaultdict(Series)
    for number in range(rounds + 1):
        for name, act in acts.items():
            measured = act()
            if number:
                named = measured if isinstance(measured, Mapping) else {name: measured}
                for key, seconds in named.items():
                    series[key].append(seconds)
    return dict(series)
