"""How good the durations are that are said before a start: `python -m tests.soak.estimates [--runs 30] [--only video,…]`.

On a throw-away studio with the bundled model every kind of work that a machine without a card can do is asked for `--runs`
times in different sizes, every other time after the engine's process has gone idle. Each run is a JSON line on standard error
(kind, cold, estimate_s, load_s, actual_s, ratio = actual / estimate, and of the job's own time left at half way: left_s,
really_left_s); standard output is one JSON object with the share within 50 % by kind. Quiet machine: 20 minutes.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from PIL import Image

from backend import bulk_planning, channels, datasets, gallery, generation, influencers, jobs, training, videos
from backend.app import App
from backend.bootstrap import bootstrap
from backend.bulk_planning import SeriesOrder
from backend.datasets import CaptionOrder
from backend.engines.local.starter_model import characters
from backend.generation import AxisDraft, GenerationDraft
from backend.influencers import InfluencerDraft
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.training import ParamsDraft, RunDraft
from backend.training.rules import recommend, with_overrides
from backend.videos import VideoDraft
from ops.demo import DemoRun, _ingest, _name, _sign_in
from ops.local_stack import ephemeral
from tests.factories.making import make_asset

IDLE_S = 6.0
WITHIN = 0.5
_POLL_S = 0.1
Begun = Callable[[], JobCard]


@dataclass
class Run:
    """`estimate_s` None: nothing was said. `left_s`: what the job itself said was left when it was about half done."""

    kind: str
    cold: bool
    estimate_s: float | None
    load_s: float
    actual_s: float
    left_s: float | None
    really_left_s: float | None

    @property
    def ratio(self) -> float | None:
        """Of what is said: no page says less than a second."""
        return max(self.actual_s, 1.0) / max(self.estimate_s, 1.0) if self.estimate_s else None


@dataclass
class Bench:
    """The studio with a trained character. `pictures`: what was drawn so far, to enlarge, change and animate."""

    demo: DemoRun
    who: str
    dataset_id: str
    channel_id: str
    pictures: list[str] = field(default_factory=list)
    rng: random.Random = field(default_factory=lambda: random.Random(7))

    @property
    def app(self) -> App:
        return self.demo.app

    def do(self, verb: Callable[..., Any], *args: Any, **values: Any) -> Any:
        return self.demo.do(verb, *args, **values)

    @property
    def models(self) -> Any:
        return self.app.engines.image.models()

    def picture(self) -> Any:
        return self.do(generation.picture, self.rng.choice(self.pictures))


Plan = tuple[float | None, float]
"""Seconds in all, and of those the seconds to load."""


def pictures(here: Bench) -> tuple[Plan, Begun]:
    draft = GenerationDraft(
        prompt=f"portrait, {here.rng.choice(('smiling', 'serious'))}, in a cafe", influencer_id=here.who,
        n=here.rng.choice((1, 2, 4, 8)), steps=here.rng.choice((12, 20, 28)), size=here.rng.choice(("square", "portrait")),
    )  # fmt: skip
    return said(here.do(generation.preview, drafts=[draft], models=here.models)), partial(_drawn, here, draft)


def _drawn(here: Bench, draft: GenerationDraft) -> JobCard:
    card = here.do(generation.start, draft=draft, models=here.models, request_key=new_id("key"))
    return here.do(jobs.get, card.job_id)


def many(here: Bench) -> tuple[Plan, Begun]:
    """A list and a grid by turns."""
    draft = GenerationDraft(prompt="portrait, smiling", influencer_id=here.who, size="square")
    if here.rng.random() < 0.5:
        lines = [draft.model_copy(update={"prompt": f"portrait, place {n}"}) for n in range(here.rng.choice((3, 6, 12)))]
        plan = here.do(generation.preview, drafts=lines, models=here.models)
        start = partial(generation.start_list, drafts=lines, models=here.models)
    else:
        axes = [
            AxisDraft(kind="steps", values=here.rng.choice((("8", "16"), ("8", "16", "24")))),
            AxisDraft(kind="seed", values=("1", "2", "3")),
        ]
        plan = here.do(generation.preview_grid, draft=draft, axes=axes, models=here.models)
        start = partial(generation.start_grid, draft=draft, axes=axes, models=here.models)

    def begin() -> JobCard:
        return here.do(jobs.get, here.do(start, request_key=new_id("key")).job_id)

    return said(plan), begin


def edits(here: Bench) -> tuple[Plan, Begun]:
    """Drawn from a picture, and a part of one drawn anew, by turns."""
    source = here.picture()
    draft = GenerationDraft(
        prompt="portrait, wearing a red shirt", influencer_id=here.who, init_asset_id=source.asset_id,
        strength=here.rng.choice((0.35, 0.6, 0.9)), n=here.rng.choice((1, 2, 4)),
    )  # fmt: skip
    if here.rng.random() < 0.5:
        draft = draft.model_copy(update={"mask_asset_id": _mask(here, source), "feather": 4})
    return said(here.do(generation.preview, drafts=[draft], models=here.models)), partial(_drawn, here, draft)


def upscale(here: Bench) -> tuple[Plan, Begun]:
    source, scale = here.picture(), here.rng.choice((2, 4))
    models = here.app.engines.upscaler.models()
    takes = here.do(generation.estimate_upscale, source, scale=scale, model=models[0].name)

    def begin() -> JobCard:
        card = here.do(generation.start_upscale, source.id, scale=scale, models=models, request_key=new_id("key"))
        return here.do(jobs.get, card.job_id)

    return (takes.seconds if takes else None, 0.0), begin


def films(here: Bench) -> tuple[Plan, Begun]:
    motions = [card for card in here.app.engines.motion.models() if not card.device]
    draft = VideoDraft(
        model=here.rng.choice(motions).name, format=here.rng.choice(("9:16", "1:1")), seconds=here.rng.choice((2, 3, 5))
    )
    asked = {"picture_ids": [here.picture().id], "draft": draft, "models": motions, "checkpoints": here.models}

    def begin() -> JobCard:
        return here.do(jobs.get, here.do(videos.animate, **asked, request_key=new_id("key"))[0].job_id)

    return said(here.do(videos.preview, **asked)), begin


def captions(here: Bench) -> tuple[Plan, Begun]:
    order = CaptionOrder(dataset_id=here.dataset_id, replace="all")
    with here.app.db.transaction(here.demo.caller) as tx:
        plan = said(datasets.estimate_captioning(here.app, tx, order))
    captioners = here.app.engines.captioners
    return plan, partial(here.do, datasets.start_captioning, order, captioners=captioners, request_key=new_id("key"))


def days(here: Bench) -> tuple[Plan, Begun]:
    first = datetime.now(UTC).date() + timedelta(days=here.rng.randrange(1, 300))
    order = SeriesOrder(
        influencer_id=here.who, first=first, days=here.rng.choice((2, 3, 5)), clocks=("18:00",), channel_ids=(here.channel_id,)
    )
    plan = bulk_planning.forecast(here.app, partial(here.app.db.transaction, here.demo.caller), order=order)
    return (plan.seconds, plan.load_s), partial(here.do, bulk_planning.start_series, order=order, request_key=new_id("key"))


def lessons(here: Bench) -> tuple[Plan, Begun]:
    model = here.app.engines.trainer.models()[0]
    draft = RunDraft(
        dataset_id=here.dataset_id, influencer_id=here.who, name=f"run-{new_id('x')[-6:]}", model=model.name,
        params=ParamsDraft(steps=here.rng.choice((20, 40, 80)), save_every=1000, sample_every=here.rng.choice((0, 20))),
    )  # fmt: skip
    params = with_overrides(recommend(14, model, draft.preset), draft.params, 14)
    with here.app.db.transaction(here.demo.caller) as tx:
        found = training.estimate(tx, model, params, here.app.engines.trainer)

    def begin() -> JobCard:
        models, most = [model], here.app.settings.uploads.max_dataset_images
        run = here.do(training.start, draft=draft, models=models, request_key=new_id("key"), max_images=most)
        return here.do(jobs.get, run.job_id)

    return (found.time.seconds if found.time else None, found.time.around_s if found.time else 0.0), begin


KINDS: dict[str, Callable[[Bench], tuple[Plan, Begun]]] = {
    "pictures": pictures, "list and grid": many, "edit": edits, "upscale": upscale, "video": films, "captions": captions,
    "plan days": days, "training": lessons,
}  # fmt: skip
FEWER = {"training": 3, "plan days": 2}
"""Work that takes minutes is done so many times less often."""


def said(plan: Any) -> Plan:
    return plan.seconds, getattr(plan, "load_s", 0.0)


def _mask(here: Bench, source: Any) -> str:
    """The middle of the picture, painted over."""
    width, height = source.width, source.height
    picture, out = Image.new("L", (width, height)), io.BytesIO()
    picture.paste(255, (width // 4, height // 4, width * 3 // 4, height * 3 // 4))
    picture.save(out, "PNG")
    size = {"content_type": "image/png", "width": width, "height": height}
    return str(here.do(make_asset, data=out.getvalue(), storage=here.app.storage, **size))


def measured(here: Bench, kind: str, *, cold: bool) -> Run:
    if cold:
        time.sleep(IDLE_S + 2.0)
    (estimate_s, load_s), begin = KINDS[kind](here)
    begun, halfway, job = time.monotonic(), None, begin()
    while not (job := here.do(jobs.get, job.id)).ended:
        at = time.monotonic()
        if halfway is None and job.eta_s is not None and job.progress is not None and 0.4 <= job.progress <= 0.8:
            halfway = (job.eta_s, at)
        time.sleep(_POLL_S)
    ended = time.monotonic()
    if job.state != "completed":
        raise SystemExit(f"{kind}: {job.title} ended {job.state}: {job.error_message}")
    left, really = (halfway[0], ended - halfway[1]) if halfway else (None, None)
    return Run(kind, cold, estimate_s, load_s, ended - begun, left, really)


def campaign(here: Bench, kinds: list[str], runs: int) -> Iterator[Run]:
    for kind in kinds:
        for n in range(max(4, runs // FEWER.get(kind, 1))):
            run = measured(here, kind, cold=n % 2 == 0)
            row = {name: round(value, 2) if isinstance(value, float) else value for name, value in vars(run).items()}
            ratio = None if run.ratio is None else round(run.ratio, 2)
            sys.stderr.write(json.dumps({**row, "ratio": ratio, "load": round(os.getloadavg()[0], 1)}) + "\n")
            sys.stderr.flush()
            yield run
            if kind == "pictures":
                here.pictures = [picture.id for picture in here.do(gallery.page, take=20).pictures]


def summary(runs: list[Run]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for kind in dict.fromkeys(run.kind for run in runs):
        of_kind = [run for run in runs if run.kind == kind]
        ratios = [run.ratio for run in of_kind if run.ratio is not None]
        ends = [(run.left_s, run.really_left_s) for run in of_kind if run.left_s is not None and run.really_left_s is not None]
        figures[kind] = {
            "runs": len(of_kind), "without_estimate": len(of_kind) - len(ratios), "within": _share(ratios),
            "median_ratio": round(statistics.median(ratios), 2) if ratios else None,
            "eta_within": _share([max(really, 1.0) / max(left, 1.0) for left, really in ends]) if ends else None,
        }  # fmt: skip
    return figures


def _share(ratios: list[float]) -> float | None:
    """Of those whose truth is within half of what was said, up or down."""
    return round(sum(abs(ratio - 1) <= WITHIN for ratio in ratios) / len(ratios), 2) if ratios else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--only", default=",".join(KINDS))
    asked = parser.parse_args()
    os.environ["ENGINE_IDLE_S"] = str(IDLE_S)
    with ephemeral.ephemeral_studio() as settings:
        app = bootstrap(settings, role="studio")
        try:
            here = _begin(app)
            kinds = [kind for kind in KINDS if kind in asked.only.split(",")]
            if "pictures" not in kinds:
                for _ in range(2):
                    measured(here, "pictures", cold=False)
                here.pictures = [picture.id for picture in here.do(gallery.page, take=20).pictures]
            runs = list(campaign(here, kinds, asked.runs))
        finally:
            app.close()
    sys.stdout.write(json.dumps(summary(runs)) + "\n")
    return 0


def _begin(app: App) -> Bench:
    demo, sample = DemoRun(app, _sign_in(app)), characters()[0]
    who = demo.do(influencers.create, InfluencerDraft(name=_name(None, sample)))
    dataset_id, _ = _ingest(demo, who, None, sample)
    channel = demo.do(channels.add_sandbox, who.id)
    return Bench(demo, who.id, dataset_id, channel.id)


if __name__ == "__main__":
    sys.exit(main())
