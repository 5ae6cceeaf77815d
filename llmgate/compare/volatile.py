"""What says nothing about an answer (ids, times of creation), taken out of its JSON.

What a tool is called with is the model's own: an ``id`` in there says something and stays.
"""

from collections.abc import Collection
from typing import Any, Final

from llmgate.compare.json_value import below
from llmgate.wire.compare import VOLATILE

_KEYS: Final = frozenset(VOLATILE)
_SAID: Final = frozenset({"input", "arguments", "args", "parameters"})
_MOST_PATHS: Final = 50


class Stripper:
    """Leaves volatile keys out and notes where they were; ``whole`` leaves all as it is."""

    def __init__(self, *, whole: bool = False) -> None:
        self._whole = whole
        self._paths: set[str] = set()

    @property
    def ignored(self) -> list[str]:
        """Where something was left out: ``choices[].delta.tool_calls[].id``."""
        return sorted(self._paths)

    def strip(self, value: Any) -> Any:
        """The value without what is volatile."""
        return value if self._whole else self._strip(value, "")

    def _strip(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            kept = {}
            for key, inner in value.items():
                place = below(path, key)
                if key in _KEYS:
                    self._note(place)
                else:
                    kept[key] = inner if _is_said(key, inner) else self._strip(inner, place)
            return kept
        if isinstance(value, list):
            return [self._strip(inner, f"{path}[]") for inner in value]
        return value

    def _note(self, place: str) -> None:
        if len(self._paths) < _MOST_PATHS:
            self._paths.add(place)


def _is_said(key: str, value: Collection[Any]) -> bool:
    return key in _SAID and isinstance(value, dict)
