"""What a new config does to the routes, and in sentences to the rest."""

from llmgate.config.load import from_text
from llmgate.config.model import Config
from llmgate.control.effects import route_effects, sentences

BASE = """\
providers:
  openai: {kind: openai, api_key: sk-aaaaaaaaaaaa, base_url: "http://one.test/v1"}
  groq: {kind: groq, api_key: gsk-aaaaaaaaaaaa}
routes:
  fast: {match: {model: fast}, targets: [{provider: openai, weight: 3}, {provider: groq}]}
  slow: {match: {model: slow}, targets: [{provider: groq}]}
  last: {match: {model: last}, targets: [{provider: groq}]}
keys:
  ide: {key: "llmgate-abcdefghijkl", limits: {requests_per_minute: 20}}
"""


def config(text: str) -> Config:
    return from_text(text, "config.yaml", {}).config


def test_a_disabled_provider_moves_the_share_of_its_routes() -> None:
    new = config(BASE.replace("groq: {kind: groq,", "groq: {kind: groq, enabled: false,"))
    effects = {one.route: one for one in route_effects(config(BASE), new)}

    assert [(s.before, s.after) for s in effects["fast"].shares] == [(0.75, 1.0), (0.25, 0.0)]
    assert [(s.before, s.after) for s in effects["slow"].shares] == [(1.0, 0.0)]
    assert sentences(config(BASE), new, []) == [
        "provider groq: enabled true → false: it takes no more requests"
    ]


def test_added_removed_moved_and_disabled_routes_are_told() -> None:
    last = "  last: {match: {model: last}, targets: [{provider: groq}]}\n"
    text = BASE.replace(last, "").replace("routes:\n", "routes:\n" + last)
    text = text.replace("  slow: {match", "  quick: {enabled: false, match")
    effects = [(one.route, one.change) for one in route_effects(config(BASE), config(text))]

    assert effects == [("last", "moved"), ("quick", "added"), ("slow", "removed")]


def test_the_last_key_that_goes_lets_callers_in_without_one() -> None:
    new = config(BASE[: BASE.index("keys:")])

    assert sentences(config(BASE), new, []) == [
        "key ide removed: its callers are refused from now on",
        "callers on this machine need no key from now on",
    ]
