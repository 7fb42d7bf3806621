"""kohya folder names: `10_bella woman` means ten repeats, trigger word bella, class woman. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from backend.datasets.rules import has_word
from backend.language import messages, tr_lazy

_FOLDER = re.compile(r"([1-9]\d{0,2})_(\S.*)")
_REGULARISATION = re.compile(r"(reg|regs|regulari[sz]ation|class)([ _-]?(images?|imgs?|data|dir|set))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KohyaFolder:
    """`words`: the caption kohya gives a picture without one. `regularisation`: it is inside a regularisation folder."""

    name: str
    repeats: int
    words: str
    regularisation: bool


def kohya_folder(path: str) -> KohyaFolder | None:
    """The innermost kohya folder in a picture's path; None: there is none."""
    parts = PurePosixPath(path.replace("\\", "/")).parent.parts
    for depth in range(len(parts) - 1, -1, -1):
        if match := _FOLDER.fullmatch(parts[depth].strip()):
            regularisation = any(_REGULARISATION.fullmatch(part.strip()) for part in parts[:depth])
            return KohyaFolder(parts[depth].strip(), int(match[1]), match[2].strip(), regularisation)
    return None


def repeats_of(path: str) -> int:
    """How often an epoch shows the picture at `path`: the number before its folder's name, else once."""
    folder = kohya_folder(path)
    return folder.repeats if folder else 1


def folder_notes(path: str, folders: Iterable[str], trigger_word: str, *, captioned: bool) -> tuple[list[dict[str, Any]], bool]:
    """(notes about the picture at `path`, whether it is excluded). `folders`: all folders of the upload."""
    folder = kohya_folder(path)
    if folder is None:
        return [], False
    all_folders = {parsed for name in folders if (parsed := kohya_folder(f"{name}/x"))}
    others = {other for other in all_folders if other.words != folder.words}
    if left_out := _not_the_subject(folder, all_folders, trigger_word):
        return [messages.coded("folder_left_out", left_out)], True
    entries = []
    if folder.repeats > 1:
        repeats = tr_lazy(
            "From the folder “{folder}”: an epoch of a training shows it {times} times.",
            folder=folder.name,
            times=folder.repeats,
        )
        entries.append(messages.coded("folder_repeats", repeats))
    if mixed := [other for other in others if not _not_the_subject(other, all_folders, trigger_word)]:
        names = ", ".join(f"“{name}”" for name in sorted({folder.name, *(other.name for other in mixed)})[:5])
        several = tr_lazy(
            "Folders of several subjects came into one set: {names}. Leave out what does not belong together.", names=names
        )
        entries.append(messages.coded("folder_mixed", several))
    if not captioned:
        words = tr_lazy(
            "Without a caption, and the words of its folder, “{words}”, are not used as one. Write captions for it.",
            words=folder.words,
        )
        entries.append(messages.coded("folder_words", words))
    return entries, False


def _not_the_subject(folder: KohyaFolder, all_folders: set[KohyaFolder], trigger_word: str) -> str:
    """Why these pictures are left out: they do not show the subject to be learned (regularisation, another trigger word); ""
    when they may."""
    if folder.regularisation:
        return tr_lazy(
            "From the folder “{folder}”, which holds regularisation pictures: left out of training. "
            "Take it in if it shows the same subject.",
            folder=folder.name,
        )
    subjects = [other for other in all_folders if not other.regularisation and other.words != folder.words]
    for other in subjects:
        if other.words.lower().endswith(f" {folder.words.lower()}") and folder.repeats <= other.repeats:
            return tr_lazy(
                "From the folder “{folder}”, the regularisation pictures for “{other}”: left out of training. "
                "Take it in if it shows the same subject.",
                folder=folder.name,
                other=other.name,
            )
    if not has_word(folder.words, trigger_word) and any(has_word(other.words, trigger_word) for other in subjects):
        return tr_lazy(
            "From the folder “{folder}”, which is not about {trigger_word}: left out of training. "
            "Take it in if it shows the same subject.",
            folder=folder.name,
            trigger_word=trigger_word,
        )
    return ""
