"""`make demo`: the main way without a browser, on a throw-away stack, through the same doors, queues and workers.

Pictures of a character in, a LoRA trained, images out in `var/demo/`, by the engines that the settings name. Progress on
standard error; the last line of standard output is one JSON object. `python -m ops.demo [FOLDER]` trains on the pictures
of FOLDER instead of the sample character.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr

from backend import accounts, assets, datasets, generation, influencers, jobs, loras, training
from backend.app import App
from backend.bootstrap import bootstrap
from backend.db.transactions import Anonymous, SignedIn
from backend.engines.diffusion.cards import STARTER
from backend.engines.image.port import ModelCard
from backend.engines.starter_model import SampleCharacter, characters
from backend.engines.starter_model.words import CLOTH_COLORS, MOUTHS, SCENES
from backend.errors import Invalid, StudioError, Unavailable
from backend.generation import GenerationCard, GenerationDraft, LoraPick
from backend.influencers import InfluencerCard, InfluencerDraft
from backend.jobs import JobCard
from backend.kit import child
from backend.kit.ids import new_id, new_secret
from backend.settings import ROOT
from backend.training import RunCard, RunDraft
from ops.local_stack import ephemeral

PROMPTS, EACH = 8, 3
IDENTITY, GAIN, PLACE = 0.85, 0.4, 0.85
_POLL_S = 0.2
T = TypeVar("T")
_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".avif"}


@dataclass
class Demo:
    """One run: who does it, in which studio, and how long its parts took."""

    app: App
    caller: SignedIn
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.seconds[part] = round(self.seconds.get(part, 0.0) + time.monotonic() - begun, 1)

    def do(self, verb: Callable[..., T], *args: Any, **values: Any) -> T:
        """One verb of a door in its own transaction, as a page would."""
        with self.app.db.transaction(self.caller, needs="editor") as tx:
            return verb(tx, *args, **values)

    def finished(self, job: JobCard) -> JobCard:
        """Waits for the job's end. Raises Unavailable with its own sentence when it did not complete."""
        last = ""
        while not (job := self.do(jobs.get, job.id)).ended:
            quarter = f" {int(job.progress * 4) * 25}%" if job.progress is not None else ""
            if job.phase and (told := f"{job.title}: {job.phase}{quarter}") != last:
                say(told)
                last = told
            time.sleep(_POLL_S)
        if job.state != "completed":
            raise Unavailable(f"{job.title}: {job.error_message or job.state}")
        return job


def main() -> int:
    folder = Path(sys.argv[1]).expanduser() if len(sys.argv) > 1 and sys.argv[1].strip() else None
    begun = time.monotonic()
    try:
        outcome = run(folder)
    except StudioError as failure:
        say(failure.message)
        return 1
    outcome["seconds"]["total"] = round(time.monotonic() - begun, 1)
    sys.stdout.write(json.dumps(outcome) + "\n")
    return 0 if _good(outcome) else 1


def run(folder: Path | None) -> dict[str, Any]:
    """The whole way. Raises StudioError with a sentence."""
    begun = time.monotonic()
    if folder and not folder.is_dir():
        raise Invalid(f"There is no folder {folder}. Give the folder that holds the pictures.")
    say("starting Postgres, Valkey, SeaweedFS and the workers")
    with ephemeral.studio() as settings:
        app = bootstrap(settings, role="studio")
        try:
            demo = Demo(app, _sign_in(app))
            demo.seconds["boot"] = round(time.monotonic() - begun, 1)
            return _way(demo, folder)
        finally:
            app.close()


def _way(demo: Demo, folder: Path | None) -> dict[str, Any]:
    sample = None if folder else characters()[0]
    trained, drawn = _models(demo)
    who = demo.do(influencers.create, InfluencerDraft(name=_name(folder, sample)))
    with demo.timed("ingest"):
        dataset_id, rejected = _ingest(demo, who, folder, sample)
    items = demo.do(datasets.training_set, dataset_id)
    prompts = unseen_prompts(who.trigger_word, [item.caption for item in items])
    with demo.timed("generate"):
        before = _draw(demo, prompts, who, None, drawn.name)
    with demo.timed("train"):
        run_card = _train(demo, dataset_id, who, trained.name)
    with demo.timed("generate"):
        after = _draw(demo, prompts, who, str(run_card.lora_id), drawn.name)
    pictures = {"before": _copies(demo, before, "before"), "after": _copies(demo, after, "after")}
    known = sample if drawn.name == STARTER else None
    judged = {name: _judge(known, made) for name, made in pictures.items()} if known else {}
    lora = demo.do(loras.get, str(run_card.lora_id))
    return {
        "trainer": f"{demo.app.engines.trainer.name} {trained.name}",
        "image_engine": f"{demo.app.engines.image.name} {drawn.name}",
        "dataset_images": len(items),
        "rejected_images": rejected,
        "train_steps": run_card.params.steps,
        "loss_first": run_card.loss_first,
        "loss_last": run_card.loss_last,
        "lora_sha256": lora.sha256,
        "images": [path for path, _ in pictures["after"]],
        "identity_before": judged["before"]["identity"] if judged else None,
        "identity_after": judged["after"]["identity"] if judged else None,
        "place_obeyed": judged["after"]["place_obeyed"] if judged else None,
        "seconds": demo.seconds,
    }


def _models(demo: Demo) -> tuple[ModelCard, ModelCard]:
    """What is trained, and what draws with it. Raises Invalid, Unavailable with a sentence when they do not fit."""
    trainer, image = demo.app.engines.trainer, demo.app.engines.image
    trained = training.choose_model(trainer.models(), "")
    fitting = [card for card in image.models() if card.base == trained.base]
    if not fitting:
        raise Invalid(
            f"{trained.title} is trained as {trained.base}, but {image.name} offers no model of that family. "
            f"{image.status().detail} Give both the same checkpoints."
        )
    return trained, next((card for card in fitting if card.name == trained.name), fitting[0])


def unseen_prompts(who: str, captions: list[str]) -> list[str]:
    """Prompts with places and clothes that no caption names; if all are named, the rarest."""
    said = " | ".join(captions)
    places = sorted(SCENES.values(), key=lambda phrase: (said.count(phrase), phrase))[:4]
    colours = sorted(CLOTH_COLORS, key=lambda word: (said.count(f"wearing {word}"), word))[:2]
    moods = list(MOUTHS.values())[:3]
    return [f"portrait of {who}, {moods[n % 3]}, {places[n % 4]}, wearing {colours[n // 4]}" for n in range(PROMPTS)]


def _sign_in(app: App) -> SignedIn:
    """As the first visitor of an empty studio."""
    draft = accounts.SetupDraft(name="Demo", email="demo@example.org", password=SecretStr(new_secret()), workspace="Demo")
    with app.db.transaction(Anonymous()) as tx:
        ticket = accounts.create_first_workspace(tx, draft)
    with app.db.transaction(Anonymous()) as tx:
        token = accounts.exchange_ticket(tx, ticket, days=1)
    with app.db.transaction(Anonymous()) as tx:
        arrival = accounts.resolve_session(tx, token)
    if arrival is None:
        raise Unavailable("The demo could not sign in to its own studio. Look at the log above, then try again.")
    return SignedIn(token, arrival.workspaces[0].id)


def _name(folder: Path | None, sample: SampleCharacter | None) -> str:
    name = folder.resolve().name if folder else sample.name.title() if sample else ""
    return name if len(name) >= 3 else f"Demo {name}".strip()


def _ingest(demo: Demo, who: InfluencerCard, folder: Path | None, sample: SampleCharacter | None) -> tuple[str, int]:
    """Returns the dataset and how many files were refused."""
    dataset = demo.do(datasets.create, name=who.name, influencer_id=who.id, trigger_word=who.trigger_word)
    demo.do(datasets.declare_rights, dataset.id, "Pictures for the demo: bundled, or named by the person who runs it.")
    if sample:
        job = demo.do(datasets.add_sample_character, dataset.id, sample.name, request_key=new_id("key"))
    else:
        for path in sorted(path for path in (folder or Path()).rglob("*") if path.suffix.lower() in _PICTURES):
            _upload(demo, dataset.id, path)
        job = demo.do(datasets.ingest, dataset.id, request_key=new_id("key"))
    demo.finished(job)
    return dataset.id, len(demo.do(datasets.refused, dataset.id))


def _upload(demo: Demo, dataset_id: str, path: Path) -> None:
    """As the browser's uploader does it: announced, then streamed."""
    begin = partial(assets.uploads.announce, settings=demo.app.settings, noun="dataset", noun_id=dataset_id)
    upload = demo.do(begin, filename=path.name, size=path.stat().st_size, client_key=str(path))
    with path.open("rb") as file:
        chunks = iter(partial(file.read, 1 << 20), b"")
        open_tx = partial(demo.app.db.transaction, demo.caller, needs="editor")
        assets.uploads.receive(open_tx, demo.app.storage, settings=demo.app.settings, upload_id=upload.id, chunks=chunks)


def _train(demo: Demo, dataset_id: str, who: InfluencerCard, model: str) -> RunCard:
    name = f"{who.trigger_word}-demo"
    draft = RunDraft(dataset_id=dataset_id, influencer_id=who.id, preset="quick", name=name, model=model)
    models, most = demo.app.engines.trainer.models(), demo.app.settings.max_dataset_images
    run_card = demo.do(training.start, draft=draft, models=models, request_key=new_id("key"), max_images=most)
    demo.finished(demo.do(jobs.get, run_card.job_id))
    return demo.do(training.get, run_card.id)


def _draw(demo: Demo, prompts: list[str], who: InfluencerCard, lora_id: str | None, model: str) -> list[GenerationCard]:
    """The same prompts and seeds, with or without the LoRA; all are asked for at once, the workers keep the order."""
    models = demo.app.engines.image.models()
    picks = (LoraPick(lora_id=lora_id),) if lora_id else ()
    asked = []
    for n, prompt in enumerate(prompts):
        draft = GenerationDraft(
            prompt=prompt, influencer_id=who.id, with_look=False, loras=picks, seed=1000 + n * EACH, n=EACH, model=model
        )
        asked.append(demo.do(generation.start, draft=draft, models=models, request_key=new_id("key")))
    for card in asked:
        demo.finished(demo.do(jobs.get, card.job_id))
    return asked


def _copies(demo: Demo, drawn: list[GenerationCard], name: str) -> list[tuple[str, str]]:
    """(path, prompt) of each picture, copied to var/demo/."""
    out = ROOT / "var" / "demo"
    copies: list[tuple[str, str]] = []
    out.mkdir(parents=True, exist_ok=True)
    for earlier in out.glob(f"{name}-*.png"):  # of a run that drew more of them
        earlier.unlink()
    for card in drawn:
        for picture in demo.do(generation.pictures_of, card.id):
            path = out / f"{name}-{len(copies):02d}.png"
            assets.fetch(demo.app.storage, demo.do(assets.get, picture.asset_id), path)
            copies.append((str(path), picture.prompt))
    return copies


def _judge(sample: SampleCharacter, pictures: list[tuple[str, str]]) -> dict[str, Any]:
    """The frozen classifier, in a child: this process never loads torch."""
    with tempfile.TemporaryFile() as asked:
        asked.write(json.dumps([{"path": path, "prompt": prompt} for path, prompt in pictures]).encode())
        asked.seek(0)
        argv = [sys.executable, "-m", "starter_model.judge", "--traits", str(sample.folder / "traits.json")]
        proc = child.spawn(argv, cwd=ROOT, stdin=asked, stdout=subprocess.PIPE)
        try:
            said = [line for line in child.json_lines(proc, on_other=say) if line]
        finally:
            child.stop(proc)
    if not said:
        raise Unavailable("The pictures could not be judged: the classifier ended without an answer.")
    return said[-1]


def _good(outcome: dict[str, Any]) -> bool:
    """The bars of the sample character; own pictures only have to be learned at all."""
    if outcome["identity_after"] is None:
        return bool(outcome["loss_last"] < outcome["loss_first"])
    gained = outcome["identity_after"] - outcome["identity_before"]
    return bool(outcome["identity_after"] >= IDENTITY and gained >= GAIN and (outcome["place_obeyed"] or 0) >= PLACE)


def say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
