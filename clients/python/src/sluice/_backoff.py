"""How long to wait before trying again."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Pauses that double up to a bound, each shortened by chance so that many clients do not come back at once."""

    # The module's own functions share one state with the program around us, which may have seeded it.
    _system = random.SystemRandom()

    def __init__(self, first: float = 0.25, most: float = 10.0, chance: Callable[[], float] = _system.random) -> None:
        self._first = first
        self._most = most
        self._chance = chance
        self._failures = 0

    def next(self) -> float:
        """Seconds to wait after one more failure: between half and all of a bound that doubles."""
        bound: float = min(self._most, self._first * 2 ** min(self._failures, 32))
        self._failures += 1
        return bound * (0.5 + 0.5 * self._chance())

    def reset(self) -> None:
        """Something went well again."""
        self._failures = 0
