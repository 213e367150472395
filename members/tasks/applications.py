"""Leaves: what time alone does, started by the beat schedule; each may run twice."""

from celery import shared_task
from django.utils import timezone


@shared_task
def move_applications() -> dict[str, int]:
    """Ask for dues that waited for a price, remind of drafts and dues, close what nobody finished, answered or paid."""
    from members.services import applications  # noqa: PLC0415 -- leaf

    now = timezone.now()
    drafts, unpaid = applications.remind_and_expire_drafts(now), applications.remind_and_expire_unpaid(now)
    return {
        "asked": applications.ask_for_dues_left_open(now),
        "reminded": drafts.reminded + unpaid.reminded,
        "expired": drafts.expired + unpaid.expired + applications.expire_unanswered(now).expired,
        "references": applications.expire_references(now),
    }
