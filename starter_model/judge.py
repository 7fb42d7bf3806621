"""Judges drawn pictures against a character: `python -m starter_model.judge --traits FILE < pictures.json`.

Standard input: `[{"path", "prompt"}]`. Last line of standard output: one JSON object, shares from 0 to 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from backend.engines.local.starter_model.words import SCENES
from backend.engines.local.torch_host.child import prepare_environment


def judge(pictures: list[dict[str, str]], traits: dict[str, str]) -> dict[str, Any]:
    """`identity`: share of the fixed traits found; `nearly_all`: share of pictures with at most one trait missed;
    `place_obeyed`: share of pictures whose place is the one in the prompt (None when no prompt names a place)."""
    from backend.engines.local.starter_model import classifier

    classified = classifier.classify(
        classifier.load(), classifier.read_pictures([Path(picture["path"]) for picture in pictures])
    )
    hits = [sum(portrait[head] == value for head, value in traits.items()) for portrait in classified]
    obeyed = [
        SCENES[portrait["scene"]] in picture["prompt"]
        for portrait, picture in zip(classified, pictures, strict=True)
        if _place(picture)
    ]
    return {
        "identity": round(sum(hits) / (len(hits) * len(traits)), 4) if traits else None,
        "nearly_all": round(sum(hit >= len(traits) - 1 for hit in hits) / len(hits), 4) if traits else None,
        "place_obeyed": round(sum(obeyed) / len(obeyed), 4) if obeyed else None,
        "pictures": [
            {"path": picture["path"], "hits": hit, "scene": SCENES[portrait["scene"]]}
            for picture, hit, portrait in zip(pictures, hits, classified, strict=True)
        ],
    }


def _place(picture: dict[str, str]) -> bool:
    return any(phrase in picture["prompt"] for phrase in SCENES.values())


def main() -> None:
    prepare_environment(threads=0)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traits", type=Path, required=True, help="traits.json of a sample character")
    traits = json.loads(parser.parse_args().traits.read_text("utf-8"))["traits"]
    print(json.dumps(judge(json.load(sys.stdin), traits)))


if __name__ == "__main__":
    main()
