"""For tests of applications: a gateway that answers from recordings, offline and always alike.

With pytest, in the ``conftest.py`` of the root (or ``-p llmgate.testing``)::

    pytest_plugins = ["llmgate.testing"]

and a test, whose recordings lie in the folder ``recordings`` beside its file::

    def test_my_agent(llmgate_gateway, monkeypatch):
        llmgate_gateway.set_environment(monkeypatch)   # OPENAI_BASE_URL, ANTHROPIC_BASE_URL, keys
        assert my_agent("What is the weather?") == "Sunny."

``pytest --llmgate-record=once`` asks the real providers, with the keys of the environment, and
writes the recordings; without the option nothing is ever asked of anybody, and a test that asked
for something that was not recorded fails with what comes nearest, even when the application
swallowed the 404. ``new_episodes`` adds what is missing, ``all`` records everything anew.

A marker says it for one test, the ini file for all::

    @pytest.mark.llmgate(folder="tapes", ordered=True, volatile=["metadata.user_id"], speed=1)

    [pytest]
    llmgate_recordings = tests/recordings
    llmgate_volatile = messages[*].cache_control

Without pytest: ``with recorded_gateway("tests/recordings") as gateway: ...``; leaving the block
raises ``Missing``, an ``AssertionError``, when something was asked that is not there.
"""

from importlib.util import find_spec

from llmgate.testing.recorded import Asked, Missing, Recorded, recorded_gateway

if find_spec("pytest") is not None:
    from llmgate.testing.plugin import (
        llmgate_gateway,
        pytest_addoption,
        pytest_configure,
        pytest_unconfigure,
    )

    __all__ = [
        "Asked",
        "Missing",
        "Recorded",
        "llmgate_gateway",
        "pytest_addoption",
        "pytest_configure",
        "pytest_unconfigure",
        "recorded_gateway",
    ]
else:
    __all__ = ["Asked", "Missing", "Recorded", "recorded_gateway"]
