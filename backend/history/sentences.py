"""What a history says of events and acts, in the words of whoever reads. Pure. What is not here stays unsaid: the studio's own
events, and steps of something that has a sentence as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from backend.history.schemas import Change
from backend.language import messages, tr_lazy, tr_lazy_plural

_ROLES = {"owner": tr_lazy("owner"), "editor": tr_lazy("editor"), "viewer": tr_lazy("viewer")}
Sentence = Callable[[Change], str]


def sentence(change: Change) -> str:
    """For `worded`."""
    return SENTENCES[change.kind](change)


def _count(change: Change) -> int:
    return int(change.data.get("n") or len(change.data.get("ids") or [change.noun_id]))


def _stars(change: Change, rating: Any) -> str:
    n = _count(change)
    if not rating:
        return tr_lazy_plural("Stars taken from {n:,} file.", "Stars taken from {n:,} files.", n)
    return tr_lazy_plural("{n:,} file rated {stars}.", "{n:,} files rated {stars}.", n, stars="★" * int(rating))


def _favourite(change: Change, on: Any) -> str:
    n = _count(change)
    if on:
        return tr_lazy_plural("{n:,} file added to the favourites.", "{n:,} files added to the favourites.", n)
    return tr_lazy_plural("{n:,} file removed from the favourites.", "{n:,} files removed from the favourites.", n)


def _stored(change: Change) -> str:
    return messages.read(change.data["sentence"])


def _archived_board(change: Change) -> str:
    if change.data.get("to"):
        return tr_lazy("Board “{name}” archived.", name=change.name)
    return tr_lazy("Board “{name}” taken out of the archive.", name=change.name)


def _campaign_of_plan(change: Change) -> str:
    if change.data.get("name"):
        return tr_lazy("Post “{name}” put into the campaign “{campaign}”.", name=change.name, campaign=change.data["name"])
    return tr_lazy("Post “{name}” taken out of its campaign.", name=change.name)


def _voice(change: Change) -> str:
    if change.data.get("voice_id"):
        return tr_lazy("Voice of {name} chosen.", name=change.name)
    return tr_lazy("{name} has no voice any more.", name=change.name)


def _snippet(change: Change) -> str:
    if change.data.get("kind") == "comment":
        return tr_lazy("Comment template “{name}” saved.", name=change.name)
    return tr_lazy("Hashtag set “{name}” saved.", name=change.name)


def _snippet_deleted(change: Change) -> str:
    if change.data.get("kind") == "comment":
        return tr_lazy("Comment template “{name}” deleted.", name=change.name)
    return tr_lazy("Hashtag set “{name}” deleted.", name=change.name)


def _paused(change: Change) -> str:
    if change.noun == "workspace":
        return tr_lazy("Publishing paused for everybody.")
    return tr_lazy("Publishing paused for {name}.", name=change.name)


def _resumed(change: Change) -> str:
    if change.noun == "workspace":
        return tr_lazy("Publishing resumed for everybody.")
    return tr_lazy("Publishing resumed for {name}.", name=change.name)


def _webhook_changed(change: Change) -> str:
    match change.data.get("state"):
        case "paused":
            return tr_lazy("Webhook “{name}” switched off.", name=change.name)
        case "active":
            return tr_lazy("Webhook “{name}” switched on.", name=change.name)
    return tr_lazy("Webhook “{name}” changed.", name=change.name)


def _role(change: Change) -> str:
    role = str(change.data.get("role", ""))
    return tr_lazy("{name} is {role} now.", name=change.name, role=_ROLES.get(role, role))


_PICTURES: Mapping[str, Sentence] = {
    "picture.rate": lambda change: _stars(change, change.data.get("to")),
    "picture.favourite": lambda change: _favourite(change, change.data.get("to")),
    "picture.delete": lambda change: tr_lazy_plural("{n:,} picture deleted.", "{n:,} pictures deleted.", _count(change)),
    "pictures.deleted": lambda change: tr_lazy_plural("{n:,} picture deleted.", "{n:,} pictures deleted.", _count(change)),
    "pictures.erased": lambda change: tr_lazy_plural(
        "{n:,} picture deleted for good.", "{n:,} pictures deleted for good.", _count(change)
    ),
    "pictures.approved": lambda change: tr_lazy_plural(
        "{n:,} picture passed in the face check.", "{n:,} pictures passed in the face check.", _count(change)
    ),
    "pictures.rejected": lambda change: tr_lazy_plural(
        "{n:,} picture rejected in the face check.", "{n:,} pictures rejected in the face check.", _count(change)
    ),
    "board.board-add": lambda change: tr_lazy_plural(
        "{n:,} picture added to the board “{name}”.",
        "{n:,} pictures added to the board “{name}”.",
        _count(change),
        name=change.name,
    ),
    "board.board-remove": lambda change: tr_lazy_plural(
        "{n:,} picture taken off the board “{name}”.",
        "{n:,} pictures taken off the board “{name}”.",
        _count(change),
        name=change.name,
    ),
    "board.board-move": lambda change: tr_lazy_plural(
        "{n:,} picture moved from the board “{name}” to another one.",
        "{n:,} pictures moved from the board “{name}” to another one.",
        _count(change),
        name=change.name,
    ),
    "board.board-order": lambda change: tr_lazy("Board “{name}” arranged.", name=change.name),
    "board.board-delete": lambda change: tr_lazy("Board “{name}” deleted.", name=change.name),
    "board.board-archive": _archived_board,
    "board.created": lambda change: tr_lazy("Board “{name}” created.", name=change.name),
    "board.saved": lambda change: tr_lazy("Board “{name}” changed.", name=change.name),
    "board.cover_chosen": lambda change: tr_lazy("Cover of the board “{name}” chosen.", name=change.name),
    "board.restored": lambda change: tr_lazy("Board “{name}” restored.", name=change.name),
    "boards.erased": lambda change: tr_lazy_plural(
        "{n:,} board deleted for good.", "{n:,} boards deleted for good.", _count(change)
    ),
}
_VIDEOS: Mapping[str, Sentence] = {
    "clips.rated": lambda change: _stars(change, change.data.get("rating")),
    "clips.favourite": lambda change: _favourite(change, change.data.get("favourite")),
    "clips.deleted": lambda change: tr_lazy_plural("{n:,} video deleted.", "{n:,} videos deleted.", _count(change)),
    "clips.erased": lambda change: tr_lazy_plural(
        "{n:,} video deleted for good.", "{n:,} videos deleted for good.", _count(change)
    ),
    "reel.created": lambda change: tr_lazy("Reel “{name}” created.", name=change.name),
    "reel.deleted": lambda change: tr_lazy("Reel “{name}” deleted.", name=change.name),
    "reel.restored": lambda change: tr_lazy("Reel “{name}” restored.", name=change.name),
    "reels.erased": lambda change: tr_lazy_plural(
        "{n:,} reel deleted for good.", "{n:,} reels deleted for good.", _count(change)
    ),
    "music.added": lambda change: tr_lazy("Music “{name}” added.", name=change.name),
    "music.changed": lambda change: tr_lazy("Music “{name}” changed.", name=change.name),
    "music.deleted": lambda change: tr_lazy("Music “{name}” deleted.", name=change.name),
    "music.restored": lambda change: tr_lazy("Music “{name}” restored.", name=change.name),
    "music.erased": lambda change: tr_lazy_plural(
        "{n:,} track deleted for good.", "{n:,} tracks deleted for good.", _count(change)
    ),
}
_TEXTS: Mapping[str, Sentence] = {
    "text.draft": lambda change: tr_lazy("Text “{name}” is a draft again.", name=change.name),
    "text.used": lambda change: tr_lazy("Text “{name}” marked as posted.", name=change.name),
    "text.discarded": lambda change: tr_lazy("Text “{name}” archived.", name=change.name),
    "text.edited": lambda change: tr_lazy("Text “{name}” changed.", name=change.name),
    "texts.erased": lambda change: tr_lazy_plural(
        "{n:,} text deleted for good.", "{n:,} texts deleted for good.", _count(change)
    ),
    "template.saved": lambda change: tr_lazy("Prompt template “{name}” saved.", name=change.name),
    "template.renamed": lambda change: tr_lazy("Prompt template renamed to “{name}”.", name=change.name),
    "template.deleted": lambda change: tr_lazy("Prompt template “{name}” deleted.", name=change.name),
    "wildcard.saved": lambda change: tr_lazy("Wildcard “{name}” saved.", name=change.name),
    "wildcard.deleted": lambda change: tr_lazy("Wildcard “{name}” deleted.", name=change.name),
    "prompt_style.saved": lambda change: tr_lazy("Prompt style “{name}” saved.", name=change.name),
    "prompt_style.deleted": lambda change: tr_lazy("Prompt style “{name}” deleted.", name=change.name),
    "style.created": lambda change: tr_lazy("Writing style “{name}” created.", name=change.name),
    "style.saved": lambda change: tr_lazy("Writing style “{name}” saved.", name=change.name),
    "style.reset": lambda change: tr_lazy("Conversation of the writing style “{name}” emptied.", name=change.name),
    "style.deleted": lambda change: tr_lazy("Writing style “{name}” deleted.", name=change.name),
}
_POSTS: Mapping[str, Sentence] = {
    "plan.move": _stored,
    "plan.delete": _stored,
    "plan.approve": _stored,
    "plan.states": _stored,
    "plan.created": lambda change: tr_lazy("Post “{name}” created.", name=change.name),
    "plan.saved": lambda change: tr_lazy("Post “{name}” saved.", name=change.name),
    "plan.deleted": lambda change: tr_lazy("Post “{name}” deleted.", name=change.name),
    "plan.undeleted": lambda change: tr_lazy("Post “{name}” restored.", name=change.name),
    "plan.campaign": _campaign_of_plan,
    "plan.undone": lambda change: tr_lazy_plural(
        "Change of {n:,} post undone.", "Change of {n:,} posts undone.", int(change.data.get("plans", 1))
    ),
    "plans.erased": lambda change: tr_lazy_plural(
        "{n:,} post deleted for good.", "{n:,} posts deleted for good.", _count(change)
    ),
    "posting.rules": lambda change: tr_lazy("Posting rules of {name} saved.", name=change.name),
    "posting.holidays": lambda change: tr_lazy("Public holidays of the calendar chosen."),
    "posting.stopped": _paused,
    "posting.resumed": _resumed,
    "campaign.created": lambda change: tr_lazy("Campaign “{name}” created.", name=change.name),
    "campaign.renamed": lambda change: tr_lazy(
        "Campaign “{old}” renamed to “{new}”.", old=change.data.get("from", ""), new=change.data.get("to", "")
    ),
    "campaign.deleted": lambda change: tr_lazy("Campaign “{name}” deleted.", name=change.name),
    "snippet.saved": _snippet,
    "snippet.deleted": _snippet_deleted,
    "channel.connected": lambda change: tr_lazy("Channel “{name}” connected.", name=change.name),
    "channel.on": lambda change: tr_lazy("Channel “{name}” switched on.", name=change.name),
    "channel.off": lambda change: tr_lazy("Channel “{name}” switched off.", name=change.name),
    "channel.renamed": lambda change: tr_lazy(
        "Channel “{old}” renamed to “{new}”.", old=change.data.get("from", ""), new=change.data.get("to", "")
    ),
    "channel.settings": lambda change: tr_lazy("Defaults of the channel “{name}” saved.", name=change.name),
    "channel.removed": lambda change: tr_lazy("Channel “{name}” disconnected.", name=change.name),
    "calendar_feed.created": lambda change: tr_lazy("Calendar feed “{name}” created.", name=change.name),
    "calendar_feed.revoked": lambda change: tr_lazy("Calendar feed “{name}” revoked.", name=change.name),
}
_INFLUENCERS: Mapping[str, Sentence] = {
    "influencer.created": lambda change: tr_lazy("{name} created.", name=change.name),
    "influencer.saved": lambda change: tr_lazy("Persona of {name} saved.", name=change.name),
    "influencer.archived": lambda change: tr_lazy("{name} archived.", name=change.name),
    "influencer.restored": lambda change: tr_lazy("{name} taken out of the archive.", name=change.name),
    "influencer.lora_chosen": lambda change: tr_lazy("LoRA of {name} chosen.", name=change.name),
    "influencer.cover_chosen": lambda change: tr_lazy("Cover of {name} chosen.", name=change.name),
    "influencer.branded": lambda change: tr_lazy("Brand kit of {name} saved.", name=change.name),
    "influencer.voice_chosen": _voice,
    "identity.gate": lambda change: tr_lazy("Face check of {name} set.", name=change.name),
    "sample.added": lambda change: tr_lazy("Sample influencer added."),
    "sample.removed": lambda change: tr_lazy("Sample influencer removed."),
    "voice.added": lambda change: tr_lazy("Voice “{name}” added.", name=change.name),
    "lexicon.changed": lambda change: tr_lazy(
        "“{written}” is said “{spoken}”.", written=change.data.get("written", ""), spoken=change.data.get("spoken", "")
    ),
    "lexicon.removed": lambda change: tr_lazy("Pronunciation of “{written}” removed.", written=change.data.get("written", "")),
    "consent.created": lambda change: tr_lazy("Consent of {name} begun.", name=change.name),
    "consent.confirmed": lambda change: tr_lazy("Consent of {name} confirmed.", name=change.name),
    "consent.revoked": lambda change: tr_lazy("Consent of {name} revoked.", name=change.name),
}
_MODELS: Mapping[str, Sentence] = {
    "lora.added": lambda change: tr_lazy("LoRA “{name}” added.", name=change.name),
    "lora.renamed": lambda change: tr_lazy(
        "LoRA “{old}” renamed to “{new}”.", old=change.data.get("from", ""), new=change.data.get("to", "")
    ),
    "lora.deleted": lambda change: tr_lazy("LoRA “{name}” deleted.", name=change.name),
    "lora.restored": lambda change: tr_lazy("LoRA “{name}” restored.", name=change.name),
    "loras.erased": lambda change: tr_lazy_plural(
        "{n:,} LoRA deleted for good.", "{n:,} LoRAs deleted for good.", _count(change)
    ),
    "dataset.restored": lambda change: tr_lazy("Dataset “{name}” restored.", name=change.name),
    "datasets.erased": lambda change: tr_lazy_plural(
        "{n:,} dataset deleted for good.", "{n:,} datasets deleted for good.", _count(change)
    ),
    "dataset.created": lambda change: tr_lazy("Dataset “{name}” created.", name=change.name),
    "dataset.deleted": lambda change: tr_lazy("Dataset “{name}” deleted.", name=change.name),
    "dataset.images_removed": lambda change: tr_lazy_plural(
        "{n:,} picture removed from the dataset “{name}”.",
        "{n:,} pictures removed from the dataset “{name}”.",
        int(change.data.get("count", 1)),
        name=change.name,
    ),
    "dataset.images_restored": lambda change: tr_lazy_plural(
        "{n:,} picture is back in the dataset “{name}”.",
        "{n:,} pictures are back in the dataset “{name}”.",
        int(change.data.get("count", 1)),
        name=change.name,
    ),
    "dataset.rights_declared": lambda change: tr_lazy("Rights for the dataset “{name}” declared.", name=change.name),
    "dataset.rights_withdrawn": lambda change: tr_lazy("Rights for the dataset “{name}” withdrawn.", name=change.name),
    "training.started": lambda change: tr_lazy("Training of “{name}” started.", name=change.name),
    "trial.started": lambda change: tr_lazy("Comparison started."),
    "trial.promoted": lambda change: tr_lazy("Version of a comparison chosen."),
    "trial.deleted": lambda change: tr_lazy("Comparison deleted."),
    "workflow.imported": lambda change: tr_lazy("Workflow “{name}” imported.", name=change.name),
    "workflow.approved": lambda change: tr_lazy("Workflow “{name}” approved.", name=change.name),
    "workflow.deleted": lambda change: tr_lazy("Workflow “{name}” deleted.", name=change.name),
}
_AUTOMATIONS: Mapping[str, Sentence] = {
    "automation.created": lambda change: tr_lazy("Automation “{name}” created.", name=change.name),
    "automation.saved": lambda change: tr_lazy("Automation “{name}” saved.", name=change.name),
    "automation.deleted": lambda change: tr_lazy("Automation “{name}” deleted.", name=change.name),
    "automation.restored": lambda change: tr_lazy("Automation “{name}” restored.", name=change.name),
    "automation.paused": lambda change: tr_lazy("Automation “{name}” switched off.", name=change.name),
    "automation.resumed": lambda change: tr_lazy("Automation “{name}” switched on.", name=change.name),
    "automation.skipped": lambda change: tr_lazy("Next start of the automation “{name}” skipped.", name=change.name),
    "automation.unskipped": lambda change: tr_lazy("Next start of the automation “{name}” is on again.", name=change.name),
    "automation.run_started": lambda change: tr_lazy("Automation “{name}” started.", name=change.name),
    "automation.hook_created": lambda change: tr_lazy("New address for the automation “{name}” made.", name=change.name),
    "job.cancel_requested": lambda change: tr_lazy("“{name}” cancelled.", name=change.name),
    "job.dismissed": lambda change: tr_lazy("“{name}” put away in Activity.", name=change.name),
}
_SETTINGS: Mapping[str, Sentence] = {
    "workspace.renamed": lambda change: tr_lazy("Workspace renamed to “{name}”.", name=change.data.get("name", change.name)),
    "member.role": _role,
    "member.removed": lambda change: tr_lazy("{name} removed from the workspace.", name=change.name),
    "invitation.created": lambda change: tr_lazy("Invitation link created."),
    "invitation.withdrawn": lambda change: tr_lazy("Invitation withdrawn."),
    "budget.set": lambda change: tr_lazy("Limits for AI calls set."),
    "api_key.created": lambda change: tr_lazy("API key “{name}” created.", name=change.name),
    "api_key.changed": lambda change: tr_lazy("API key “{name}” changed.", name=change.name),
    "api_key.revoked": lambda change: tr_lazy("API key “{name}” revoked.", name=change.name),
    "webhook.created": lambda change: tr_lazy("Webhook “{name}” created.", name=change.name),
    "webhook.changed": _webhook_changed,
    "webhook.deleted": lambda change: tr_lazy("Webhook “{name}” deleted.", name=change.name),
    "webhook.secret_changed": lambda change: tr_lazy("New secret for the webhook “{name}” made.", name=change.name),
    "notice_settings.hours": lambda _: tr_lazy("Hours for your notices changed."),
    "notice_settings.choices": lambda _: tr_lazy("What you are told of changed."),
    "notice_target.added": lambda change: tr_lazy("Target for notices added."),
    "notice_target.removed": lambda change: tr_lazy("Target for notices removed."),
}
SENTENCES: Mapping[str, Sentence] = {
    **_PICTURES,
    **_VIDEOS,
    **_TEXTS,
    **_POSTS,
    **_INFLUENCERS,
    **_MODELS,
    **_AUTOMATIONS,
    **_SETTINGS,
}
"""Kind of an event, or of an act -> what is said of it."""
