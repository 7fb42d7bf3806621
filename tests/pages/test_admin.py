"""Account, workspace and system pages."""

from __future__ import annotations

from backend import access, accounts
from backend.app import App
from backend.db.transactions import Anonymous, Database
from tests.factories.account import Tenant
from tests.pages.conftest import Open, words


def test_i_change_my_name_and_sign_other_browsers_out(open_page: Open, workspace: Tenant, db: Database) -> None:
    at = open_page("settings/account", person=workspace.editor)
    assert not at.exception
    at.text_input[0].set_value("Eddie")
    next(button for button in at.button if button.label == "Save name").click().run()
    assert not at.exception
    with db.transaction(Anonymous()) as tx:
        arrival = accounts.resolve_session(tx, workspace.editor.token)
    assert arrival is not None
    assert arrival.user.name == "Eddie"
    assert "this browser" in words(at)


def test_bad_passwords_are_explained_in_place(open_page: Open, workspace: Tenant) -> None:
    at = open_page("settings/account")
    at.text_input[1].set_value("whatever it was")
    at.text_input[2].set_value("short")
    next(button for button in at.button if button.label == "Change password").click().run()
    assert "at least 10 characters" in at.error[0].value
    assert not at.exception


def test_an_owner_invites_and_sets_roles(open_page: Open, workspace: Tenant, db: Database) -> None:
    at = open_page("settings/workspace")
    assert not at.exception
    next(button for button in at.button if button.label == "Create invite link").click().run()
    assert "?invite=" in at.code[0].value
    at.selectbox(key=f"role:{workspace.viewer.id}").set_value("editor").run()
    assert not at.exception
    with db.transaction(workspace.caller) as tx:
        assert {member.user_id: member.role for member in accounts.members(tx)}[workspace.viewer.id] == "editor"
    at.selectbox(key=f"role:{workspace.owner.id}").set_value("viewer").run()
    assert "needs an owner" in at.error[0].value


def test_others_see_people_but_no_levers(open_page: Open, workspace: Tenant) -> None:
    at = open_page("settings/workspace", person=workspace.viewer)
    assert workspace.owner.email.split("@")[0].replace("-", "\\-") in words(at)
    assert not [button for button in at.button if button.label in {"Create invite link", "Withdraw", "Save name"}]
    assert not [box for box in at.selectbox if str(box.key).startswith("role:")]


def test_a_new_workspace_opens(open_page: Open, workspace: Tenant) -> None:
    at = open_page("settings/workspace", person=workspace.viewer)
    next(box for box in at.text_input if box.label == "Its name").set_value("Second home")
    next(button for button in at.button if button.label == "Create workspace").click().run()
    assert not at.exception
    assert at.query_params["ws"] != workspace.id
    assert "Create invite link" in words(at)


def test_the_system_page_shows_members_what_works_and_what_is_theirs(
    open_page: Open, workspace: Tenant, other_workspace: Tenant
) -> None:
    at = open_page("settings/system", person=workspace.editor)
    assert not at.exception
    page_text = words(at)
    for part in ("Database", "Redis", "Image engine", "Trainer", "This workspace"):
        assert part in page_text
    assert "Not working right now: Workers" in page_text
    for private in ("Postgres 1", "Valkey", "workers.main", "Devices"):
        assert private not in page_text
    assert [figure.label for figure in at.metric] == ["Jobs waiting", "Jobs running", "Jobs failed", "Files", "In storage"]


def test_the_system_page_names_every_part_for_operators(open_page: Open, workspace: Tenant) -> None:
    at = open_page("settings/system", person=workspace.owner)
    assert not at.exception
    page_text = words(at)
    for part in ("Database", "Redis", "Storage", "Workers", "Disk", "Image engine", "Trainer"):
        assert part in page_text
    assert "No worker takes jobs of these queues: cpu, gpu" in page_text.replace("\\", "")


def test_a_name_saved_in_another_tab_meanwhile_is_not_written_over(open_page: Open, workspace: Tenant) -> None:
    first, second = open_page("settings/workspace"), open_page("settings/workspace")
    for at, name in ((first, "Winter"), (second, "Summer")):
        field = next(field for field in at.text_input if field.label == "Name of this workspace")
        field.set_value(name)
        next(button for button in at.button if button.label == "Save name").click().run()
        assert not at.exception
    assert "“Winter” was changed while you were editing" in second.warning[0].value
    assert "Summer" in [field.value for field in second.text_input]
    next(button for button in second.button if button.label == "Load the newer version").click().run()
    assert "Winter" in [field.value for field in second.text_input]


def test_an_owner_makes_changes_and_revokes_a_key(open_page: Open, workspace: Tenant, app: App) -> None:
    at = open_page("settings/api_keys")
    assert not at.exception
    assert "No API keys yet" in words(at)
    at.text_input(key="key:name").set_value("n8n")
    at.number_input(key="key:jobs").set_value(5)
    next(button for button in at.button if button.label == "Create key").click().run()
    assert not at.exception
    secret = at.code[0].value
    holder = access.find_holder(app.db, secret)
    assert holder is not None
    assert holder.scopes == {"*:write"}
    assert "0 of 5 jobs today" in words(at)
    next(button for button in at.button if button.label == "I have copied it").click().run()
    assert secret not in words(at)
    assert not at.code
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        [card] = access.page(tx)
    at.text_input(key=f"name:{card.id}").set_value("n8n at home")
    next(button for button in at.button if button.key == f"save:{card.id}").click().run()
    next(button for button in at.button if button.key == f"revoke:{card.id}").click().run()
    assert "refused from their next request on" in words(at)  # a dialog's own button cannot be pressed here
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        access.revoke(tx, card.id)
    at = open_page("settings/api_keys")
    assert "No API keys yet" in words(at)
    at.toggle(key="keys:revoked").set_value(True).run()
    assert "n8n at home" in words(at)
    assert not [button for button in at.button if str(button.key).startswith("revoke:")]


def test_a_key_without_a_name_is_explained_and_others_see_no_keys(open_page: Open, workspace: Tenant) -> None:
    at = open_page("settings/api_keys")
    next(button for button in at.button if button.label == "Create key").click().run()
    assert "Name" in at.error[0].value
    at = open_page("settings/api_keys", person=workspace.editor)
    assert "Owners manage API keys" in words(at)
    assert not at.text_input
