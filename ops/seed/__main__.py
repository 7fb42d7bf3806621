"""`make seed`: workspaces full of believable rows and small pictures, to try the studio with.

    make seed                                                   one workspace
    make seed ARGS="--workspaces 2 --pictures 500 --posts 60"   so much in each
    make seed ARGS=--delete                                     removes these workspaces, and nothing else

Works on a studio that runs or is stopped, of the servers that the environment names or of the data folder. A workspace that is
there already stays as it is. All posts are on practice channels: nothing is sent anywhere.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from backend import accounts, influencers
from backend.app import App
from backend.db.tables import Dataset, Generation, Influencer, Job, Lora, Membership, Picture, Post, TextDraft, TrainingRun
from backend.db.transactions import Anonymous, Database
from backend.errors import Conflict, StudioError, Unavailable
from backend.generation import LoraRef
from backend.influencers import InfluencerDraft, Persona
from backend.settings import Settings
from backend.settings.environment import read_environment
from ops.local_stack import postgres, stack
from ops.local_stack.state import read_json
from ops.running_studio import open_app
from ops.seed import models, pictures, posts, workspace
from ops.seed.pictures import SeedInfluencer
from ops.seed.posts import SeedText
from ops.seed.workspace import MAX_WORKSPACES, SeedPerson

_COUNTED = (Membership, Influencer, Dataset, TrainingRun, Lora, Generation, Picture, TextDraft, Post, Job)
_LABELS = {
    "memberships": "people", "training_runs": "trainings", "generations": "requests", "text_drafts": "texts", "loras": "LoRAs",
}  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="make seed", description="Workspaces to try the studio with.")
    parser.add_argument("--workspaces", type=int, default=1, help=f"how many, at most {MAX_WORKSPACES}")
    parser.add_argument("--pictures", type=int, default=120, help="in each (default: 120)")
    parser.add_argument("--posts", type=int, default=60, help="in each (default: 60)")
    parser.add_argument("--delete", action="store_true", help="remove the workspaces that this command made")
    options = parser.parse_args(argv)
    if not 1 <= options.workspaces <= MAX_WORKSPACES or options.pictures < 1 or options.posts < 0:
        parser.error(f"--workspaces is 1 to {MAX_WORKSPACES}, --pictures at least 1, --posts at least 0")
    os.environ.setdefault("STREAMLIT_LOGGER_LEVEL", "error")  # hashing passwords imports it, and it warns that no page runs
    settings = Settings.read()
    try:
        with _opened(settings) as app:
            if options.delete:
                delete(app, owner_url(settings))
                return 0
            for n in range(1, options.workspaces + 1):
                people = fill(app, n, pictures_wanted=options.pictures, posts_wanted=options.posts)
                show(app, n, people)
    except StudioError as error:
        sys.stderr.write(error.message + "\n")
        return 1
    return 0


@contextmanager
def _opened(settings: Settings) -> Iterator[App]:
    """The App of the studio that runs, or of its servers, started for this command. Raises Unavailable."""
    env = read_environment(Path(".env"))
    if env.get("DATABASE_URL") or env.get("DATABASE_OWNER_URL"):
        app = open_app(settings)
        try:
            yield app
        finally:
            app.close()
        return
    if not (settings.data_dir.resolve() / "secrets.json").exists():
        raise Unavailable(f"There is no studio in {settings.data_dir.resolve()} yet. Run `make run` once, then try again.")
    try:
        servers = stack.start(settings.data_dir, env=env)
    except Conflict:  # it runs
        servers = None
    try:
        if servers and not servers.wait_storage():
            raise Unavailable("The storage did not start within a minute. Look at the disk's free space, then try again.")
        app = open_app(settings)
        try:
            yield app
        finally:
            app.close()
    finally:
        if servers:
            servers.stop()


def owner_url(settings: Settings) -> str:
    """Of the login that migrations use."""
    if url := settings.postgres.migration_url:
        return url
    folder = settings.data_dir.resolve()
    port, password = (
        read_json(folder / "run.json")["ports"]["postgres"],
        read_json(folder / "secrets.json")["STUDIO_OWNER_PASSWORD"],
    )
    return make_url(postgres.url(int(port), password)).render_as_string(hide_password=False)


def fill(app: App, n: int, *, pictures_wanted: int, posts_wanted: int) -> dict[str, SeedPerson]:
    """Makes the `n`th workspace with everything in it. Returns its people by role; {} when it is there already.

    Raises Conflict: the studio has no owner yet, one of the addresses is taken, or the command was interrupted last time.
    """
    if workspace.is_there(app, n):
        if workspace.is_unfinished(app, n):
            raise Conflict(
                f"{workspace.workspace_name(n)} was not filled to its end: the command was interrupted. Remove it with "
                "`make seed ARGS=--delete`, then try again."
            )
        return {}
    with app.db.transaction(Anonymous()) as tx:
        if accounts.needs_setup(tx):  # the first person of an installation is its operator
            raise Conflict("This studio has no owner yet. Open it and make your account first, then try again.")
    people = workspace.add_people(app, n)
    described = read_influencers()
    for position, values in enumerate(described):
        share = (pictures_wanted * (position + 1) // len(described)) - (pictures_wanted * position // len(described))
        of_posts = (posts_wanted * (position + 1) // len(described)) - (posts_wanted * position // len(described))
        _add_influencer(app, n, values, pictures_wanted=share, posts_wanted=of_posts, people=people)
    workspace.finish(app, n)
    return people


def read_influencers() -> list[dict[str, Any]]:
    """What influencers.json says of each."""
    described: list[dict[str, Any]] = json.loads((Path(__file__).parent / "influencers.json").read_text("utf-8"))
    return described


def _add_influencer(
    app: App,
    n: int,
    values: dict[str, Any],
    *,
    pictures_wanted: int,
    posts_wanted: int,
    people: dict[str, SeedPerson],
) -> None:
    owner, editor = people["owner"].user_id, people["editor"].user_id
    dice = random.Random(f"{values['name']} {n}")
    looks = {"hair": values["hair"], "skin": values["skin"]}
    draft = InfluencerDraft(
        **{name: values[name] for name in ("name", "language", "time_zone", "look_prompt")},
        persona=Persona(**values["persona"]),
    )
    with workspace.acting(app, n, owner) as tx:
        influencer = influencers.create(tx, draft)
    lora = models.add_models(app, n, influencer, dice, **looks, user_id=owner)
    shown = SeedInfluencer(
        influencer.id,
        influencer.trigger_word,
        **looks,
        lora=LoraRef(lora_id=lora.id, name=lora.name, weight=0.8),
        user_id=editor,
    )
    _print_line(f"{workspace.workspace_name(n)}: {influencer.name}, dataset, training, LoRA {lora.name}")
    asset_ids = pictures.add_pictures(
        app, n, shown, pictures_wanted, dice, report=lambda size: _print_line(f"  {influencer.name}: {size} pictures more")
    )
    texts = [SeedText(**{**text, "hashtags": tuple(text["hashtags"])}) for text in values["texts"]]
    with workspace.acting(app, n, owner) as tx:
        influencers.set_default_lora(tx, influencer.id, lora.id)
        if asset_ids:
            influencers.set_cover(tx, influencer.id, asset_ids[0])
        posts.add_texts(tx, influencer, texts)
        posts.add_posts(tx, influencer, texts, asset_ids, posts_wanted, dice)
    _print_line(f"  {influencer.name}: {len(texts)} texts, {posts_wanted} posts")


def show(app: App, n: int, people: dict[str, SeedPerson]) -> None:
    """Prints what the workspace has, and the passwords of people that were made just now."""
    print(f"{workspace.workspace_name(n)}{'' if people else ' was there already, and stays as it is'}:")
    for table, count in workspace.count_rows(app, n, _COUNTED).items():
        print(f"  {_LABELS.get(table, table):12} {count:>9,}")
    for person in people.values():
        print(f"  {person.role:7} {person.email:40} {person.password}")
    print("  Passwords are shown once." if people else "  It goes with: make seed ARGS=--delete")


def delete(app: App, owner: str) -> dict[str, int]:
    """Removes all workspaces that the command made; name -> rows."""
    removed: dict[str, int] = {}
    database = Database(owner, pool_size=1)
    try:
        for n in range(1, MAX_WORKSPACES + 1):
            if workspace.is_there(app, n):
                rows = workspace.remove(app, database, n)
                removed[workspace.workspace_name(n)] = sum(rows.values())
                print(f"{workspace.workspace_name(n)}: {sum(rows.values()):,} rows and their files removed.")
    finally:
        database.close()
    if not removed:
        print("There is no workspace that this command made.")
    return removed


def _print_line(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
