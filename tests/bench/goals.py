"""The figures to reach: each goal judges one line of the table."""

from dataclasses import dataclass
from typing import Mapping, Protocol

Medians = Mapping[str, float]  # by server, without those that are missing
OURS, FLOOR = 'sixward', 'floor'


def best_peer(medians: Medians) -> float | None:
    return min((value for name, value in medians.items() if name not in (OURS, FLOOR)),
               default=None)


class Goal(Protocol):
    def text(self) -> str:
        """In a few words."""

    def is_met(self, medians: Medians) -> bool | None:
        """None where a figure that it compares with is missing."""


@dataclass(frozen=True)
class AtMost:
    limit: float

    def text(self) -> str:
        return '≤ %g' % self.limit

    def is_met(self, medians: Medians) -> bool | None:
        return medians[OURS] <= self.limit if OURS in medians else None


@dataclass(frozen=True)
class AtLeast:
    limit: float

    def text(self) -> str:
        return '≥ %g' % self.limit

    def is_met(self, medians: Medians) -> bool | None:
        return medians[OURS] >= self.limit if OURS in medians else None


@dataclass(frozen=True)
class TimesPeer:
    """That many times better than the best of the peers."""

    factor: float

    def text(self) -> str:
        return '≥ %g × best peer' % self.factor

    def is_met(self, medians: Medians) -> bool | None:
        peer = best_peer(medians)
        if peer is None or OURS not in medians:
            return None
        return peer >= self.factor * medians[OURS]


@dataclass(frozen=True)
class TimesFloor:
    """No more than that many times the least the kernel allows."""

    limit: float

    def text(self) -> str:
        return '≤ %g × floor' % self.limit

    def is_met(self, medians: Medians) -> bool | None:
        if FLOOR not in medians or OURS not in medians:
            return None
        return medians[OURS] <= self.limit * medians[FLOOR]
