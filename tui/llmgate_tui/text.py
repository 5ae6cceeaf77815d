"""Text that fits its place: cleaned, cut to a number of cells, padded."""

from rich.cells import cell_len, set_cell_size

from llmgate.wire.safe_text import safe_text


def clean(text: str) -> str:
    """One line of data, harmless on a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return safe_text(text, newlines=False)


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """Exactly ``width`` cells, cut with an ellipsis or padded on the right."""
    if text.isascii():
        if len(text) <= width:
            return text.ljust(width)
        return text[: width - 1] + ellipsis if width > 0 else ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + ellipsis if width > 0 else ""


def fit_right(text: str, width: int) -> str:
    """Exactly ``width`` cells, padded on the left; a number too long loses its front visibly."""
    if len(text) <= width:
        return text.rjust(width)
    return fit(text, width)
