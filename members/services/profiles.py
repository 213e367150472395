"""What members say about themselves and to whom, and the directory's index of it."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, models, transaction
from django.utils import translation

from accounts.models import User
from audit.services import record
from members.choices import Audience, PracticeArea, ProfileField, TagKind, Trait
from members.models import Profile, ProfileTag
from members.rules.folding import fold
from members.rules.privacy import audience_of

VERSION_KEY = "members.directory_version"
LONGEST_CODE = 80
BATCH = 200
INDEXED_FIELDS = frozenset(
    {
        "chapter",
        "city",
        "region",
        "areas",
        "languages",
        "has_jury_experience",
        "does_pro_bono",
        "accepts_referrals",
        "is_trainer",
        "is_mentor",
        "name_audience",
        "audiences",
    }
)

Tag = tuple[str, str]


class PseudonymTaken(Exception):
    """Raised for a pseudonym that another member has, in whatever script or spelling."""


@transaction.atomic
def save_profile(profile: Profile, *, actor: User, values: Mapping[str, Any], at: dt.datetime) -> Profile:
    """Keep what a member says about himself; the audit log names the fields that changed, not what is in them.

    Raises PseudonymTaken; then nothing is saved.
    """
    locked = Profile.objects.select_for_update().get(pk=profile.pk)
    changed = sorted(name for name, value in values.items() if getattr(locked, name) != value)
    if not changed:
        return locked
    for name in changed:
        setattr(locked, name, values[name])
    locked.pseudonym_key = fold(locked.pseudonym)
    if locked.pseudonym_key and _others(locked).filter(pseudonym_key=locked.pseudonym_key).exists():
        raise PseudonymTaken
    try:
        with transaction.atomic():
            locked.save(update_fields=[*changed, "pseudonym_key"])
    except IntegrityError as error:  # somebody took it in this very moment
        raise PseudonymTaken from error
    _record("members.profile_changed", locked, actor=actor, at=at, detail={"fields": changed})
    return locked


def _others(profile: Profile) -> models.QuerySet[Profile]:
    return Profile.objects.exclude(pk=profile.pk)


@transaction.atomic
def save_audiences(
    profile: Profile, *, actor: User, audiences: Mapping[ProfileField, Audience], at: dt.datetime
) -> Profile:
    """Keep who may see which field, at once and for every page."""
    locked = Profile.objects.select_for_update().get(pk=profile.pk)
    before = {name.value: audience_of(name, locked.chosen).value for name in ProfileField}
    chosen = {**locked.chosen, **{name.value: audience.value for name, audience in audiences.items()}}
    locked.name_audience = chosen.pop(ProfileField.NAME)
    locked.audiences = chosen
    after = {name.value: audience_of(name, locked.chosen).value for name in ProfileField}
    locked.save(update_fields=["name_audience", "audiences"])
    changed = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    if changed:
        _record("members.audiences_changed", locked, actor=actor, at=at, detail=changed)
    return locked


def _record(action: str, profile: Profile, *, actor: User, at: dt.datetime, detail: Mapping[str, object]) -> None:
    person, chapter = profile.user_id, profile.chapter_id
    record(action, actor=actor, subject=profile, at=at, person=person, chapter=chapter, detail=detail)


# The directory's index


@transaction.atomic
def index_profile(profile: Profile) -> None:
    """Write what the directory finds a profile by, each thing with who may know it; what nobody may know is not there.

    Called whenever a profile or a name is saved; `manage.py index_profiles` does it for all of them.
    """
    user = profile.user
    sort_name = sort_name_of(user)
    if sort_name != profile.sort_name:
        Profile.objects.filter(pk=profile.pk).update(sort_name=sort_name)
        profile.sort_name = sort_name
    wanted = tags_of(profile)
    kept: dict[Tag, int] = {(tag.kind, tag.code): tag.audience for tag in profile.tags.all()}
    gone = [tag for tag in kept if kept[tag] != wanted.get(tag)]
    for kind in {kind for kind, _code in gone}:
        profile.tags.filter(kind=kind, code__in=[code for one, code in gone if one == kind]).delete()
    ProfileTag.objects.bulk_create(
        ProfileTag(profile=profile, kind=kind, code=code, audience=audience)
        for (kind, code), audience in wanted.items()
        if kept.get((kind, code)) != audience
    )
    transaction.on_commit(forget_counts)


def sort_name_of(user: User) -> str:
    """Return by what a person is ordered in the directory."""
    return fold(user.name_native)[: Profile._meta.get_field("sort_name").max_length]


@transaction.atomic
def index_profiles(profiles: Iterable[Profile]) -> None:
    """Write the index of many profiles that came in past the application: a few queries for all of them."""
    rows = list(profiles)
    renamed = []
    for profile in rows:
        sort_name = sort_name_of(profile.user)
        if sort_name != profile.sort_name:
            profile.sort_name = sort_name
            renamed.append(profile)
    Profile.objects.bulk_update(renamed, ["sort_name"], batch_size=BATCH)
    ProfileTag.objects.filter(profile__in=rows).delete()
    ProfileTag.objects.bulk_create(
        [
            ProfileTag(profile=profile, kind=kind, code=code, audience=audience)
            for profile in rows
            for (kind, code), audience in tags_of(profile).items()
        ]
    )
    transaction.on_commit(forget_counts)


def tags_of(profile: Profile) -> dict[Tag, int]:
    """Return the rows of the index that a profile should have, with who may know each."""
    tags: dict[Tag, int] = {}

    def add(field: ProfileField, kind: TagKind, codes: list[str]) -> None:
        audience = audience_of(field, profile.chosen)
        for code in codes:
            if code and audience > Audience.NOBODY:
                tag = (kind.value, code[:LONGEST_CODE])
                tags[tag] = max(tags.get(tag, 0), audience)

    names = f"{profile.user.name_native} {profile.user.name_latin}"
    add(ProfileField.NAME, TagKind.WORD, fold(names).split())
    for field, kind, text in (
        (ProfileField.CITY, TagKind.CITY, profile.city),
        (ProfileField.REGION, TagKind.REGION, profile.region),
    ):
        add(field, kind, [fold(text)])
        add(field, TagKind.WORD, fold(text).split())
    add(ProfileField.LANGUAGES, TagKind.LANGUAGE, profile.languages)
    add(ProfileField.AREAS, TagKind.AREA, profile.areas)
    add(ProfileField.AREAS, TagKind.WORD, _words_of_areas(profile.areas))
    for field, trait, has in (
        (ProfileField.JURY, Trait.JURY, profile.has_jury_experience),
        (ProfileField.PRO_BONO, Trait.PRO_BONO, profile.does_pro_bono),
        (ProfileField.REFERRALS, Trait.REFERRALS, profile.accepts_referrals),
        (ProfileField.TEACHING, Trait.TRAINER, profile.is_trainer),
        (ProfileField.TEACHING, Trait.MENTOR, profile.is_mentor),
    ):
        add(field, TagKind.TRAIT, [trait.value] if has else [])
    return tags


def _words_of_areas(codes: list[str]) -> list[str]:
    """Return the words of practice areas in every language of the interface: one may search in any."""
    labels = [PracticeArea(code).label for code in codes if code in PracticeArea.values]
    words: list[str] = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            words += fold(" ".join(str(label) for label in labels)).split()
    return words


def forget_counts() -> None:
    """Let no number of the directory outlive a change of what people may see."""
    cache.set(VERSION_KEY, uuid.uuid4().hex, None)


def counts_version() -> str:
    """Return under which version numbers of the directory are kept."""
    return str(cache.get_or_set(VERSION_KEY, lambda: uuid.uuid4().hex, None))
