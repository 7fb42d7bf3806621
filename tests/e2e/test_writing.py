"""Words in the browser: variants, a text with its picture by real workers, ideas, a talk; light, dark and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from backend import influencers, writing
from backend.db.transactions import Database
from backend.influencers import InfluencerDraft, Persona
from tests.e2e import looks
from tests.factories.account import Tenant

pytestmark = pytest.mark.e2e
MARCO = Persona(
    bio="Personal trainer from Milan, up at five.",
    tone="motivational",
    topics=("gym", "street food"),
    never_say=("guys",),
    dont=("never talk about politics",),
    sample_lines=("Small wins add up.",),
)


def tab_of(visitor: BrowserContext, url: str, workspace: Tenant) -> Page:
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": url}])
    return visitor.new_page()


def part(tab: Page, url: str, workspace: Tenant, name: str) -> None:
    tab.goto(f"{url}/write?ws={workspace.id}&part={name}")


def test_write_draw_plan_talk(
    studio_url: str,
    new_visitor: Callable[..., BrowserContext],
    db: Database,
    workspace: Tenant,
    shoot: Callable[[Page, str], None],
) -> None:
    with db.transaction(workspace.caller) as tx:
        draft = InfluencerDraft(name="Marco", trigger_word="marco", persona=MARCO, look_prompt="short hair")
        marco = influencers.create(tx, draft).id
    tab = tab_of(new_visitor(), studio_url, workspace)
    part(tab, studio_url, workspace, "write")
    tab.get_by_label("What is the post about?", exact=True).fill("morning workout")
    tab.keyboard.press("Control+Enter")
    expect(tab.get_by_role("button", name="Write", exact=True)).to_be_enabled()
    tab.get_by_role("button", name="Write", exact=True).click()
    expect(tab.get_by_text("Variant 3")).to_be_visible()
    shoot(tab, "write-variants")
    tab.get_by_role("button", name="Keep only this").nth(1).click()
    expect(tab.get_by_text("2 variants are in the trash.")).to_be_visible()

    tab.get_by_role("button", name="Write caption + picture").click()
    expect(tab.get_by_role("link", name="Open", exact=True)).to_be_visible(timeout=120_000)
    shoot(tab, "write-with-picture")
    with db.transaction(workspace.caller) as tx:
        job = writing.latest_job(tx, writing.CONTENT_KIND, marco)
    assert job is not None
    assert job.state == "completed"
    assert job.result
    assert job.result["s3Key"].startswith("images/")
    assert job.result["contentPlan"]["sdPrompt"].startswith("marco, ")

    part(tab, studio_url, workspace, "ideas")
    tab.get_by_role("button", name="Suggest ideas").click()
    expect(tab.get_by_text("Idea for day 7")).to_be_visible(timeout=60_000)
    tab.get_by_role("button", name="Write it").first.click()
    expect(tab.get_by_role("button", name="Write it")).to_have_count(6)
    shoot(tab, "write-ideas")

    part(tab, studio_url, workspace, "chat")
    for question in ("Hi! Who are you?", "What did you post lately?"):
        tab.get_by_placeholder("Write to Marco").fill(question)
        tab.keyboard.press("Enter")  # the second one while the first is being answered
        expect(tab.get_by_placeholder("Write to Marco")).to_have_value("")  # before that, what is filled in is emptied too
    expect(tab.get_by_text("offline writer, no model")).to_have_count(2)
    shoot(tab, "write-chat")
    tab.get_by_role("button", name="Clear chat").click()
    tab.get_by_role("dialog").get_by_role("button", name="Clear chat").click()
    expect(tab.get_by_text("Ask Marco something")).to_be_visible()

    for name in ("write", "ideas", "drafts"):
        part(tab, studio_url, workspace, name)
        expect(tab.get_by_text("morning workout").or_(tab.get_by_text("Idea for day 7")).first).to_be_visible()
        for look, expect_look in (("dark", looks.dark), ("phone", looks.phone)):
            expect_look(tab)
            looks.settled(tab)
            expect(tab.get_by_text("morning workout").or_(tab.get_by_text("Idea for day 7")).first).to_be_visible()
            assert looks.too_wide(tab) <= 0, (look, name)
            shoot(tab, f"write-{name}-{look}")
        looks.light(tab)
