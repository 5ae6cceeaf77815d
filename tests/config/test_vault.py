"""The file of secrets that old revisions need."""

from pathlib import Path

from llmgate.config.vault import Vault


def test_a_file_that_was_taken_away_is_written_again_with_all_that_is_known(
    tmp_path: Path,
) -> None:
    vault = Vault(tmp_path)
    vault.keep({"a": "first-secret"})
    vault.path.unlink()
    vault.keep({"b": "second-secret"})
    both = {"a": "first-secret", "b": "second-secret"}

    assert vault.secrets() == both
    assert Vault(tmp_path).secrets() == both
    vault.path.unlink()
    vault.keep({"b": "second-secret"})
    assert Vault(tmp_path).secrets() == both
