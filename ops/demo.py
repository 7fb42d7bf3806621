"""`make demo`: the main path without a browser, on a temporary stack, with the same verbs, queues and workers.

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
from backend.engines.local.diffusers.model_cards import STARTER
from backend.engines.local.starter_model import SampleCharacter, characters
from backend.engines.local.starter_model.words import CLOTH_COLORS, MOUTHS, SCENES
from backend.engines.ports.image import ModelCard
from backend.errors import Invalid, StudioError, Unavailable
from backend.generation import GenerationCard, GenerationDraft, LoraPick
from backend.influencers import InfluencerCard, InfluencerDraft
from backend.jobs import JobCard
from backend.kit import child
from backend.kit.ids import new_id, new_secret
from backend.settings import ROOT
from backend.training import RunCard, RunDraft
from ops.local_stack import ephemeral

PROMPTS, PICTURES_PER_PROMPT = 8, 3
MIN_IDENTITY, MIN_GAIN, MIN_PLACE_OBEYED = 0.85, 0.4, 0.85
_POLL_S = 0.2
T = TypeVar("T")
_PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".avif"}


@dataclass
class DemoRun:
    """One run of the demo: App, signed-in caller, and how long each part took."""

    app: App
    caller: SignedIn
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        started_at = time.monotonic()
        yield
        self.seconds[part] = round(self.seconds.get(part, 0.0) + time.monotonic() - started_at, 1)

    def do(self, verb: Callable[..., T], *args: Any, **values: Any) -> T:
        """Calls one verb of a slice in its own transaction, as a page does."""
        with self.app.db.transaction(self.caller, needs="editor") as tx:
            return verb(tx, *args, **values)

    def wait_for(self, job: JobCard) -> JobCard:
        """Waits until the job has ended. Raises Unavailable with the job's error when it did not complete."""
        last = ""
        while not (job := self.do(jobs.get, job.id)).ended:
            quarter = f" {int(job.progress * 4) * 25}%" if job.progress is not None else ""
            if job.phase and (message := f"{job.title}: {job.phase}{quarter}") != last:
                print_line(message)
                last = message
            time.sleep(_POLL_S)
        if job.state != "completed":
            raise Unavailable(f"{job.title}: {job.error_message or job.state}")
        return job


def main() -> int:
    folder = Path(sys.argv[1]).expanduser() if len(sys.argv) > 1 and sys.argv[1].strip() else None
    started_at = time.monotonic()
    try:
        outcome = run(folder)
    except StudioError as error:
        print_line(error.message)
        return 1
    outcome["seconds"]["total"] = round(time.monotonic() - started_at, 1)
    sys.stdout.write(json.dumps(outcome) + "\n")
    return 0 if _is_success(outcome) else 1


def run(folder: Path | None) -> dict[str, Any]:
    """Starts the stack and runs the demo on it; returns its figures. Raises StudioError."""
    started_at = time.monotonic()
    if folder and not folder.is_dir():
        raise Invalid(f"There is no folder {folder}. Give the folder that holds the pictures.")
    print_line("starting Postgres, Valkey, SeaweedFS and the workers")
    with ephemeral.ephemeral_studio() as settings:
        app = bootstrap(settings, role="studio")
        try:
            demo = DemoRun(app, _sign_in(app))
            demo.seconds["boot"] = round(time.monotonic() - started_at, 1)
            return _run_demo(demo, folder)
        finally:
            app.close()


def _run_demo(demo: DemoRun, folder: Path | None) -> dict[str, Any]:
    sample = None if folder else characters()[0]
    trained_model, drawing_model = _choose_models(demo)
    influencer = demo.do(influencers.create, InfluencerDraft(name=_name(folder, sample)))
    with demo.timed("ingest"):
        dataset_id, rejected = _ingest(demo, influencer, folder, sample)
    items = demo.do(datasets.training_set, dataset_id)
    prompts = unseen_prompts(influencer.trigger_word, [item.caption for item in items])
    with demo.timed("generate"):
        before = _draw(demo, prompts, influencer, None, drawing_model.name)
    with demo.timed("train"):
        run_card = _train(demo, dataset_id, influencer, trained_model.name)
    with demo.timed("generate"):
        after = _draw(demo, prompts, influencer, str(run_card.lora_id), drawing_model.name)
    pictures = {"before": _copy_pictures(demo, before, "before"), "after": _copy_pictures(demo, after, "after")}
    sample_to_judge = sample if drawing_model.name == STARTER else None
    scores = {name: _judge(sample_to_judge, copies) for name, copies in pictures.items()} if sample_to_judge else {}
    lora = demo.do(loras.get, str(run_card.lora_id))
    return {
        "trainer": f"{demo.app.engines.trainer.name} {trained_model.name}",
        "image_engine": f"{demo.app.engines.image.name} {drawing_model.name}",
        "dataset_images": len(items),
        "rejected_images": rejected,
        "train_steps": run_card.params.steps,
        "loss_first": run_card.loss_first,
        "loss_last": run_card.loss_last,
        "lora_sha256": lora.sha256,
        "images": [path for path, _ in pictures["after"]],
        "identity_before": scores["before"]["identity"] if scores else None,
        "identity_after": scores["after"]["identity"] if scores else None,
        "place_obeyed": scores["after"]["place_obeyed"] if scores else None,
        "seconds": demo.seconds,
    }


def _choose_models(demo: DemoRun) -> tuple[ModelCard, ModelCard]:
    """(model to train, model to draw with). Raises Invalid when no model of the image engine fits, Unavailable."""
    trainer, image = demo.app.engines.trainer, demo.app.engines.image
    trained_model = training.choose_model(trainer.models(), "")
    compatible = [card for card in image.models() if card.base == trained_model.base]
    if not compatible:
        raise Invalid(
            f"{trained_model.title} is trained as {trained_model.base}, but {image.name} offers no model of that family. "
            f"{image.status().detail} Give both the same checkpoints."
        )
    return trained_model, next((card for card in compatible if card.name == trained_model.name), compatible[0])


def unseen_prompts(trigger_word: str, captions: list[str]) -> list[str]:
    """Prompts with places and clothes that no caption names; if all are named, the rarest."""
    all_captions = " | ".join(captions)
    places = sorted(SCENES.values(), key=lambda phrase: (all_captions.count(phrase), phrase))[:4]
    colours = sorted(CLOTH_COLORS, key=lambda word: (all_captions.count(f"wearing {word}"), word))[:2]
    moods = list(MOUTHS.values())[:3]
    return [f"portrait of {trigger_word}, {moods[n % 3]}, {places[n % 4]}, wearing {colours[n // 4]}" for n in range(PROMPTS)]


def _sign_in(app: App) -> SignedIn:
    """Creates the first workspace, as the first visitor of an empty studio does, and signs in."""
    draft = accounts.SetupDraft(name="Demo", email="demo@example.org", password=SecretStr(new_secret()), workspace="Demo")
    with app.db.transaction(Anonymous()) as tx:
        ticket = accounts.create_first_workspace(tx, draft)
    with app.db.transaction(Anonymous()) as tx:
        token = accounts.exchange_ticket(tx, ticket, days=1)
    with app.db.transaction(Anonymous()) as tx:
        session_info = accounts.resolve_session(tx, token)
    if session_info is None:
        raise Unavailable("The demo could not sign in to its own studio. Look at the log above, then try again.")
    return SignedIn(token, session_info.workspaces[0].id)


def _name(folder: Path | None, sample: SampleCharacter | None) -> str:
    name = folder.resolve().name if folder else sample.name.title() if sample else ""
    return name if len(name) >= 3 else f"Demo {name}".strip()


def _ingest(demo: DemoRun, influencer: InfluencerCard, folder: Path | None, sample: SampleCharacter | None) -> tuple[str, int]:
    """Makes the dataset. Returns its id and how many files were refused."""
    dataset = demo.do(datasets.create, name=influencer.name, influencer_id=influencer.id, trigger_word=influencer.trigger_word)
    demo.do(datasets.declare_rights, dataset.id, "Pictures for the demo: bundled, or named by the person who runs it.")
    if sample:
        job = demo.do(datasets.add_sample_character, dataset.id, sample.name, request_key=new_id("key"))
    else:
        for path in sorted(path for path in (folder or Path()).rglob("*") if path.suffix.lower() in _PICTURE_SUFFIXES):
            _upload(demo, dataset.id, path)
        job = demo.do(datasets.ingest, dataset.id, request_key=new_id("key"))
    demo.wait_for(job)
    return dataset.id, len(demo.do(datasets.refused_files, dataset.id))


def _upload(demo: DemoRun, dataset_id: str, path: Path) -> None:
    """Uploads a file as the browser does: announced, then streamed."""
    announce = partial(assets.uploads.announce, settings=demo.app.settings, noun="dataset", noun_id=dataset_id)
    upload = demo.do(announce, filename=path.name, size=path.stat().st_size, client_key=str(path))
    with path.open("rb") as file:
        chunks = iter(partial(file.read, 1 << 20), b"")
        open_tx = partial(demo.app.db.transaction, demo.caller, needs="editor")
        assets.uploads.receive(open_tx, demo.app.storage, settings=demo.app.settings, upload_id=upload.id, chunks=chunks)


def _train(demo: DemoRun, dataset_id: str, influencer: InfluencerCard, model: str) -> RunCard:
    name = f"{influencer.trigger_word}-demo"
    draft = RunDraft(dataset_id=dataset_id, influencer_id=influencer.id, preset="quick", name=name, model=model)
    models, max_images = demo.app.engines.trainer.models(), demo.app.settings.uploads.max_dataset_images
    run_card = demo.do(training.start, draft=draft, models=models, request_key=new_id("key"), max_images=max_images)
    demo.wait_for(demo.do(jobs.get, run_card.job_id))
    return demo.do(training.get, run_card.id)


def _draw(
    demo: DemoRun, prompts: list[str], influencer: InfluencerCard, lora_id: str | None, model: str
) -> list[GenerationCard]:
    """Draws the same prompts and seeds, with or without the LoRA. All requests are queued at once."""
    models = demo.app.engines.image.models()
    picks = (LoraPick(lora_id=lora_id),) if lora_id else ()
    requests = []
    for n, prompt in enumerate(prompts):
        draft = GenerationDraft(
            prompt=prompt,
            influencer_id=influencer.id,
            with_look=False,
            loras=picks,
            seed=1000 + n * PICTURES_PER_PROMPT,
            n=PICTURES_PER_PROMPT,
            model=model,
        )
        requests.append(demo.do(generation.start, draft=draft, models=models, request_key=new_id("key")))
    for card in requests:
        demo.wait_for(demo.do(jobs.get, card.job_id))
    return requests


def _copy_pictures(demo: DemoRun, requests: list[GenerationCard], name: str) -> list[tuple[str, str]]:
    """Copies the pictures to var/demo/; returns (path, prompt) of each."""
    out = ROOT / "var" / "demo"
    copies: list[tuple[str, str]] = []
    out.mkdir(parents=True, exist_ok=True)
    for earlier in out.glob(f"{name}-*.png"):  # of a run that drew more of them
        earlier.unlink()
    for card in requests:
        for picture in demo.do(generation.pictures_of, card.id):
            path = out / f"{name}-{len(copies):02d}.png"
            assets.fetch(demo.app.storage, demo.do(assets.get, picture.asset_id), path)
            copies.append((str(path), picture.prompt))
    return copies


def _judge(sample: SampleCharacter, pictures: list[tuple[str, str]]) -> dict[str, Any]:
    """Runs the frozen classifier in a child process, so that this one never loads torch."""
    with tempfile.TemporaryFile() as question_file:
        question_file.write(json.dumps([{"path": path, "prompt": prompt} for path, prompt in pictures]).encode())
        question_file.seek(0)
        argv = [sys.executable, "-m", "starter_model.judge", "--traits", str(sample.folder / "traits.json")]
        proc = child.spawn(argv, cwd=ROOT, stdin=question_file, stdout=subprocess.PIPE)
        try:
            answers = [line for line in child.json_lines(proc, on_other=print_line) if line]
        finally:
            child.stop(proc)
    if not answers:
        raise Unavailable("The pictures could not be judged: the classifier ended without an answer.")
    return answers[-1]


def _is_success(outcome: dict[str, Any]) -> bool:
    """Whether the figures reach the minimum for the sample character. For own pictures the loss only has to fall."""
    if outcome["identity_after"] is None:
        return bool(outcome["loss_last"] < outcome["loss_first"])
    gained = outcome["identity_after"] - outcome["identity_before"]
    return bool(
        outcome["identity_after"] >= MIN_IDENTITY and gained >= MIN_GAIN and (outcome["place_obeyed"] or 0) >= MIN_PLACE_OBEYED
    )


def print_line(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
