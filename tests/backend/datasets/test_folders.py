"""What the folders of a kohya set say of the pictures in them."""

from __future__ import annotations

import pytest

from backend.datasets.folders import folder_notes, kohya_folder


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("10_bella woman/1.png", (10, "bella woman", False)),
        ("set/img/10_bella woman/1.png", (10, "bella woman", False)),
        ("set\\10_bella\\1.png", (10, "bella", False)),
        ("set/reg/1_woman/1.png", (1, "woman", True)),
        ("Regularization Images/1_woman/1.png", (1, "woman", True)),
        ("2024_summer/1.png", None),
        ("01_portraits/1.png", None),
        ("10_/1.png", None),
        ("10_bella.png", None),
        ("1.png", None),
    ],
)
def test_a_folder_is_read_as_kohya_reads_it(path: str, found: tuple[int, str, bool] | None) -> None:
    folder = kohya_folder(path)
    assert (folder and (folder.repeats, folder.words, folder.regularisation)) == found


@pytest.mark.parametrize(
    ("folders", "word", "left_out"),
    [
        (["10_bella woman", "1_dog"], "bella", {"1_dog": "not about bella"}),
        (["10_bella woman", "1_woman"], "", {"1_woman": "regularisation pictures for “10_bella woman”"}),
        (["img/10_bella woman", "reg/1_person"], "", {"reg/1_person": "holds regularisation pictures"}),
        (["10_bella woman", "5_bella woman close"], "bella", {}),
        (["10_ohwx woman", "1_dog"], "bella", {}),
        (["10_bella woman"], "marco", {}),
        (["summer", "1_dog"], "bella", {}),
    ],
)
def test_another_class_is_left_out_and_says_so(folders: list[str], word: str, left_out: dict[str, str]) -> None:
    for folder in folders:
        notes, is_excluded = folder_notes(f"{folder}/1.png", folders, word, captioned=True)
        assert is_excluded == (folder in left_out)
        assert not is_excluded or left_out[folder] in notes[0]["sentence"]


def test_what_is_not_used_is_said() -> None:
    notes, _ = folder_notes("10_ohwx woman/1.png", ["10_ohwx woman", "1_dog"], "bella", captioned=False)
    assert [note["code"] for note in notes] == ["folder_repeats", "folder_mixed", "folder_words"]
    assert folder_notes("1_bella/1.png", ["1_bella"], "bella", captioned=True) == ([], False)
    assert folder_notes("holiday/1.png", ["holiday"], "bella", captioned=False) == ([], False)
