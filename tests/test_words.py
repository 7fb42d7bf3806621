"""Laws of words (docs/CONTRIBUTING.md): sentences are in the catalogues, and each language has all of them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from backend.language.catalogues import FOLDER, LANGUAGES
from backend.language.extraction import sentences, source_files
from tests.support.bare_sentences import bare_browser_sentences, bare_refusals, bare_sentences, bare_whole_sentences

ROOT = Path(__file__).resolve().parent.parent
EXCEPTIONS: dict[str, set[str]] = {
    "studio/access/api_keys.py": {'curl -H "Authorization: Bearer {}" {}/api/influencers'},  # a command
    "studio/backups/backups.py": {
        'make restore AT="2026-11-22 10:15" KEY=/path/to/backup-key.txt',
        "make drill",
    },  # commands
    "studio/shell/frame.py": {"InfluencerAI Studio"},  # the product's name
    "studio/shell/installable/__init__.py": {"InfluencerAI Studio"},  # the same
    "studio/influencers/wizard.py": {"portrait, at the beach, smiling"},  # a prompt for a model
    "studio/workflows/workflow_trial.py": {"portrait of a woman at a harbour, morning light"},  # a prompt for a model
    "studio/prompt_library/prompt_library_forms.py": {
        "portrait of {subject}, {place=at the beach}, {smiling|serious}"
    },  # a prompt
    "studio/prompt_library/empty_tabs.py": {
        "portrait of {subject}, {place=at the beach}, {smiling|serious}",
        "at sunset, warm light",
        *("at the beach", "in a cafe", "in a forest", "in the snowy mountains", "in a city at night"),
    },  # examples of prompts
}
"""File -> texts that are no sentences of ours, with a reason beside each."""


@pytest.fixture(scope="module")
def words() -> ModuleType:
    spec = importlib.util.spec_from_file_location("words", ROOT / "bin" / "words.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_sentences_are_worded_for_their_reader() -> None:
    files = [path for folder in ("studio", "pages") for path in (ROOT / folder).rglob("*.py")]
    bare = [
        f"{path.relative_to(ROOT)}:{line} {text!r}"
        for path in sorted(files)
        for line, text in bare_sentences(path)
        if text not in EXCEPTIONS.get(path.relative_to(ROOT).as_posix(), set())
    ]
    assert not bare, "wrap these with tr(...), see docs/CONTRIBUTING.md:\n" + "\n".join(bare)


def test_browser_components_are_worded_for_their_reader() -> None:
    modules = (path for path in source_files() if path.suffix == ".js" and "vendor" not in path.parts)
    bare = [f"{path.relative_to(ROOT)}:{line} {text!r}" for path in modules for line, text in bare_browser_sentences(path)]
    assert not bare, "wrap these with tr(...) of ui/shared/words.js:\n" + "\n".join(bare)


def test_refusals_are_worded_for_their_reader() -> None:
    """Of slices, engines and workers. What programs read (backend/api) and a terminal shows (migrations) is English."""
    files = (path for folder in ("backend", "workers") for path in sorted((ROOT / folder).rglob("*.py")))
    bare = [
        f"{path.relative_to(ROOT)}:{line} {text!r}"
        for path in files
        if not path.is_relative_to(ROOT / "backend" / "api") and "migrations" not in path.parts
        for line, text in bare_refusals(path)
    ]
    assert not bare, "wrap these with tr_lazy(...):\n" + "\n".join(bare)


NOT_FOR_READERS = (
    "backend/api/",  # answers and descriptions for programs are English
    "backend/db/migrations/",  # a terminal
    "backend/settings/",  # .env.example
    "backend/monitoring/",  # help of Prometheus' figures
    "backend/kit/metrics.py",  # the same
    "backend/consents/rules.py",  # read aloud, in the language of whoever allows it
    "backend/engines/local/offline_writer/",  # what an influencer says, in her language
    "backend/engines/local/starter_model/",  # words of prompts
    "backend/writing/prompts.py",  # for a model
    "backend/writing_styles/prompts.py",  # the same
)
MADE_FOR_PROGRAMS = {
    "backend/engines/comfyui/prompt_runner.py",  # why, in a line of the log
    "backend/engines/kohya/console.py",  # kohya's own words
    "backend/engines/kohya/install.py",  # a command, inside of sentences
    "backend/backups/phases.py",  # patterns of the terminal's lines
    "backend/db/replica.py",  # for the log and the operator
    "backend/jobs/sweep.py",  # a line of a job's log
    "backend/kit/child.py",  # FileNotFoundError, for the log
    "backend/voices/job_types.py",  # an example of the API
    "backend/videos/job_types.py",  # the same
    "backend/webhooks/event_messages.py",  # bodies of webhooks
    "backend/webhooks/catalogue.py",  # the same
}


def test_slices_word_what_people_are_told() -> None:
    """Whole sentences that slices, engines and workers return, keep in constants or store. Pieces of sentences are not found:
    they cannot be told from keys, prompts and SQL."""
    files = (path for folder in ("backend", "workers") for path in sorted((ROOT / folder).rglob("*.py")))
    bare = [
        f"{file}:{line} {text!r}"
        for path in files
        if not (file := path.relative_to(ROOT).as_posix()).startswith(NOT_FOR_READERS) and file not in MADE_FOR_PROGRAMS
        for line, text in bare_whole_sentences(path)
    ]
    assert not bare, "wrap these with tr_lazy(...):\n" + "\n".join(bare)


def test_catalogues_have_every_sentence_and_its_translation(words: ModuleType) -> None:
    by_part = sentences()
    for language in LANGUAGES:
        if language == "en":
            continue
        translations = words.translated(language)
        missing = [f"{part}: {key[1]}" for part, keys in by_part.items() for key in keys if key not in translations]
        assert not missing, f"{language}: translate these (make words), {len(missing)}:\n" + "\n".join(missing[:50])
        for part, keys in by_part.items():
            file = FOLDER / language / f"{part}.po"
            assert file.read_bytes() == words.catalogue_text(language, keys, translations), f"{file.name} is behind: make words"
