"""What to say about a model that nobody has: the names that come close."""

import difflib
from collections.abc import Iterable
from itertools import islice

_MOST_COMPARED = 4000
_MOST_RATED = 60


def near_misses(model: str, known: Iterable[str]) -> str:
    """A message with up to five close names; the work is bounded whatever is asked and listed."""
    asked = model[:96]
    names = list(dict.fromkeys(islice(known, _MOST_COMPARED)))
    close = difflib.get_close_matches(asked, _likeliest(asked, names), n=5, cutoff=0.55)
    told = "".join(char if char.isprintable() else "\ufffd" for char in asked)
    if close:
        listed = ", ".join(f"'{name}'" for name in close)
        return f"no route and no provider knows the model '{told}'; did you mean {listed}?"
    return (
        f"no route and no provider knows the model '{told}'; GET /v1/models lists what there is,"
        " and `provider/model` asks a provider directly"
    )


def _likeliest(asked: str, names: list[str]) -> list[str]:
    """The names sharing most pairs of letters: comparing all closely would take too long."""
    pairs = {asked[at : at + 2] for at in range(len(asked) - 1)}
    return sorted(names, key=lambda name: -sum(pair in name for pair in pairs))[:_MOST_RATED]
