"""What is written and not sent yet: kept on the server, so that a lost line or a sign-in takes nothing away."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from forum.models import Draft
from forum.rules.text import MOST_CHARACTERS

MOST_DRAFTS = 100  # of one person; the oldest goes


class DraftStale(Exception):
    """Raised for a draft that another window has saved since; `current` is what stands there."""

    def __init__(self, current: Draft) -> None:
        super().__init__()
        self.current = current


@transaction.atomic
def save_draft(*, author: User, scope: str, title: str = "", text: str, revision: int, at: dt.datetime) -> Draft | None:
    """Keep a text; an empty one deletes the draft and returns None. Raises DraftStale and changes nothing then.

    `revision`: that of the draft which the window began with, 0 for none.
    """
    text, title = text[:MOST_CHARACTERS], title[:160]
    draft = Draft.objects.select_for_update(no_key=True).filter(user=author, scope=scope).first()
    if draft is None:
        if not text.strip() and not title.strip():
            return None
        _make_room(author)
        draft, is_new = Draft.objects.get_or_create(
            user=author, scope=scope, defaults={"title": title, "source": text, "saved_at": at}
        )
        if is_new:
            return draft  # else another window was a moment faster
    if draft.revision != revision:
        if (draft.source, draft.title) == (text, title):
            return draft
        raise DraftStale(draft)
    if not text.strip() and not title.strip():
        draft.delete()
        return None
    draft.title, draft.source, draft.saved_at = title, text, at
    draft.revision += 1
    draft.save(update_fields=["title", "source", "saved_at", "revision"])
    return draft


def _make_room(author: User) -> None:
    """Delete the oldest drafts of somebody who has too many."""
    kept = Draft.objects.filter(user=author).order_by("-saved_at", "-pk").values_list("pk", flat=True)
    Draft.objects.filter(pk__in=list(kept[MOST_DRAFTS - 1 :])).delete()
