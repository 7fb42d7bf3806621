"""Finds English on pages that are read in another language: sentences of ours whose translation is another one."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from backend.language import translations
from tests.support.catalogue import catalogue_keys

_SEEN = """() => {
  const texts = []
  const shown = node => {
    const box = node.nodeType === 1 ? node : node.parentElement
    return !box || box.getClientRects().length > 0
  }
  const visit = node => {
    if (node.nodeType === 3 && shown(node)) texts.push(node.textContent)
    if (node.nodeType === 1) {
      if (["SCRIPT", "STYLE"].includes(node.tagName) || node.dataset.testid === "stIconMaterial") return
      if (shown(node)) for (const name of ["aria-label", "placeholder", "title", "alt"]) texts.push(node.getAttribute(name))
      if (node.shadowRoot) visit(node.shadowRoot)
    }
    for (const child of node.childNodes) visit(child)
  }
  visit(document.body)
  return texts.filter(Boolean)
}"""
_OF_STREAMLIT = {"Open", "Navigate to home page", "Close", "Show password text", "search"}
"""What Streamlit itself names its parts; and the search icon, whose drawing is spelled so."""
_PLACES = re.compile(r"\{[^}]*\}")
_MARKS = re.compile(r"\*\*|:[a-z]+-badge\[|:material/\\w+:|\]$")


class EnglishOnPages:
    """`language`: in which pages should be."""

    def __init__(self, language: str) -> None:
        catalogue = translations(language)
        own: set[str] = set()
        english: set[str] = set()
        for context, template, plural in catalogue_keys():
            translated = catalogue.pgettext(context, template) if context else catalogue.gettext(template)
            if plural:
                translated = catalogue.ngettext(template, plural, 1)
                own.add(catalogue.ngettext(template, plural, 2))
                english.add(plural)
            own.add(translated)
            english.add(template)
        english -= own
        self._whole = {text for text in english if "{" not in text}
        patterns = ("(?:.+?)".join(map(re.escape, _PLACES.split(text))) for text in english if "{" in text)
        self._filled = re.compile("|".join(f"(?:{pattern})" for pattern in patterns if re.search(r"[A-Za-z]{4}", pattern)))

    def on(self, page: Page) -> list[str]:
        """The texts, labels and hints that are seen in English."""
        seen = {" ".join(_MARKS.sub("", text).split()) for text in page.evaluate(_SEEN)}
        return sorted(text for text in seen - _OF_STREAMLIT if text in self._whole or self._filled.fullmatch(text))
