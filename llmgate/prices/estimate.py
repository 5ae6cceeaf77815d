"""Token counts guessed from lengths, calibrated per model by what providers report.

A guess starts at a ratio that errs upwards (a limit reserved too high frees itself, one too low is
overrun) and moves to the model's own ratio with every report. The newest reports weigh the most, so
a change of language or of tooling is followed within some dozen requests.
"""

import math
from collections import OrderedDict
from typing import Final

MAX_MODELS: Final = 512

_FIRST_INPUT: Final = 0.36  # tokens per character of JSON: about 0.28 is usual for English
_FIRST_OUTPUT: Final = 0.33
_FADE: Final = 0.9
_FIRST_WEIGHT: Final = 400.0  # characters' worth of faith in the first ratio
_ENOUGH: Final = 50_000.0  # characters at which fading begins to matter


class _Ratio:
    """Tokens per character: a fading sum over a fading sum."""

    __slots__ = ("_chars", "_tokens")

    def __init__(self, first: float) -> None:
        self._chars = _FIRST_WEIGHT
        self._tokens = _FIRST_WEIGHT * first

    def learn(self, chars: int, tokens: int) -> None:
        if chars <= 0 or tokens <= 0 or tokens > chars * 4:
            return  # nothing to learn from, or counted by another measure (images, cached input)
        weight = min(1.0, _ENOUGH / chars)  # one huge request is not worth more than many
        fade = _FADE if self._chars > _ENOUGH else 1.0
        self._chars = self._chars * fade + chars * weight
        self._tokens = self._tokens * fade + tokens * weight

    def tokens(self, chars: int) -> int:
        return math.ceil(chars * self._tokens / self._chars) if chars > 0 else 0


class Estimator:
    """Remembers at most ``MAX_MODELS`` models; the one unused for longest is forgotten."""

    def __init__(self) -> None:
        self._models: OrderedDict[str, tuple[_Ratio, _Ratio]] = OrderedDict()

    def observe(
        self, model: str, input_chars: int, input_tokens: int, output_chars: int, output_tokens: int
    ) -> None:
        """Learns from an answer whose usage the provider reported."""
        ratios = self._models.get(model)
        if ratios is None:
            ratios = self._models[model] = (_Ratio(_FIRST_INPUT), _Ratio(_FIRST_OUTPUT))
            if len(self._models) > MAX_MODELS:
                self._models.popitem(last=False)
        else:
            self._models.move_to_end(model)
        ratios[0].learn(input_chars, input_tokens)
        ratios[1].learn(output_chars, output_tokens)

    def knows(self, model: str) -> bool:
        """Whether it has learned from answers of this model."""
        return model in self._models

    def input_tokens(self, model: str, chars: int) -> int:
        """Guesses how many tokens a request of this length has."""
        ratios = self._models.get(model)
        return (ratios[0] if ratios else _Ratio(_FIRST_INPUT)).tokens(chars)

    def output_tokens(self, model: str, chars: int) -> int:
        """Guesses how many tokens an answer of this length has."""
        ratios = self._models.get(model)
        return (ratios[1] if ratios else _Ratio(_FIRST_OUTPUT)).tokens(chars)
