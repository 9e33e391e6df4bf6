"""The best score of a run, when it was reached, and for how long a better one is waited for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Best:
    """What evaluations have found so far.

    `waited` counts the evaluations since the best; as many as `patience` end a run, 0 never do.
    """

    patience: int = 0
    score: float | None = None
    iteration: int = 0
    waited: int = 0

    def take(self, score: float, iteration: int) -> bool:
        """Whether a score is the best so far; equal ones are not."""
        if self.score is not None and score <= self.score:
            self.waited += 1
            return False
        self.score, self.iteration, self.waited = score, iteration, 0
        return True

    @property
    def is_over(self) -> bool:
        """Whether it has been waited long enough."""
        return 0 < self.patience <= self.waited

    def __str__(self) -> str:
        """In percent, with its iteration."""
        return f"{100 * (self.score or 0.0):.1f} at {self.iteration}"
