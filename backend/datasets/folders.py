"""What the folders of a kohya training set say: `10_bella woman` is ten repeats of the class woman called bella. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from backend.datasets.rules import has_word

_FOLDER = re.compile(r"([1-9]\d{0,2})_(\S.*)")
_REGULARISATION = re.compile(r"(reg|regs|regulari[sz]ation|class)([ _-]?(images?|imgs?|data|dir|set))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Folder:
    """`words`: what kohya takes for the caption of a picture that has none. `regularisation`: it lies under such a folder."""

    name: str
    repeats: int
    words: str
    regularisation: bool


def folder_of(path: str) -> Folder | None:
    """The innermost kohya folder in a picture's path; None when none is one."""
    parts = PurePosixPath(path.replace("\\", "/")).parent.parts
    for at in range(len(parts) - 1, -1, -1):
        if found := _FOLDER.fullmatch(parts[at].strip()):
            regularisation = any(_REGULARISATION.fullmatch(part.strip()) for part in parts[:at])
            return Folder(parts[at].strip(), int(found[1]), found[2].strip(), regularisation)
    return None


def notes(path: str, folders: Iterable[str], trigger_word: str, *, captioned: bool) -> tuple[list[dict[str, str]], bool]:
    """What to say of the picture at `path`, and whether it is left out. `folders`: all that came with it, this one too."""
    folder = folder_of(path)
    if folder is None:
        return [], False
    known = {found for one in folders if (found := folder_of(f"{one}/x"))}
    others = {one for one in known if one.words != folder.words}
    if why := _not_the_subject(folder, known, trigger_word):
        sentence = f"From the folder “{folder.name}”, {why}: left out of training. Take it in if it shows the same subject."
        return [{"code": "folder_left_out", "sentence": sentence}], True
    said = []
    if folder.repeats > 1:
        text = f"From the folder “{folder.name}”: its {folder.repeats} repeats are not kept. Set the repeats when you train."
        said.append({"code": "folder_repeats", "sentence": text})
    if mixed := [one for one in others if not _not_the_subject(one, known, trigger_word)]:
        names = ", ".join(f"“{name}”" for name in sorted({folder.name, *(one.name for one in mixed)})[:5])
        text = f"Folders of several subjects came into one set: {names}. Leave out what does not belong together."
        said.append({"code": "folder_mixed", "sentence": text})
    if not captioned:
        text = f"Without a caption, and the words of its folder, “{folder.words}”, are not used as one. Write captions for it."
        said.append({"code": "folder_words", "sentence": text})
    return said, False


def _not_the_subject(folder: Folder, known: set[Folder], trigger_word: str) -> str:
    """Why these pictures are of something else than what is to be learned; "" when nothing says so."""
    if folder.regularisation:
        return "which holds regularisation pictures"
    ours = [one for one in known if not one.regularisation and one.words != folder.words]
    for one in ours:
        if one.words.lower().endswith(f" {folder.words.lower()}") and folder.repeats <= one.repeats:
            return f"the regularisation pictures for “{one.name}”"
    if not has_word(folder.words, trigger_word) and any(has_word(one.words, trigger_word) for one in ours):
        return f"which is not about {trigger_word}"
    return ""
