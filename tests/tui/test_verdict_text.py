"""Verdicts, differences and conflicts in words."""

import pytest

from llmgate.wire.editing import Conflict, RouteEffect, Share, Verdict
from llmgate.wire.gateway import Problem
from llmgate_tui import verdict_text as texts
from llmgate_tui.glyphs import ASCII, UNICODE

DIFF = "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same\n\\ No newline"


def plain(lines: list[texts.Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def test_a_diff_tells_what_comes_and_what_goes() -> None:
    tones = [line[0][1] for line in texts.diff_lines(DIFF)]

    assert tones == ["quiet", "quiet", "accent", "bad", "good", "", "quiet"]


def test_a_diff_has_a_bound() -> None:
    lines = texts.diff_lines("+x\n" * 6_000)

    assert len(lines) == 5_001
    assert plain(lines)[-1] == "1000 more lines"


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.7, "70 %"), (1.0, "100 %"), (0.0, "0 %"), (0.004, "0.4 %"), (0.05, "5 %"), (None, "-")],
)
def test_shares_are_spelled_with_as_many_digits_as_tell_something(
    share: float | None, said: str
) -> None:
    assert texts.percent(share) == said


def test_a_route_tells_the_shares_that_move() -> None:
    shares = [
        Share(provider="openai", weight_before=50, weight_after=70, before=0.5, after=0.7),
        Share(provider="still", weight_before=1, weight_after=1, before=0.1, after=0.1),
        Share(provider="groq", model="llama", weight_before=50, before=0.5),
        Share(provider="new", weight_after=1, after=0.3),
    ]
    effect = RouteEffect(route="fast", change="changed", shares=shares)

    assert plain(texts.route_lines(effect, UNICODE)) == [
        "route fast",
        "  openai  50 % → 70 %",
        "  groq llama  50 %, gone",
        "  new  new, 30 %",
    ]
    assert "\n".join(plain(texts.route_lines(effect, ASCII))).isascii()
    alone = Share(provider="a", weight_before=1, weight_after=11, before=1.0, after=1.0)
    same = RouteEffect(route="fast", change="changed", shares=[alone])
    assert plain(texts.route_lines(same, UNICODE))[1] == "  a  weight 1 → 11, still 100 %"
    moved = RouteEffect(route="fast", change="moved")
    assert plain(texts.route_lines(moved, UNICODE)) == ["route fast moved"]


def test_problems_come_with_line_and_path() -> None:
    problem = Problem(message="wrong", file="/x/config.yaml", line=3, column=7, path="a.b")
    verdict = Verdict(ok=False, etag="e", version=1, problems=[problem])

    said = plain(texts.verdict_lines(verdict, UNICODE))
    assert said[1] == "✗ wrong"
    assert said[2] == "  config.yaml, line 3, column 7, a.b"
    assert texts.where(Problem(message="x")) == ""


def test_a_good_verdict_tells_effects_warnings_and_the_diff() -> None:
    verdict = Verdict(
        ok=True, etag="e", version=1, effects=["restart"], warnings=["no key"], diff=DIFF
    )
    said = plain(texts.verdict_lines(verdict, UNICODE))

    assert said[:3] == ["restart", "▲ no key", ""]
    assert "+new" in said
    nothing = Verdict(ok=True, etag="e", version=1)
    assert plain(texts.verdict_lines(nothing, UNICODE)) == ["The file stays as it is."]


def test_a_conflict_tells_what_would_be_written_then_theirs_then_yours() -> None:
    conflict = Conflict(
        message="moved",
        etag="e",
        version=2,
        base_known=True,
        merged="+m",
        theirs="+t",
        yours="+y",
    )
    said = plain(texts.conflict_lines(conflict))
    assert [line for line in said if line.startswith("+")] == ["+m", "+t", "+y"]

    lost = Conflict(message="moved", etag="e", version=2, base_known=False, merge_problem="gone")
    said = plain(texts.conflict_lines(lost))
    assert "gone" in said
    assert any("not kept any more" in line for line in said)


def test_rows_are_counted_with_their_wraps() -> None:
    assert texts.rows_needed([[("x" * 10, "")], [], [("y", "")]], 5) == 4
