"""Announcements, from the draft to the recall."""

import datetime as dt
import uuid
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Count
from wagtail.log_actions import log

from accounts.models import User
from members.models import Announcement, Chapter
from members.notifications.announcements import ANNOUNCEMENT, ANNOUNCEMENT_TEST, people_in_segment
from notifications.services import cancel, forget_pulled, notify


class AnnouncementRecalled(Exception):
    """Raised when somebody publishes what was recalled: people were told once, and a new text is a new announcement."""


@dataclass(frozen=True)
class Recipients:
    """How many people an announcement is addressed to, in all and by chapter."""

    total: int
    chapters: list[tuple[Chapter, int]] = field(default_factory=list)
    without_chapter: int = 0


def count_recipients(announcement: Announcement) -> Recipients:
    """Count who would be told if it were published now."""
    people = people_in_segment(announcement)
    counts = dict(people.order_by().values_list("profile__chapter").annotate(number=Count("pk")))
    chapters = [
        (chapter, counts[chapter.pk]) for chapter in Chapter.objects.order_by("country", "pk") if chapter.pk in counts
    ]
    return Recipients(sum(counts.values()), chapters, counts.get(None, 0))


@transaction.atomic
def publish_announcement(announcement: Announcement, *, actor: User, at: dt.datetime) -> Announcement:
    """Show an announcement to its people and, where it goes by letter too, tell them; the second time changes nothing.

    Raises AnnouncementRecalled.
    """
    row = Announcement.objects.select_for_update().get(pk=announcement.pk)
    if row.recalled_at is not None:
        raise AnnouncementRecalled
    if row.published_at is not None:
        return row
    row.published_at, row.published_by = at, actor
    row.save(update_fields=["published_at", "published_by"])
    if row.with_letter:
        # Without an actor: the League speaks, and who pressed the button is a reader like all others.
        notify(ANNOUNCEMENT, subject_id=row.pk, key=f"{ANNOUNCEMENT.name}:{row.pk}", at=at)
    log(row, "wagtail.publish", user=actor)
    forget_pulled()
    return row


@transaction.atomic
def recall_announcement(announcement: Announcement, *, actor: User, at: dt.datetime) -> int:
    """Hide an announcement and take back the letters that have not gone yet. Returns how many those are."""
    row = Announcement.objects.select_for_update().get(pk=announcement.pk)
    if row.published_at is None or row.recalled_at is not None:
        return 0
    row.recalled_at = at
    row.save(update_fields=["recalled_at"])
    log(row, "wagtail.unpublish", user=actor)
    forget_pulled()
    return cancel(f"{ANNOUNCEMENT.name}:{row.pk}", at=at)


@transaction.atomic
def send_test(announcement: Announcement, *, to: User, at: dt.datetime) -> None:
    """Send an announcement, draft or not, to one person of the office, on the site and by letter."""
    key = f"{ANNOUNCEMENT_TEST.name}:{uuid.uuid4()}"
    notify(ANNOUNCEMENT_TEST, subject_id=announcement.pk, key=key, collapse_key=key, recipients=[to.pk], at=at)
