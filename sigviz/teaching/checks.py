"""Check: one claim, the number measured for it now, and how large that number may be.  Plain values."""

from dataclasses import dataclass

TOLERANCE = 0.01  # of the largest score: how far an integral taken in steps may be from what it must be
ROUNDING = 8  # units in the last place of F, which the sums of a model's arithmetic may be off in any case
EXACT = 1e-9  # what float64 leaves of an equality between numbers of the size of 1
F_UNIT = "F"  # a check in the unit of F, whatever F is
EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "bfloat16": 2.0**-7, "float16": 2.0**-10}


@dataclass(frozen=True, slots=True)
class Check:
    """A claim that holds where `measured`, never negative, is at most `bound`; both are in `unit`, F_UNIT or words.

    about: whom or what it is about, a method's id as a rule.  how: how it was measured, words and numbers in turn.  promised:
    False where nobody claims it, and the number is there to compare.
    """

    about: str
    measured: float
    bound: float
    unit: str
    how: tuple[str | float, ...]
    promised: bool = True

    @property
    def holds(self) -> bool:
        """Decided by the number alone; never by NaN."""
        return self.measured <= self.bound


def rounding(dtype: str, *values: float) -> float:
    """What the arithmetic of a model of this precision may be off, at outputs F of these sizes."""
    return ROUNDING * EPSILON[dtype] * max((abs(value) for value in values), default=0.0)
