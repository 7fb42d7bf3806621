"""Finds things of a workspace by what they are called or what is written in them: what the search of every page shows."""

from backend.search.queries import search
from backend.search.schemas import NOUNS, Noun, SearchHit

__all__ = ["NOUNS", "Noun", "SearchHit", "search"]
