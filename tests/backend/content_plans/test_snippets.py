"""Hashtag sets and comment templates: for everybody's posts, or for one influencer's."""

from __future__ import annotations

import pytest

from backend import content_plans
from backend.content_plans import CommentTemplateDraft, HashtagSetDraft
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid, NotFound
from tests.factories.account import Tenant
from tests.factories.making import make_influencer


def test_an_influencer_has_her_own_and_everybodys(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella, zara = make_influencer(tx), make_influencer(tx, "Zara")
        for name, influencer_id in (("Trams", bella.id), ("trams", zara.id), ("Always", ""), ("Trams", "")):
            draft = HashtagSetDraft(name=name, influencer_id=influencer_id, hashtags="#tram, #Tram lisbon")
            content_plans.save_hashtag_set(tx, draft)
        sets = content_plans.hashtag_sets(tx, bella.id)
        assert [(one.name, one.influencer_id) for one in sets] == [("Trams", bella.id), ("Always", ""), ("Trams", "")]
        assert sets[0].hashtags == ("tram", "lisbon")
        assert len(content_plans.hashtag_sets(tx)) == 4
        with pytest.raises(Conflict, match="“Trams” already"):
            content_plans.save_hashtag_set(tx, HashtagSetDraft(name=" Trams ", influencer_id=bella.id, hashtags=("x",)))
        renamed = HashtagSetDraft(name="Rails", influencer_id=bella.id, hashtags=("rail",))
        assert content_plans.save_hashtag_set(tx, renamed, set_id=sets[0].id).hashtags == ("rail",)

        template = content_plans.save_comment_template(tx, CommentTemplateDraft(name="Ask", text=" Which line next? "))
        assert content_plans.comment_templates(tx, zara.id) == [template]
        with pytest.raises(NotFound):
            content_plans.delete_hashtag_set(tx, template.id)
        assert content_plans.delete_comment_template(tx, template.id).text == "Which line next?"
        assert content_plans.comment_templates(tx) == []


@pytest.mark.parametrize("hashtags", ["", "# !", []])
def test_a_set_has_a_hashtag(hashtags: object) -> None:
    with pytest.raises(Invalid, match="at least one hashtag"):
        HashtagSetDraft(name="Trams", hashtags=hashtags)  # type: ignore[arg-type]
