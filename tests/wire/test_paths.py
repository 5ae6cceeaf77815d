"""What the gateway understands of a path."""

import pytest

from llmgate.wire.paths import place


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../admin/v1/status",
        "/v1/./chat/completions",
        "/v1/%2e%2e/x",
        "/v1/.%2E/x",
        "/v1/files/..%2f..%2fx",
        "/v1/files/..%5cx",
        "/v1/files/..\\x",
        "/p/up/../../x",
        "/p/../admin/v1/status",
        "/v1/..",
    ],
)
def test_a_path_that_climbs_is_served_nowhere(path: str) -> None:
    assert place(path).protocol is None


@pytest.mark.parametrize("path", ["/p/", "/p//v1/models", "/p"])
def test_a_path_to_no_provider_is_served_nowhere(path: str) -> None:
    assert place(path).protocol is None


@pytest.mark.parametrize(
    ("path", "protocol"),
    [
        ("/v1/models/org%2Fmodel-4.1", "openai.models"),
        ("/v1/files/a..b", "openai.raw"),
        ("/v1/files/...", "openai.raw"),
        ("/v1/files//x", "openai.raw"),
    ],
)
def test_dots_and_slashes_inside_names_stay_as_they_are(path: str, protocol: str) -> None:
    assert (place(path).path, place(path).protocol) == (path, protocol)


@pytest.mark.parametrize("path", ["//v1/chat/completions", "/v1//chat/completions"])
def test_a_doubled_slash_is_borne_with_a_hint(path: str) -> None:
    found = place(path)

    assert (found.path, found.protocol) == ("/v1/chat/completions", "openai.chat")
    assert path in found.hint
