"""config.yaml: what is accepted, and every problem at its line."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from llmgate.config.load import LARGEST_BYTES, decode, from_text, read_config
from llmgate.config.model import Config, KeyConfig, Limits
from llmgate.config.problems import all_of, as_wire
from llmgate.config.snapshot import Snapshot
from llmgate.errors import ConfigProblem

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


def load(text: str, **environ: str) -> Snapshot:
    return from_text(text, "config.yaml", environ)


def problems(text: str, **environ: str) -> list[ConfigProblem]:
    with pytest.raises(ConfigProblem) as caught:
        load(text, **environ)
    return all_of(caught.value)


def only(text: str, **environ: str) -> ConfigProblem:
    (problem,) = problems(text, **environ)
    return problem


def test_the_example_loads_and_shows_every_section() -> None:
    snapshot = read_config(EXAMPLE, {"OPENAI_API_KEY": "sk-openai-0123456789"}, version=3, now_ms=7)

    config = snapshot.config
    assert (snapshot.version, snapshot.loaded_ms, snapshot.file) == (3, 7, str(EXAMPLE))
    assert config.providers["openai"].api_key == "sk-openai-0123456789"
    assert config.providers["openai"].models["/gpt-(\\d)o-latest/"] == "gpt-\\1o"
    assert [target.weight for target in config.routes["fast"].targets] == [3, 1]
    assert config.keys["ide"].limits.burst == 20
    assert config.prices["my-model"].input_per_mtok == 0.1
    assert ("providers.openai", "sk-openai-0123456789") in snapshot.secrets
    assert snapshot.text == EXAMPLE.read_text(encoding="utf-8")


def test_the_example_names_every_field_there_is() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    written = yaml.safe_load(text)

    assert set(written) == set(Config.__struct_fields__)
    assert set(written["keys"]["ide"]) == set(KeyConfig.__struct_fields__)
    limits = {name for group in _limits(written) for name in group}
    assert limits == set(Limits.__struct_fields__)
    assert set(written["server"]) == set(load("server: {}").config.server.__struct_fields__)
    assert set(written["log"]) == set(load("log: {}").config.log.__struct_fields__)
    assert set(written["recording"]) == set(load("log: {}").config.recording.__struct_fields__)


def test_sections_may_be_left_empty() -> None:
    config = load("server:\nproviders:\nroutes:\nrecording:\n").config

    assert config.server.port == 8484
    assert config.providers == {}


def test_aliases_cannot_multiply_the_work() -> None:
    wide = "&w {" + ", ".join(f"m{n}: x" for n in range(3000)) + "}"
    text = f"providers:\n  a: {{kind: vllm, models: {wide}}}\n" + "".join(
        f"  p{n}: {{kind: vllm, models: *w}}\n" for n in range(60)
    )

    assert "repeated with aliases" in problems(text)[0].message


def test_aliases_and_merges_work_where_people_use_them() -> None:
    config = load(
        "providers:\n"
        "  a: &base {kind: openai-compatible, base_url: 'http://a/v1', timeout: {idle_s: 5}}\n"
        "  b: {<<: *base, base_url: 'http://b/v1'}\n"
    ).config

    assert config.providers["b"].base_url == "http://b/v1"
    assert config.providers["b"].timeout.idle_s == 5


def test_all_problems_are_found_at_once_in_the_order_of_the_file() -> None:
    found = problems(
        "server: {port: x, hots: y}\nproviders:\n  a: {kind: openai, enabled: maybe}\nlogs: {}\n"
    )

    assert [problem.line for problem in found] == [1, 1, 3, 4]
    assert as_wire(found[0]).path == "server.port"


def test_semantic_problems_are_all_found_too() -> None:
    found = problems(
        "providers: {a: {kind: vllm}}\n"
        "routes:\n"
        "  r: {match: {key: nobody}, targets: [{provider: b, weight: -1}]}\n"
        "  s: {targets: [{provider: a, weight: 0}]}\n"
        "keys: {k: {key: same-key}, l: {key: same-key}}\n"
    )

    told = " | ".join(problem.message for problem in found)
    assert "no key is called `nobody`" in told
    assert "no provider is called `b`" in told
    assert "weight -1 is not from 0 to" in told
    assert "route 's': all weights are 0" in told
    assert "keys 'k' and 'l' have the same key" in told
    assert "same-key" not in told


@pytest.mark.parametrize("word", ["off", "full", "metadata"])
def test_words_that_older_yaml_takes_for_switches_stay_words(word: str) -> None:
    assert load(f"recording: {{bodies: {word}}}").config.recording.bodies == word


def test_names_that_look_like_numbers_stay_names() -> None:
    config = load(
        "providers: {1: {kind: vllm, api_key: 123456, models: {4: 5.0, true: 1e3}}}"
    ).config

    assert config.providers["1"].api_key == "123456"
    assert config.providers["1"].models == {"4": "5.0", "true": "1e3"}


def test_a_variable_becomes_what_the_field_wants() -> None:
    text = 'server:\n  port: ${PORT:-8484}\n  host: "${HOST}"\nlog: {json: "${JSON:-false}"}\n'

    assert load(text, HOST="127.0.0.2").config.server.port == 8484
    assert load(text, HOST="localhost", PORT="9000").config.server.port == 9000
    assert load(text, HOST="localhost").config.log.json is False


def test_a_value_is_taken_once_and_as_text() -> None:
    text = "server:\n  model_prefix: ${A}\nproviders: {o: {kind: openai, api_key: '${K}'}}"

    config = load(text, A="${B}", B="no", K="null").config

    assert config.server.model_prefix == "${B}"
    assert config.providers["o"].api_key == "null"


def test_an_escaped_reference_stays_as_it_is_meant() -> None:
    assert load("server: {model_prefix: '$${A}'}").config.server.model_prefix == "${A}"


def test_an_empty_variable_takes_the_default() -> None:
    assert load("server: {model_prefix: '${A:-b}'}", A="").config.server.model_prefix == "b"


@pytest.mark.parametrize("reference", ["${}", "${1A}", "${A B}"])
def test_a_reference_without_a_name_is_a_problem(reference: str) -> None:
    assert "must hold a variable's name" in only(f"server: {{host: '{reference}'}}").message


def test_a_missing_variable_is_named() -> None:
    problem = only("keys:\n  ide: {key: '${IDE_KEY}'}")

    assert "the variable IDE_KEY is not set" in problem.message
    assert problem.line == 2


def test_a_value_of_any_length_is_not_taken() -> None:
    problem = only("server: {model_prefix: '${A}'}", A="x" * 200_000)

    assert problem.message == "server.model_prefix is longer than 100000 characters"


def test_what_a_variable_holds_is_never_shown() -> None:
    assert "hunter2" not in only("server: {port: '${P}'}", P="hunter2").message


def test_a_missing_provider_key_is_a_warning_and_the_provider_stays_without_one() -> None:
    snapshot = load(
        "providers: {o: {kind: openai, api_key: '${MY_KEY}'}}", OPENAI_API_KEY="sk-other"
    )

    assert snapshot.config.providers["o"].api_key is None
    assert snapshot.warnings == ("provider 'o' has no key: the variable MY_KEY is not set",)


def test_a_missing_one_of_several_keys_is_left_out() -> None:
    provider = load(
        "providers: {o: {kind: openai, api_keys: ['${A}', '${B}']}}", B="sk-b"
    ).config.providers["o"]

    assert provider.api_keys == ["sk-b"]


def test_the_vendors_own_variable_is_the_key_of_a_provider_that_names_none() -> None:
    snapshot = load("providers: {o: {kind: openai}}", OPENAI_API_KEY="sk-usual-key")

    assert snapshot.config.providers["o"].api_key == "sk-usual-key"
    assert snapshot.secrets == (("providers.o", "sk-usual-key"),)


def test_the_vendors_key_never_goes_to_another_host() -> None:
    config = load(
        "providers: {o: {kind: openai, base_url: 'http://else/v1'}}", OPENAI_API_KEY="sk-usual-key"
    ).config

    assert config.providers["o"].api_key is None


def test_a_key_with_a_line_break_is_refused_without_being_shown() -> None:
    problem = only("providers: {o: {kind: openai, api_key: '${K}'}}", K="sk-1\nx-evil: 1")

    assert problem.message == "api_key holds characters that no key has"


def test_an_open_host_needs_a_key_of_its_own() -> None:
    text = "server: {host: 0.0.0.0}\nkeys: {k: {key: change-me-please}}"

    assert "is the example's own" in only(text).message
    assert load(text.replace("change-me", "zkq81h")).config.server.host == "0.0.0.0"


def test_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("pem")
    file = tmp_path / "config.yaml"
    file.write_text(
        "providers:\n"
        "  a: {kind: openai, tls: {ca_bundle: ca.pem}}\n"
        "  d: {kind: recording, recordings: ~/r}\n"
        "log: {file: logs/x.log}\n"
    )

    config = read_config(file, {"HOME": "/home/me"}).config

    assert config.providers["a"].tls.ca_bundle == str(tmp_path / "ca.pem")
    assert config.providers["d"].recordings == "/home/me/r"
    assert config.log.file == str(tmp_path / "logs/x.log")


def test_a_ca_bundle_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("providers:\n  a: {kind: openai, tls: {ca_bundle: ca.pem}}\n")

    with pytest.raises(ConfigProblem, match="No such file") as caught:
        read_config(file, {})
    assert caught.value.line == 2


def test_a_missing_file_a_folder_and_bad_bytes_say_so(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"server: {}\n# caf\xe9\n")

    with pytest.raises(ConfigProblem, match="no such file"):
        read_config(tmp_path / "none.yaml", {})
    with pytest.raises(ConfigProblem, match="this is a folder"):
        read_config(tmp_path, {})
    with pytest.raises(ConfigProblem, match="save the file as UTF-8") as caught:
        read_config(latin, {})
    assert (caught.value.line, caught.value.column) == (2, 6)
    with pytest.raises(ConfigProblem, match="larger than 1 MB"):
        decode(b"#" * (LARGEST_BYTES + 1), "config.yaml")


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\xef\xbb\xbfserver:\r\n  port: 1\r\n")

    assert read_config(file, {}).config.server.port == 1


def test_the_etag_follows_the_text() -> None:
    first, again, other = load("server: {}"), load("server: {}"), load("server: {} ")

    assert first.etag == again.etag != other.etag


def _limits(written: dict[str, Any]) -> list[dict[str, Any]]:
    holders = [*written["keys"].values(), *written["providers"].values()]
    return [holder["limits"] for holder in holders if "limits" in holder]
