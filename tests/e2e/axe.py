"""axe-core (pinned in studio/package.json, in .venv/node) run on an open page: WCAG 2.2 AA and best practice."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page

SCRIPT = Path(sys.prefix) / "node" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@dataclass(frozen=True, slots=True)
class DrawnByStreamlit:
    """Elements that Streamlit draws in a way that no option and no CSS of ours changes. `selector`: any they are, or are in."""

    rule: str
    selector: str
    reason: str


EXCEPTIONS = (
    DrawnByStreamlit(
        "presentation-role-conflict",
        '[data-testid="stFileUploaderDropzone"]',
        "st.file_uploader gives its drop zone both the role of presentation and a name; the button in it is fine",
    ),
)


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    impact: str
    target: str
    """CSS selectors, from the page into its shadow roots."""
    html: str
    why: str

    def __str__(self) -> str:
        return f"{self.rule} ({self.impact}): {self.target}\n    {self.html}\n    {self.why}"


RUN = """async ([tags, exceptions]) => {
  const outcome = await axe.run(document, {
    runOnly: { type: "tag", values: tags }, resultTypes: ["violations"], rules: { "target-size": { enabled: true } },
    elementRef: true, preload: false,
  })
  const inside = (node, selector) => {
    for (let at = node; at; at = at.getRootNode().host) if (at.closest(selector)) return true
    return false
  }
  return outcome.violations.flatMap(rule => rule.nodes
    .filter(node => !exceptions.some(([id, selector]) => id === rule.id && inside(node.element, selector)))
    .map(node => ({
      rule: rule.id, impact: rule.impact, target: node.target.flat().join(" >>> "), html: node.html.slice(0, 300),
      why: [...node.any, ...node.all, ...node.none].map(check => check.message).join("; ").slice(0, 300),
    })))
}"""


@cache
def script() -> str:
    """Of axe. Without it the test is skipped, and fails in CI."""
    if not SCRIPT.exists():
        missing = f"{SCRIPT} is missing: make check installs it."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return SCRIPT.read_text(encoding="utf-8")


def violations(tab: Page) -> list[Violation]:
    """What axe finds on the page as it is, without what Streamlit itself draws."""
    if not tab.evaluate("typeof axe === 'object'"):
        tab.evaluate(script())
    exceptions = [[exception.rule, exception.selector] for exception in EXCEPTIONS]
    return [Violation(**found) for found in tab.evaluate(RUN, [list(TAGS), exceptions])]


def exceptions_met(tab: Page) -> set[DrawnByStreamlit]:
    """Those whose element is on the page."""
    return {exception for exception in EXCEPTIONS if tab.locator(exception.selector).count()}
