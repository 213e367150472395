"""The directory's index follows profiles and names, whoever saves them; who applies is looked for on record."""

from collections.abc import Iterable
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from accounts.models import User
from members import signals
from members.models import Application, Profile
from members.services.duplicates import look_for_duplicates
from members.services.profiles import INDEXED_FIELDS, index_profile

NAMES = frozenset({"name_native", "name_latin"})


@receiver(post_save, sender=Profile)
def index_after_profile(
    instance: Profile, update_fields: Iterable[str] | None = None, raw: bool = False, **_kwargs: Any
) -> None:
    if not raw and (update_fields is None or INDEXED_FIELDS & set(update_fields)):
        index_profile(instance)


@receiver(post_save, sender=User)
def index_after_name(
    instance: User,
    created: bool = False,
    update_fields: Iterable[str] | None = None,
    raw: bool = False,
    **_kwargs: Any,
) -> None:
    if raw or created or (update_fields is not None and not NAMES & set(update_fields)):
        return
    profile = Profile.objects.filter(user=instance).first()
    if profile is not None:
        profile.user = instance
        index_profile(profile)


@receiver(signals.application_submitted, sender=Application)
def look_after_submission(application: Application, **_kwargs: Any) -> None:
    look_for_duplicates(application.user_id)
