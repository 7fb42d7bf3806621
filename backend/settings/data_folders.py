"""The studio's own folder and the one it shares: refuses settings that would put the one into the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from backend.errors import Invalid
from backend.language import tr_lazy

_OWN, _SHARED = "STUDIO_DATA", "DATA_SHARED_BASE"
_PRIVATE = ("secrets.json", "run.json", "pg", "valkey", "s3")
"""What the studio keeps in its own folder: passwords, and the data of the embedded servers."""


def refuse_exposed_data(environment: Mapping[str, str]) -> None:
    """Raises Invalid, with the lines to write, when DATA_SHARED_BASE is or holds the studio's own folder.

    Up to 0.6 DATA_SHARED_BASE was the own folder. Now programs name folders in it, and one named `s3` or `log` would land in
    the studio's.
    """
    own, shared = (environment.get(name, "").strip() for name in (_OWN, _SHARED))
    if not shared:
        return
    folder = Path(shared).expanduser().resolve()
    if not own:
        if private_names := [name for name in _PRIVATE if (folder / name).exists()]:
            raise Invalid(
                tr_lazy(
                    "{shared} is now the folder that the studio shares with other programs, and {folder} holds the "
                    "studio's own files ({private_names}). Nothing has to be moved: write these two lines into .env "
                    "instead of {shared}={old_folder}, and start again.\n\n{lines}",
                    shared=_SHARED,
                    folder=str(folder),
                    private_names=", ".join(private_names),
                    old_folder=shared,
                    lines=_lines(folder),
                )
            )
    elif Path(own).expanduser().resolve().is_relative_to(folder):
        raise Invalid(
            tr_lazy(
                "{shared} ({folder}) is shared with other programs, so it must not hold {own}. Write into .env, "
                "and start again:\n\n{lines}",
                shared=_SHARED,
                folder=str(folder),
                own=_OWN,
                lines=_lines(Path(own).expanduser().resolve()),
            )
        )


def _lines(folder: Path) -> str:
    return f"{_OWN}={folder}\n{_SHARED}={folder / 'shared'}"
