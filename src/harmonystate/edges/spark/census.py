"""Brings what the workers count while they decode a batch to the driver."""

from pyspark import AccumulatorParam, SparkContext

from harmonystate.frames.contents import Contents


class Census:
    """What the batch in hand holds; one for all batches, because pyspark forgets no accumulator.

    Spark adds up each task once, however often it was tried: of a job that ended well it is the exact sum.
    """

    def __init__(self, context: SparkContext) -> None:
        self._sum = context.accumulator(Contents(), _Plus())
        self.note = self._sum.add

    def begin(self) -> None:
        """Forget what was counted."""
        self._sum.value = Contents()

    def found(self) -> Contents:
        """Return what was counted since `begin`; whole when the job that decoded has ended."""
        return self._sum.value


class _Plus(AccumulatorParam[Contents]):
    def zero(self, value: Contents) -> Contents:
        del value
        return Contents()

    def addInPlace(self, value1: Contents, value2: Contents) -> Contents:  # noqa: N802 - pyspark's name
        return value1.plus(value2)
