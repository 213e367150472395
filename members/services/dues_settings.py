"""Prices, payment details, limits of waivers and plans of reminders: who changed which and when is on record."""

import datetime as dt

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from audit.services import record
from members.models import Invoice, PaymentDetails, ReminderStep, TierPrice, WaiverLimit

DuesSetting = TierPrice | PaymentDetails | WaiverLimit | ReminderStep


class PriceUsed(Exception):
    """Raised when a price is to be removed at which invoices may have been issued."""


@transaction.atomic
def add_setting(setting: DuesSetting, *, actor: User, at: dt.datetime) -> DuesSetting:
    """Save a new price, payment details, limit or step."""
    setting.save()
    _note("members.dues_setting_added", setting, actor=actor, at=at)
    return setting


@transaction.atomic
def change_setting(setting: DuesSetting, *, actor: User, at: dt.datetime) -> DuesSetting:
    """Save changed payment details, a limit or a step."""
    setting.save()
    _note("members.dues_setting_changed", setting, actor=actor, at=at)
    return setting


@transaction.atomic
def remove_setting(setting: DuesSetting, *, actor: User, at: dt.datetime) -> None:
    """Remove a setting. Raises PriceUsed."""
    if isinstance(setting, TierPrice):
        issued = Invoice.objects.filter(
            Q(chapter=setting.chapter_id) | Q(chapter__parent=setting.chapter_id),
            tier=setting.tier_id,
            issued_on__gte=setting.starts_on,
        )
        if issued.exists():
            raise PriceUsed
    _note("members.dues_setting_removed", setting, actor=actor, at=at)
    setting.delete()


def _note(action: str, setting: DuesSetting, *, actor: User, at: dt.datetime) -> None:
    detail = {
        field.attname: getattr(setting, field.attname) for field in setting._meta.concrete_fields if field.name != "id"
    }
    chapter = getattr(setting, "chapter_id", None)
    record(action, actor=actor, subject=setting, at=at, chapter=chapter, detail=detail)
