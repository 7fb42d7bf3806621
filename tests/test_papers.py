"""What the documentation names exists, and its lists are complete: contracts, glossary, licences, pre-commit hooks."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.db.tables import Base
from tests.test_architecture import SLICES

ROOT = Path(__file__).parent.parent
CONTRACTS = ROOT / "docs" / "contracts"
NO_CODE = {"docs", "var"}
_FULL = re.compile(r"contracts/([A-Za-z0-9_-]+)(\.md)?((?:, \d+)?(?: and \d+)*)")
_SHORT = re.compile(r"(?<![\w/-])([a-z][a-z0-9-]*)\.md((?:, \d+)(?: and \d+)*)")
_COPYLEFT = re.compile(r"GPL|MPL|EUPL|SSPL|CDDL|EPL|OSL", re.IGNORECASE)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def sources() -> Iterator[tuple[Path, str]]:
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name not in NO_CODE]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            vendored = "vendor" in path.parts or "node_modules" in path.parts
            if path.suffix in {".py", ".js", ".css", ".sh"} and not vendored and path != Path(__file__):
                yield path, path.read_text()


@cache
def sections(page: str) -> tuple[int, ...]:
    """Numbers of its headings, in their order; empty when there is no such page."""
    path = CONTRACTS / f"{page}.md"
    return tuple(int(n) for n in re.findall(r"^## (\d+)\. ", path.read_text(), re.MULTILINE)) if path.is_file() else ()


def wrong(page: str, cited: str) -> str:
    sections_there = sections(page)
    if not sections_there:
        return f"there is no page {page}.md"
    missing = [n for n in map(int, re.findall(r"\d+", cited)) if n not in sections_there]
    return f"{page}.md has no section {missing[0]}" if missing else ""


def test_every_citation_of_a_contract_leads_to_a_page_and_a_section() -> None:
    count, broken = 0, []
    for path, text in sources():
        cited = [(name, numbers) for name, _, numbers in _FULL.findall(text)] + _SHORT.findall(text)
        count += len(cited)
        broken += [f"{path.relative_to(ROOT)}: {why}" for name, numbers in cited if (why := wrong(name, numbers))]
    assert not broken
    assert count > 150  # the patterns still see what is cited


@pytest.mark.parametrize("page", sorted(path.stem for path in CONTRACTS.glob("*.md") if path.stem != "README"))
def test_a_contract_numbers_its_sections_and_names_its_sources(page: str) -> None:
    text = (CONTRACTS / f"{page}.md").read_text()
    assert sections(page) == tuple(range(1, len(sections(page)) + 1)) != ()
    assert re.search(r"\*\*\[(doc|ran|src|seen|third)", text) or "arXiv" in text
    assert f"({page}.md)" in (CONTRACTS / "README.md").read_text()


@pytest.mark.parametrize(
    "paper", [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda path: str(path.relative_to(ROOT))
)
def test_links_between_papers_lead_somewhere(paper: Path) -> None:
    linked = [paper.parent / link for link in _LINK.findall(paper.read_text())]
    assert [str(path) for path in linked if not path.exists()] == []


def test_files_and_folders_that_the_architecture_names_are_there() -> None:
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    tops = {path.name for path in ROOT.iterdir() if path.name[0] != "."}
    named = {word for word in re.findall(r"`([\w./]+)`", text) if word.partition("/")[0] in tops and "/" in word}
    assert len(named) > 50
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_slice_has_its_folder_in_the_architectures_order() -> None:
    layers = (ROOT / "pyproject.toml").read_text().partition("layers = [")[2].partition("]")[0]
    ordered = set(re.findall(r"backend\.(\w+)", layers))
    slices = {
        path.name for path in (ROOT / "backend").iterdir() if (path / "service.py").exists() or (path / "pipeline.py").exists()
    }
    assert slices <= ordered


def test_the_glossary_has_a_word_for_every_table_and_names_no_other() -> None:
    text = (ROOT / "docs" / "GLOSSARY.md").read_text()
    named = {
        word.partition(".")[0] for row in text.splitlines() if row.startswith("|") for word in re.findall(r"`([a-z_.]+)`", row)
    }
    tables = set(Base.metadata.tables)
    assert tables - named == set()
    assert {word for word in named if word.endswith("s") and "_" in word} - tables == set()


def test_no_word_of_the_glossary_is_explained_twice() -> None:
    rows = [row for row in (ROOT / "docs" / "GLOSSARY.md").read_text().splitlines() if row.startswith("| **")]
    meant = [row.split("|")[1].strip() for row in rows if "see above" not in row.split("|")[2]]
    assert sorted(word for word in set(meant) if meant.count(word) > 1) == []


@pytest.fixture(scope="module")
def third_party() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "bin" / "third_party.py"))


def test_third_party_lists_every_pin_with_its_version_and_licence(third_party: dict[str, Any]) -> None:
    """What they bring along differs between machines and days; the pins do not."""
    text = third_party["PAPER"].read_text()
    pins = third_party["pins"]((*third_party["RUN"], *third_party["OPTIONAL"], *third_party["DEV"]))
    rows = {(name, third_party["version"](pin), third_party["licence"](name)) for name, pin in pins.items()}
    rows |= set(third_party["node_packages"]())
    listed = {tuple(cell.strip() for cell in row.split("|")[1:-1]) for row in text.splitlines() if row.count("|") == 4}
    assert rows - listed == set(), "run `make third-party`"
    assert {row for row in listed - rows if row[1][:1].isdigit()} == set(), "run `make third-party`"


def test_nothing_with_conditions_is_brought_along_unnamed(third_party: dict[str, Any]) -> None:
    text = third_party["PAPER"].read_text()
    brought = third_party["closure"](third_party["pins"]((*third_party["RUN"], *third_party["OPTIONAL"])))
    named = {word for row in text.splitlines() for word in re.findall(r"[a-z0-9][a-z0-9.-]*", row)}
    conditions = {name for name in brought if _COPYLEFT.search(third_party["licence"](name))}
    assert conditions - named == set(), "run `make third-party`, and say under “With conditions” what follows"
    assert not {name for name in conditions if re.search(r"AGPL|SSPL", third_party["licence"](name))}


def test_what_lies_vendored_is_named_with_its_version(third_party: dict[str, Any]) -> None:
    text = third_party["PAPER"].read_text()
    files = [path for path in ROOT.glob("studio/**/vendor/*") if path.suffix in {".js", ".css", ".woff2", ".ttf"}]
    assert files
    for path in files:
        version = re.search(r"\d+(\.\d+)+", path.name)
        assert version is not None, path.name
        assert version[0] in text, path.name


def test_hooks_before_a_commit_are_those_of_make_check() -> None:
    """A program that `make check` runs is added to .pre-commit-config.yaml too."""
    makefile = (ROOT / "Makefile").read_text()
    [recipe] = re.findall(r"^check:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    lines = [line.strip().lstrip("@") for line in recipe.splitlines() if "$(SETUP)" not in line]
    own_commands = [line.removeprefix('VENV="$(VENV)" ').replace("$(PY)", "$(VENV)/bin/python") for line in lines]
    commands = [line.replace("$(VENV)", ".venv") for line in own_commands]
    [repo] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [hook["entry"] for hook in repo["hooks"]] == commands
    assert all(hook["language"] == "system" and hook["pass_filenames"] is False for hook in repo["hooks"])


def test_the_diagram_of_slices_names_each_once_and_no_other() -> None:
    diagram = (ROOT / "docs" / "ARCHITECTURE.md").read_text().partition("Slices, each above")[2].split("```")[1]
    left_column = re.findall(r"^ {2}([a-z_]+(?: {4}[a-z_]+)*)", diagram, re.MULTILINE)
    drawn = sorted(name for line in left_column for name in line.split())
    assert drawn == sorted(SLICES)
