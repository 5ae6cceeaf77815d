"""Every captured answer compared: with itself it is equal, with any other it adds up."""

from itertools import pairwise
from typing import cast

import msgspec
import pytest

from llmgate.compare.comparing import Side, compare
from llmgate.compare.prompt import prompt_diff
from llmgate.wire.compare import Comparison
from llmgate.wire.exchanges import ExchangeSummary, Protocol
from tests.compare.made import left_of, right_of
from tests.conformance.captures import Capture, captures, needs_captures

CAPTURES = list(captures())
BY_PROTOCOL = sorted(CAPTURES, key=lambda capture: capture.protocol)
NEIGHBOURS = [pair for pair in pairwise(BY_PROTOCOL) if pair[0].protocol == pair[1].protocol]


def side(capture: Capture) -> Side:
    summary = ExchangeSummary(
        id=capture.file,
        started_ms=1,
        state="finished",
        method="POST",
        path="/",
        protocol=cast("Protocol", capture.protocol),
        status=capture.status,
        stream=capture.stream,
    )
    kind = "text/event-stream" if capture.stream else "application/json"
    request = msgspec.json.encode(capture.request) if capture.request is not None else None
    return Side(summary=summary, content_type=kind, answer=capture.body, request=request)


@needs_captures
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture.file)
def test_a_captured_answer_equals_itself(capture: Capture) -> None:
    for volatile in (False, True):
        found = compare(side(capture), side(capture), volatile=volatile)

        assert found.similarity == 1.0 or (found.similarity is None and found.problems)
        assert found.events
        assert all(pair.same for pair in found.events)
        assert all(tool.same for tool in found.tools)
        assert all(span.kind == "same" for span in [*found.text, *found.reasoning])
        assert all(fact.same for fact in found.facts)
        assert msgspec.json.decode(msgspec.json.encode(found), type=Comparison) == found


@needs_captures
def test_only_errors_have_nothing_to_compare() -> None:
    silent = [one for one in CAPTURES if compare(side(one), side(one)).similarity is None]

    assert len(silent) < len(CAPTURES) / 10
    assert all(one.status >= 400 or b"input_tokens" in one.body for one in silent)  # a count


@needs_captures
@pytest.mark.parametrize("pair", NEIGHBOURS, ids=lambda pair: f"{pair[0].file}-{pair[1].file}")
def test_two_captured_answers_add_up(pair: tuple[Capture, Capture]) -> None:
    left, right = map(side, pair)
    found, turned = compare(left, right), compare(right, left)

    assert left_of(found.text) == right_of(turned.text)
    assert right_of(found.text) == left_of(turned.text)
    assert found.similarity == pytest.approx(turned.similarity)
    assert found.similarity is None or 0 <= found.similarity <= 1
    assert len([one for one in found.tools if one.left_name]) == (
        len([one for one in turned.tools if one.right_name])
    )
    alone = compare(left, left)
    texts = [one.left for one in found.events if one.left is not None]
    assert len(texts) == len(alone.events) or found.events_cut
    assert texts == [one.left for one in alone.events] or found.events_cut


@needs_captures
@pytest.mark.parametrize(
    "capture", [one for one in CAPTURES if one.request], ids=lambda capture: capture.file
)
def test_a_captured_request_is_weighed(capture: Capture) -> None:
    found = prompt_diff(side(capture), side(capture))

    assert found.problem == "" or "kept by the provider" in found.problem
    assert {entry.kind for entry in found.entries} == {"kept"}
    assert sum(weight.share for weight in found.weights) == pytest.approx(1)
