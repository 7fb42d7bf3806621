"""The page of the trash: what was deleted comes back, or goes for good after a question."""

from __future__ import annotations

from backend import gallery, trash, writing
from backend.app import App
from backend.writing import TextParts, WriteOrder
from tests.factories.account import Tenant
from tests.factories.making import make_influencer, make_pictures
from tests.pages.conftest import Open, words


def test_restored_and_emptied(open_page: Open, app: App, workspace: Tenant) -> None:
    assert "The trash is empty" in words(open_page("library/trash"))
    with app.db.transaction(workspace.caller) as tx:
        [picture_id] = make_pictures(tx, 1, prompt="bella at the beach")
        gallery.delete(tx, [picture_id])
        text = writing.create(tx, WriteOrder(influencer_id=make_influencer(tx).id, topic="yoga"), TextParts(caption="Tea."))
        writing.set_state(tx, text.id, "discarded")
    viewer = open_page("library/trash", person=workspace.viewer)
    assert "bella at the beach" in words(viewer)
    assert not {button.label for button in viewer.button} & {"Restore", "Empty the trash", "Select all"}
    at = open_page("library/trash")
    at.button(key=f"restore:{text.id}").click().run()
    assert "Tea" not in words(at)
    next(button for button in at.button if button.label == "Empty the trash").click().run()
    for button in at.button:  # AppTest knows no fragments: the button that opens the question is pressed with the question's
        if button.label == "Empty the trash":
            button.click()
    at.run()
    assert not at.exception
    with app.db.transaction(workspace.caller) as tx:
        assert sum(trash.count(tx).values()) == 0
        assert writing.get(tx, text.id).state == "draft"
