"""Renditions: an asset as it goes out: the format a platform takes, cropped or shortened, stripped, with the AI mark.

wanted = [(asset_id, Recipe(kind="picture", ratio=0.8)), …]
ask(tx, wanted)            a job makes what is missing (people; once)
want(tx, wanted)           the payload of such a job (`KIND`), for a job that starts it as its child
ready(tx, wanted)          the files, or None, or Invalid with what is wrong
expected(card, recipe)     what a file will be, before it is made
"""

from backend.renditions.recipe import Facts, Recipe, crop, expected, facts
from backend.renditions.schemas import KIND, NOUN, MediaPayload, Wanted
from backend.renditions.service import ask, forget, ready, standing, want

__all__ = [
    "KIND", "NOUN", "Facts", "MediaPayload", "Recipe", "Wanted", "ask", "crop", "expected", "facts", "forget", "ready",
    "standing", "want",
]  # fmt: skip
