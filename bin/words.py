"""Brings the catalogues of translations up to date with the code; `make words` calls it.

    bin/words.py              every sentence of the code gets its entry, in each language; what the code lost is removed
    bin/words.py missing      prints what has no translation yet: part, template
    bin/words.py add FILE     takes translations from a JSON file: {"it": {"Delete": "Elimina", "{n} day": ["…", "…"]}}

An entry that another part's catalogue has translated already is filled from there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from babel.messages import Catalog
from babel.messages.pofile import write_po

from backend.language.catalogues import FOLDER, LANGUAGES, read_catalogue
from backend.language.extraction import Key, Sentence, sentences
from backend.language.templates import places

Translation = str | tuple[str, ...]


def main(arguments: list[str]) -> int:
    added = json.loads(Path(arguments[1]).read_text("utf-8")) if arguments[:1] == ["add"] else {}
    by_part = sentences()
    for language in LANGUAGES:
        if language == "en":
            continue
        translations = translated(language)
        for template, words in added.get(language, {}).items():
            translations[added_key(template, by_part)] = words if isinstance(words, str) else tuple(words)
        for file in (FOLDER / language).glob("*.po"):
            if file.stem not in by_part:
                file.unlink()
        for part, keys in sorted(by_part.items()):
            file = FOLDER / language / f"{part}.po"
            if arguments[:1] == ["missing"]:
                print_missing(part, keys, translations)
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(catalogue_text(language, keys, translations))
    return 0


def translated(language: str) -> dict[Key, Translation]:
    """Every translation there is, of all parts."""
    translations: dict[Key, Translation] = {}
    for file in sorted((FOLDER / language).glob("*.po")):
        for entry in read_catalogue(file, language):
            template, plural = (entry.id, "") if isinstance(entry.id, str) else (entry.id[0], entry.id[1])
            words = entry.string if isinstance(entry.string, str) else tuple(entry.string or ())
            if template and any(words):
                translations[(entry.context or "", template, plural)] = words
    return translations


def added_key(template: str, by_part: Mapping[str, Mapping[Key, Sentence]]) -> Key:
    """The key of a template; `context|template` where it has a context."""
    for keys in by_part.values():
        for key in keys:
            if template in (key[1], f"{key[0]}|{key[1]}") and (key[0] == "" or "|" in template):
                return key
    raise SystemExit(f"The code has no sentence {template!r}.")


def catalogue_text(language: str, keys: Mapping[Key, Sentence], translations: Mapping[Key, Translation]) -> bytes:
    """One part's file, in the order of the templates, without line numbers or dates: it changes when sentences do."""
    catalogue = Catalog(locale=language, fuzzy=False)
    for key, sentence in sorted(keys.items(), key=lambda item: (item[0][1].lower(), item[0])):
        context, template, plural = key
        words = translations.get(key, ("", "") if plural else "")
        check_places(template, plural, words)
        catalogue.add(
            (template, plural) if plural else template,
            words,
            locations=[(file, None) for file in sorted(sentence.files)],  # type: ignore[misc]
            auto_comments=sentence.comments,
            context=context or None,
        )
    text = BytesIO()
    write_po(text, catalogue, omit_header=True, width=110, include_lineno=False)
    header = f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    forms = f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    return (header + forms).encode() + text.getvalue().strip() + b"\n"


def check_places(template: str, plural: str, words: Translation) -> None:
    allowed = places(template) | places(plural)
    for text in (words,) if isinstance(words, str) else words:
        if unknown := places(text) - allowed:
            raise SystemExit(f"{text!r} has places that {template!r} does not have: {', '.join(sorted(unknown))}")


def print_missing(part: str, keys: Mapping[Key, Sentence], translations: Mapping[Key, Translation]) -> None:
    for context, template, plural in sorted(keys):
        if (context, template, plural) not in translations:
            print(json.dumps([part, context, template, plural], ensure_ascii=False))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
