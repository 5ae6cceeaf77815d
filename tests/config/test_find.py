"""Where the config comes from, and the one that is built when there is none."""

from pathlib import Path

import msgspec
import pytest

from llmgate.config.catalog import KINDS
from llmgate.config.find import (
    built_from_environment,
    demo_config,
    env_files,
    find_config,
    starting_config,
    user_config_folder,
)
from llmgate.config.load import from_text
from llmgate.config.local import LocalServer
from llmgate.config.schema import config_schema
from llmgate.errors import StartupProblem


def test_the_nearest_of_four_places_wins(tmp_path: Path) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    environ = {"XDG_CONFIG_HOME": str(home)}
    assert find_config(None, environ, here) is None

    own = user_config_folder(environ) / "config.yaml"
    own.parent.mkdir(parents=True)
    own.touch()
    assert find_config(None, environ, here) == own

    (here / "config.yaml").touch()
    assert find_config(None, environ, here) == here / "config.yaml"

    (here / "c.yaml").touch()
    assert find_config(None, {**environ, "LLMGATE_CONFIG": "c.yaml"}, here) == here / "c.yaml"

    (here / "d.yaml").touch()
    assert find_config("d.yaml", {"LLMGATE_CONFIG": "c.yaml"}, here) == here / "d.yaml"


def test_a_named_file_that_is_not_there_is_not_replaced_by_another(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").touch()

    with pytest.raises(StartupProblem, match=r"--config names .*x\.yaml, which does not exist"):
        find_config("x.yaml", {}, tmp_path)
    with pytest.raises(StartupProblem, match=r"\$LLMGATE_CONFIG names"):
        find_config(None, {"LLMGATE_CONFIG": "x.yaml"}, tmp_path)
    with pytest.raises(StartupProblem, match="--env-file names"):
        env_files(None, tmp_path, tmp_path / "none.env")


def test_the_env_files_are_those_of_the_folder_of_the_config_and_the_named_one(
    tmp_path: Path,
) -> None:
    named = tmp_path / "n.env"
    named.touch()

    found = env_files(tmp_path / "sub" / "config.yaml", tmp_path, named)

    assert found == [tmp_path / ".env", tmp_path / "sub" / ".env", named]


def test_a_config_is_built_from_keys_local_servers_and_the_demo() -> None:
    environ = {"OPENAI_API_KEY": "sk-openai-1", "GROQ_API_KEY": "", "HF_TOKEN": "hf_token_1"}

    snapshot = built_from_environment(
        environ, [LocalServer("ollama", "http://127.0.0.1:11434/v1")], now_ms=5
    )

    assert list(snapshot.config.providers) == ["openai", "huggingface", "ollama", "demo"]
    assert snapshot.config.providers["openai"].api_key == "sk-openai-1"
    assert (snapshot.file, snapshot.version, snapshot.loaded_ms) == ("", 1, 5)
    assert snapshot.warnings == ()
    assert "sk-openai-1" not in snapshot.text


def test_the_demo_needs_nothing() -> None:
    snapshot = demo_config()

    assert {p.kind for p in snapshot.config.providers.values()} == {"recording"}
    assert [t.weight for t in snapshot.config.routes["fast"].targets] == [50, 50]
    assert snapshot.secrets == ()


def test_what_the_first_config_shows_in_comments_loads_when_it_is_uncommented() -> None:
    text = built_from_environment({}).text
    routes = text[text.index("# routes:") : text.index("# Without keys")]
    keys = text[text.index("# keys:") : text.index("# Every exchange")]
    shown = "\n".join(line.removeprefix("# ") for line in (routes + keys).splitlines())
    providers = "providers: {openai: {kind: openai}, groq: {kind: groq}}\n"

    config = from_text(providers + shown, "c", {"LLMGATE_IDE_KEY": "abcdefgh"}).config

    assert list(config.routes) == ["fast"]
    assert list(config.keys) == ["ide"]


async def test_up_starts_with_the_named_file_and_its_env(tmp_path: Path) -> None:
    file, env = tmp_path / "c.yaml", tmp_path / "x.env"
    file.write_text("server: {model_prefix: '${LLMGATE_TEST_PREFIX}'}\n")
    env.write_text("LLMGATE_TEST_PREFIX=Mine\n")

    source = await starting_config(config=file, env_file=env, now_ms=9)

    assert source.path == file
    assert source.snapshot.config.server.model_prefix == "Mine"
    assert (source.snapshot.loaded_ms, source.env_files[-1]) == (9, env)


async def test_up_demo_has_a_file_of_its_own_and_looks_at_no_other(tmp_path: Path) -> None:
    source = await starting_config(config="not there", env_file=None, demo=tmp_path, now_ms=0)

    assert source.path == tmp_path / "demo.yaml"
    assert source.snapshot.text == source.path.read_text() == demo_config().text
    assert source.path.stat().st_mode & 0o777 == 0o600


async def test_what_was_edited_in_the_demo_is_there_again(tmp_path: Path) -> None:
    (tmp_path / "demo.yaml").write_text("providers: {mine: {kind: recording}}\n")

    source = await starting_config(config=None, env_file=None, demo=tmp_path, now_ms=0)

    assert list(source.snapshot.config.providers) == ["mine"]


async def test_a_demo_runs_where_no_file_can_be_written(tmp_path: Path) -> None:
    source = await starting_config(config=None, env_file=None, demo=tmp_path / "gone", now_ms=0)

    assert (source.path, source.snapshot.text) == (None, demo_config().text)


async def test_up_without_a_file_builds_one_and_waits_for_init(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.delenv("LLMGATE_CONFIG", raising=False)

    source = await starting_config(config=None, env_file=None, now_ms=0)

    assert source.path == tmp_path / "config.yaml"
    assert source.snapshot.file == ""
    assert "demo" in source.snapshot.config.providers


def test_the_schema_knows_every_section_kind_and_reference() -> None:
    schema = config_schema()
    parts = schema["$defs"]

    assert schema["$ref"] == "#/$defs/Config"
    assert parts["ProviderConfig"]["properties"]["kind"] == {"enum": list(KINDS)}
    assert {"type": "null"} in parts["Config"]["properties"]["server"]["anyOf"]
    port = parts["Server"]["properties"]["port"]
    assert port["anyOf"][0] == {"type": "integer"}
    assert port["anyOf"][1]["type"] == "string"
    assert parts["Server"]["additionalProperties"] is False
    assert msgspec.json.encode(schema)
