"""What people are shown of an edit."""

from llmgate.config.edit.diff import unified


def test_the_same_text_has_no_difference() -> None:
    assert unified("a: 1\n", "a: 1\n") == ""


def test_a_change_is_shown_with_three_lines_around_it() -> None:
    before = "".join(f"{n}\n" for n in range(20))
    after = before.replace("\n10\n", "\nten\n")

    assert unified(before, after) == (
        "--- config.yaml\n+++ config.yaml\n@@ -8,7 +8,7 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n"
    )


def test_windows_line_ends_are_not_shown() -> None:
    assert "\r" not in unified("a: 1\r\nb: 2\r\n", "a: 1\r\nb: 3\r\n")


def test_a_missing_line_end_is_said() -> None:
    assert unified("a: 1", "a: 1\n").endswith("-a: 1\n\\ No newline at end of file\n+a: 1\n")


def test_a_long_difference_is_cut_and_says_so() -> None:
    before = "".join(f"{n}\n" for n in range(3000))

    assert unified(before, "").endswith("(and 1003 lines more)\n")


def test_texts_of_many_lines_are_not_compared() -> None:
    assert "too long" in unified("a\n" * 20_000, "b\n")
