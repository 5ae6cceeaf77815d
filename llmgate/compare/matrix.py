"""The matrix of a replay: a row for each request, a cell for what came of it at each place."""

from collections.abc import Mapping, Sequence

from llmgate.compare.answers import Answer
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import Matrix, ReplayRefusal, ReplayView

Source = tuple[ExchangeSummary, str, Answer]
"""A recorded exchange, its title, its answer."""

Result = tuple[ExchangeSummary, float | None]
"""An exchange that a replay made, and its answer's similarity to the original's."""


def build(
    view: ReplayView,
    columns: Sequence[str],
    sources: Sequence[Source],
    results: Mapping[tuple[str, int], Sequence[Result]],
    refused: Sequence[ReplayRefusal],
) -> Matrix:
    """Builds the matrix. ``columns[0]`` is the original; ``results`` are by the source's id and the
    target's number from 0, whose column is ``columns[number + 1]``. A refusal's ``target`` is the
    name of its column.
    """
    raise NotImplementedError
