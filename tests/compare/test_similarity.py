"""How alike two answers are: the figure means what people take it for."""

import base64
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.compare.answers import Answer, read_answer
from llmgate.compare.similarity import similarity
from tests.compare.made import said

PARAGRAPH = (
    "An exchange is a request and its answer. The gateway keeps each of them as it came, and shows"
    " it in the list. A person may mark it, write a note to it, or send it again to another place."
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b c", "b d", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner),
    max_leaves=8,
)
CALLS = st.lists(st.tuples(st.sampled_from(["read", "write"]), JSON.map(json.dumps)), max_size=3)
ANSWERS = st.builds(
    lambda text, calls: said(text, *calls),
    st.lists(st.sampled_from(["a", "b", "cat", ".", "\n"]), max_size=8).map(" ".join),
    CALLS,
)


def of(a: Answer, b: Answer) -> float:
    found = similarity(a, b)
    assert found is not None
    return found


def of_texts(a: str, b: str) -> float:
    return of(said(a), said(b))


@given(a=ANSWERS, b=ANSWERS)
def test_it_is_between_0_and_1_and_the_same_in_both_directions(a: Answer, b: Answer) -> None:
    assert 0.0 <= of(a, b) <= 1.0
    assert of(a, b) == pytest.approx(of(b, a), abs=1e-12)


@given(a=ANSWERS)
def test_an_answer_is_wholly_like_itself(a: Answer) -> None:
    assert of(a, a) == 1.0


@given(a=ANSWERS, b=ANSWERS)
def test_only_equal_answers_are_wholly_alike(a: Answer, b: Answer) -> None:
    if a.text.strip() != b.text.strip() or len(a.tools) != len(b.tools):
        assert of(a, b) < 1.0


def test_ids_reasoning_and_blanks_at_the_ends_do_not_count() -> None:
    a = said("Done.", ("read", '{"p": 1, "q": 2}'), reasoning="first")
    b = said(" Done.\n", ("read", '{"q":2,"p":1}'), reasoning="second")

    assert of(a, b) == 1.0


def test_it_falls_with_every_word_that_is_replaced() -> None:
    words = PARAGRAPH.split()
    order = [n * 7 % len(words) for n in range(len(words))]
    found = []
    for count in range(len(words) + 1):
        gone = set(order[:count])
        changed = ["zebra" if n in gone else word for n, word in enumerate(words)]
        found.append(of_texts(PARAGRAPH, " ".join(changed)))

    assert found == sorted(found, reverse=True)
    assert found[0] == 1.0
    assert found[len(words) // 10] > 0.7
    assert found[-1] < 0.05


def test_order_counts() -> None:
    words = PARAGRAPH.split()

    assert of_texts(PARAGRAPH, " ".join(words[::-1])) < 0.3


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [
        ("Paris.", "Paris", 0.9, 0.999),
        ("Yes", "No", 0.0, 0.0),
        ("The capital of France is Paris.", "The capital of Spain is Madrid.", 0.4, 0.75),
        ("a text", "", 0.0, 0.0),
        ("Hello there", "hello there", 0.8, 0.99),
        ("...", "..!", 0.0, 0.7),
    ],
)
def test_it_is_what_a_person_would_say(a: str, b: str, low: float, high: float) -> None:
    assert low <= of_texts(a, b) <= high


def test_unrelated_texts_are_hardly_alike() -> None:
    other = (
        "Python lets you work quickly and integrate systems more effectively; learn it in a day,"
        " use it for years, and let your tests tell when the types are wrong."
    )

    assert of_texts(PARAGRAPH, other) < 0.15


def test_calls_without_text_and_text_without_calls_are_compared_alone() -> None:
    read = ("read", '{"path": "a.py", "limit": 10}')

    assert of(said("", read), said("", read)) == 1.0
    assert of(said("", read), said("", ("read", '{"path": "a.py", "limit": 20}'))) == (
        pytest.approx(0.4 + 0.6 * 0.5)
    )
    assert of(said("", read), said("", ("write", read[1]))) == 0.0
    assert of(said("", read), said("I will read it")) == 0.0


def test_what_is_said_before_the_same_calls_counts_little() -> None:
    read = ("read", '{"path": "a.py"}')

    assert of(said("Let me look at the file.", read), said("", read)) == 0.75


def test_calls_in_another_order_are_less_alike() -> None:
    a, b = ("read", '{"p": 1}'), ("write", '{"p": 2}')

    assert of(said("", a, b), said("", b, a)) == 0.5


def test_one_call_more_takes_its_share() -> None:
    a, b = ("read", '{"p": 1}'), ("read", '{"p": 2}')

    assert of(said("", a), said("", a, b)) == pytest.approx(2 / 3)
    assert of(said("", a), said("", ("list", "{}"), a)) == pytest.approx(2 / 3)
    assert of(said("", ("list", "{}"), b, a), said("", a)) == pytest.approx(1 / 2)


def test_a_long_argument_that_changed_a_little_is_nearly_the_same() -> None:
    before = json.dumps({"path": "a.py", "text": PARAGRAPH})
    after = json.dumps({"path": "a.py", "text": PARAGRAPH.replace("person", "reader")})

    assert 0.9 < of(said("", ("write", before)), said("", ("write", after))) < 1.0


@pytest.mark.parametrize("broken", ['{"p": ', "not json", "[" * 5000, '{"p": 1}}', "1" * 6000])
def test_arguments_that_are_no_json_are_compared_as_text(broken: str) -> None:
    assert of(said("", ("read", broken)), said("", ("read", broken))) == 1.0
    assert of(said("", ("read", broken)), said("", ("read", '{"p": 1}'))) < 1.0


def test_nothing_can_be_said_of_an_answer_that_is_not_there() -> None:
    nothing = Answer()

    assert similarity(nothing, said("a")) is None
    assert similarity(said("a"), nothing) is None
    assert similarity(said(""), said("")) == 1.0  # both were asked, and said nothing
    assert similarity(said(""), said("a")) == 0.0
    assert similarity(Answer(text="it brok"), said("it broke")) is not None  # cut, but there


def test_an_answer_that_was_cut_or_is_an_error_is_not_ok() -> None:
    whole = b'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n'
    kind = "text/event-stream"

    assert read_answer("openai.chat", kind, whole + b"data: [DONE]\n\n").ok
    assert not read_answer("openai.chat", kind, whole.replace(b'"stop"', b"null")).ok
    assert not read_answer("openai.chat", "", b'{"error": {"message": "no"}}').ok


def test_many_calls_are_compared_without_pairing_each_with_each() -> None:
    many = [("read", json.dumps({"path": f"file {n}", "text": "x" * 200})) for n in range(3_000)]
    others = [*many[:1500], *[("write", "{}")] * 1500]

    assert of(said("", *many), said("", *many)) == 1.0
    assert of(said("", *many), said("", *others)) == pytest.approx(0.5)


def test_long_texts_are_compared_to_the_end() -> None:
    long = " ".join(f"{word}{n % 97}" for n in range(700) for word in PARAGRAPH.split())

    assert len(long) > 150_000
    assert of_texts(long, f"{long} end") == 0.999
    assert of_texts(long, long[: len(long) // 2]) == pytest.approx(2 / 3, abs=0.01)


def embedded(*vectors: object) -> Answer:
    data = [{"index": n, "embedding": vector} for n, vector in enumerate(vectors)]
    return read_answer("openai.embeddings", "application/json", json.dumps({"data": data}).encode())


def packed(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"={len(numbers)}f", *numbers)).decode()


def test_embeddings_are_compared_by_their_angle_in_either_encoding() -> None:
    assert of(embedded([1.0, 0.5]), embedded(packed(1.0, 0.5))) == 1.0
    assert of(embedded([1.0, 0.0]), embedded([0.0, 1.0])) == 0.0
    assert of(embedded([1.0, 0.0]), embedded([1.0, 1.0])) == pytest.approx(0.7071, abs=1e-4)
    assert of(embedded([1.0, 0.0]), embedded([-1.0, 0.0])) == 0.0
    assert of(embedded([1.0, 0.5]), embedded([1.0, 0.500001])) == 0.999
    assert of(embedded([1.0], [2.0]), embedded([1.0])) == 0.5
    assert of(embedded([1.0, 0.0]), embedded([1.0])) == 0.0


@pytest.mark.parametrize("wrong", ["%%", ["a"], [10**400], None, 5, [], [[1.0]], "AA=="])
def test_what_is_no_vector_is_no_answer(wrong: object) -> None:
    assert similarity(embedded(wrong), embedded([1.0])) is None


def test_what_is_no_conversation_is_compared_as_it_stands() -> None:
    def counted(body: bytes) -> Answer:
        return read_answer("anthropic.count_tokens", "application/json", body)

    assert of(counted(b'{"input_tokens": 12}'), counted(b'{"input_tokens":12}')) == 1.0
    assert of(counted(b'{"input_tokens": 12}'), counted(b'{"input_tokens": 13}')) < 0.999
    models = read_answer("openai.models", "application/json", b'{"data": [{"id": "m-1"}]}')
    assert similarity(models, models) == 1.0
    assert "m-1" in models.text
    status = read_answer("ollama", "application/json", b'{"id": "m-1", "state": "up"}')
    assert "m-1" not in status.text
    assert "up" in status.text
    sound = read_answer("openai.raw", "audio/mpeg", b"ID3")
    assert similarity(sound, sound) is None
