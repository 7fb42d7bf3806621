"""The search over HTTP: for everybody who may look, limited, and in the shape of every list."""

from __future__ import annotations

from backend.app import App
from tests.factories.account import Tenant
from tests.factories.making import make_influencer, make_pictures
from tests.support.browsing import browser


def test_a_viewer_searches_their_workspace(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        nina = make_influencer(tx, "Nina")
        pictures = make_pictures(tx, 3, prompt="nina on a tram", influencer_id=nina.id)
    with app.db.transaction(other_workspace.caller, needs="editor") as tx:
        make_influencer(tx, "Nina of others")
    with browser(app, workspace.viewer) as viewer:
        viewer.headers["x-workspace"] = workspace.id
        answer = viewer.get("/search", params={"q": "nin", "take": 2}).json()
        assert [(hit["noun"], hit["id"]) for hit in answer["data"]] == [
            ("influencer", nina.id),
            ("picture", pictures[2]),
            ("picture", pictures[1]),
        ]
        assert answer["data"][1] | {"assetId": "", "at": ""} == {
            "noun": "picture",
            "id": pictures[2],
            "title": "nina on a tram",
            "subtitle": "Nina",
            "state": "",
            "assetId": "",
            "at": "",
        }
        assert viewer.get("/search", params={"q": "n" * 201}).status_code == 400
        assert viewer.get("/search").status_code == 400
        elsewhere = viewer.get("/search", params={"q": "nin"}, headers={"x-workspace": other_workspace.id})
        assert elsewhere.status_code == 401, "a member of one workspace is nobody in another"
