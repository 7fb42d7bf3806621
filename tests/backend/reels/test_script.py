"""Scripts fall into scenes: by their blank lines and sentences, none lost, none too long to look at one picture."""

from __future__ import annotations

import pytest

from backend.errors import Invalid
from backend.reels.script import MAX_SCRIPT, MAX_WORDS, split_into, split_script

SCRIPT = """Scene 1: Mornings are hard. Dr. Rossi says 7.5 hours are enough!

I get up at six, drink a glass of water, put on my shoes and go out of the door before I can think of a reason to stay in bed,
which is what I used to do every single day of my life until I turned thirty.
---
Try it… Tell me how it went? 🏃
"""


def test_no_word_is_lost_and_headings_are_not_spoken() -> None:
    scenes = split_script(SCRIPT)
    assert scenes[0] == "Mornings are hard. Dr. Rossi says 7.5 hours are enough!"
    assert scenes[-1] == "Try it… Tell me how it went? 🏃"
    spoken = SCRIPT.replace("Scene 1: ", "").replace("---", "").split()
    assert " ".join(scenes).split() == spoken
    assert all(len(scene.split()) <= MAX_WORDS for scene in scenes)
    assert len(scenes) >= 4


@pytest.mark.parametrize("n", [1, 2, 3, 5, 12])
def test_as_many_scenes_as_there_are_pictures_share_the_words(n: int) -> None:
    scenes = split_into(SCRIPT, n)
    assert len(scenes) == n
    assert all(scenes)
    assert " ".join(scenes).split() == SCRIPT.replace("Scene 1: ", "").replace("---", "").split()


def test_more_pictures_than_words_leaves_the_last_ones_silent() -> None:
    assert split_into("Hello there.", 4) == ["Hello", "there.", "", ""]


@pytest.mark.parametrize("script", ["", "  \n ", "x" * (MAX_SCRIPT + 1), "a. \n\n" * 70])
def test_a_script_that_makes_no_reel_is_refused_with_what_to_do(script: str) -> None:
    with pytest.raises(Invalid, match=r"Write|Shorten|several reels"):
        split_script(script)


def test_scenes_are_short_also_where_words_have_no_end() -> None:
    for script in ("w" * 6000, "天气很好。" * 900, "Go " + "o" * 700 + " now."):
        scenes = split_script(script)
        assert max(map(len, scenes)) <= 600, "what a scene takes"
        assert "".join(scenes).replace(" ", "") == script.replace(" ", "")
