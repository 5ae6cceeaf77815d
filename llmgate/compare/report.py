"""The report of a replay as Markdown, for pull requests and CI summaries."""

from llmgate.wire.replays import Matrix


def markdown(matrix: Matrix) -> str:
    """Writes the summary, the totals and the rows."""
    raise NotImplementedError
