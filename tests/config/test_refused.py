"""What a config is refused for: a table of texts and where the problem is told."""
# ruff: noqa: E501 - a case per line

import pytest

from llmgate.config.load import LARGEST_BYTES, from_text
from llmgate.config.problems import all_of
from llmgate.errors import ConfigProblem


def problems(text: str) -> list[ConfigProblem]:
    with pytest.raises(ConfigProblem) as caught:
        from_text(text, "config.yaml", {})
    return all_of(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "column", "path", "message"),
    [
        ("server: {prot: 1}", 1, 10, "server.prot", "unknown field `prot` in server; did you mean `port`?"),
        ("a: 1", 1, 1, "a", "unknown field `a` in the file; known are server, providers"),
        ("server:\n  port: abc", 2, 9, "server.port", "server.port must be a whole number, not `abc`"),
        ("server:\n  port: 70000", 2, 9, "server.port", "from 0 to 65535"),
        ("server:\n  port: 8.5", 2, 9, "server.port", "a whole number, not `8.5`"),
        ("server: [1]", 1, 9, "server", "server must hold `name: value` pairs"),
        ("- 1", 1, 1, "", "the file must hold `name: value` lines"),
        ("server: {host: 0.0.0.0}", 1, 16, "server.host", "add at least one key"),
        ("server: {cors_origins: x}", 1, 24, "server.cors_origins", "must be a list, like [a, b]"),
        ("server: {host: [a]}", 1, 16, "server.host", "must be text, not a list"),
        ("server: {host: {a: b}}", 1, 16, "server.host", "must be text, not a mapping"),
        ("server: {host: null}", 1, 16, "server.host", "must be text, not nothing"),
        ("routes: {r: {targets: [], match: {model: {}}}}", 1, 42, "routes.r.match.model", "must be text, a list or null"),
        ("server: {host: ''}", 1, 16, "server.host", "must be an address"),
        ("server: {cors_origins: [localhost]}", 1, 25, "server.cors_origins[0]", "is no origin"),
        ("server: {max_body_mb: 0}", 1, 23, "server.max_body_mb", "above 0"),
        ("log: {level: loud}", 1, 14, "log.level", "`loud` is none of debug, info, warning, error"),
        ('log: {file: "a\\0b"}', 1, 13, "log.file", "holds characters that no path"),
        ('providers: {a: {kind: recording, recordings: "a\\0b"}}', 1, 46, "providers.a.recordings", "holds characters"),
        ("log: {level: warn}", 1, 14, "log.level", "did you mean `warning`?"),
        ("log: {json: 1}", 1, 13, "log.json", "must be true or false"),
        ("recording: {keep_mb: 1}", 1, 22, "recording.keep_mb", "from 10 to"),
        ("recording: {redact: ['(']}", 1, 22, "recording.redact[0]", "is no regular expression"),
        ("retry: {attempts: 3}", 1, 1, "retry", "is not in this version yet"),
        ("health: {eject_after: 5}", 1, 10, "health.eject_after", "is not in this version yet"),
        ("providers:\n  a: {kind: opena}", 2, 13, "providers.a.kind", "did you mean `openai`?"),
        ("providers:\n  a: {}", 2, 6, "providers.a", "`kind` is missing in providers.a"),
        ("providers:\n  a/b: {kind: openai}", 2, 8, "providers.a/b", "is no name"),
        ("providers: {a: {kind: openai-compatible}}", 1, 16, "providers.a.base_url", "needs a `base_url`"),
        ("providers: {a: {kind: vllm, base_url: 'ftp://x'}}", 1, 39, "providers.a.base_url", "is no address"),
        ("providers: {a: {kind: vllm, base_url: 'http://u:p@x'}}", 1, 39, "providers.a.base_url", "user@"),
        ("providers: {a: {kind: vllm, base_url: 'http://x:99999'}}", 1, 39, "providers.a.base_url", "is no"),
        ("providers: {a: {kind: vllm, protocols: [openai.chats]}}", 1, 41, "providers.a.protocols[0]", "did you mean `openai.chat`?"),
        ("providers: {a: {kind: vllm, models: {'/(/': x}}}", 1, 45, "providers.a.models./(/", "is no regular"),
        ("providers: {a: {kind: vllm, models: {'/a/': '\\1'}}}", 1, 45, "providers.a.models./a/", "does not fit"),
        ("providers: {a: {kind: vllm, headers: {'a b': x}}}", 1, 46, "providers.a.headers.a b", "cannot be sent"),
        ("providers: {a: {kind: vllm, timeout: {idle_s: 0}}}", 1, 47, "providers.a.timeout.idle_s", "above 0"),
        ("providers: {a: {kind: vllm, limits: {queue: -1}}}", 1, 45, "providers.a.limits.queue", "from 0 to"),
        ("limits: {'gpt-*': {tokens_per_day: 0}}", 1, 36, "limits.gpt-*.tokens_per_day", "from 1"),
        ("providers: {a: {kind: recording, speed: -1}}", 1, 41, "providers.a.speed", "from 0 to 1000"),
        ("routes: {r: {targets: []}}", 1, 23, "routes.r.targets", "route 'r' has no targets"),
        ("routes: {r: {}}", 1, 13, "routes.r", "`targets` is missing"),
        ("routes: {r: {targets: [{provider: x}]}}", 1, 35, "routes.r.targets[0].provider", "no provider is called `x`"),
        ("routes: {r: {targets: [], fallback: []}}", 1, 27, "routes.r.fallback", "is not in this version yet"),
        ("routes: {r: {targets: [], strategy: cost}}", 1, 37, "routes.r.strategy", "is not in this version yet"),
        ("keys: {k: {key: abc}}", 1, 17, "keys.k.key", "6 or more plain characters"),
        ("keys: {k: {key: abcdefgh, limits: {burst: 3}}}", 1, 43, "keys.k.limits.burst", "burst needs"),
        ("keys: {k: {key: abcdefgh, limits: {concurrency: 0}}}", 1, 49, "keys.k.limits.concurrency", "from 1"),
        ("keys: {k: {key: abcdefgh, limits: {requests_per_second: 0}}}", 1, 57, "keys.k.limits.requests_per_second", "from 0.001"),
        ("prices: {m: {input_per_mtok: 1}}", 1, 13, "prices.m", "`output_per_mtok` is missing"),
        ("prices: {m: {input_per_mtok: -1, output_per_mtok: 1}}", 1, 30, "prices.m.input_per_mtok", "from 0 to"),
    ],
)  # fmt: skip
def test_a_problem_is_told_at_its_place(
    text: str, line: int, column: int, path: str, message: str
) -> None:
    problem = problems(text)[0]

    assert message in problem.message
    assert (problem.line, problem.column, problem.path) == (line, column, path)
    assert problem.file == "config.yaml"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 0, "the file is empty; `llmgate init`"),
        ("# only a comment\n", 0, "the file is empty"),
        ("a: [", 1, "this is not YAML"),
        ("server:\n\tport: 3", 2, "indent with spaces, not tabs"),
        ("server: {port: ${PORT}}", 1, 'write "${VAR}" with quotes'),
        ("server:\n  port: 1\n  port: 2", 3, "`port` is written twice: it is in line 2 already"),
        ("a: *b", 1, "no anchor `&b` is written before this"),
        ("x: &a [*a]", 1, "no anchor `&a`"),
        ("server: {}\n---\nserver: {}", 2, "only one document"),
        ("? [a]\n: b", 1, "a name is expected here"),
        ("server: {}\nlog: {file: \x01}", 2, "control characters"),
        ("[" * 100, 1, "nested more than"),
        ("a: " + "{a: " * 5000, 1, "nested more than"),
        ("\ud800", 0, "not UTF-8"),
        ("x" * (LARGEST_BYTES + 1), 0, "larger than 1 MB"),
        ("a: [" + "1," * 120_000 + "]", 1, "more than 100000 values"),
        ("a: &a 1\nb: [" + "*a," * 200 + "]", 2, "more than 100 aliases"),
    ],
)
def test_a_text_that_is_no_config_says_what_it_is(text: str, line: int, message: str) -> None:
    problem = problems(text)[0]

    assert message in problem.message
    assert problem.line in (line, line + 1)
