"""Members with full profiles, photographs, messages."""

import datetime as dt
import io
from typing import Any

import factory
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from accounts.models import User
from members.choices import Audience, Country, PracticeArea, ProfileField, WorkLanguage
from members.models import Chapter, ContactMessage, Membership, Profile, SafetyProfile, league_day
from members.services.memberships import refresh_standing
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory
from tests.factories.membership import MembershipFactory, SanctionFactory

EVERYTHING: dict[str, Any] = {
    "city": "Каракол",
    "region": "Иссык-Кульская область",
    "bio": "Защищаю с 2009 года.",
    "areas": [PracticeArea.CRIMINAL.value],
    "languages": [WorkLanguage.KARAKALPAK.value],
    "courts": "Верховный суд\nБишкекский городской суд",
    "publications": "Допрос эксперта, 2019",
    "has_jury_experience": True,
    "does_pro_bono": True,
    "accepts_referrals": True,
    "is_trainer": True,
    "is_mentor": True,
    "admitted_year": 2009,
    "phone": "+996 555 10 20 30",
    "telegram": "jibek_law",
    "certificates": ["abc"],
}


def create_member(chapter: Chapter | None = None, *, name: str = "", latin: str = "", **fields: Any) -> Profile:
    """Make an active member; other `fields` are the profile's, `audiences` says who sees what."""
    names = {"user__name_native": name} if name else {}
    membership = MembershipFactory(chapter=chapter or ChapterFactory(), user__name_latin=latin, **names)
    profile = Profile.objects.select_related("user", "chapter").get(user=membership.user)
    if "audiences" in fields:
        show(profile, fields.pop("audiences"))
    for field, value in fields.items():
        setattr(profile, field, value)
    profile.save()
    return profile


def show(profile: Profile, audiences: dict[ProfileField, Audience]) -> None:
    """Let people see fields, without the audit log."""
    chosen = {**profile.chosen, **{name.value: audience.value for name, audience in audiences.items()}}
    profile.name_audience = chosen.pop(ProfileField.NAME.value)
    profile.audiences = chosen
    profile.save()


def show_all(profile: Profile, audience: Audience) -> None:
    """Let people see every field."""
    show(profile, dict.fromkeys(ProfileField, audience))


def allow(country: str, **rules: bool) -> SafetyProfile:
    """Let a country's members be public, have photographs and be counted, unless `rules` say otherwise."""
    allowed = {"directory_public_allowed": True, "photo_allowed": True, "chapter_size_shown": True}
    return SafetyProfile.objects.update_or_create(country=country, defaults={**allowed, **rules})[0]


def suspend(user: User) -> None:
    """Suspend a member since yesterday."""
    membership = Membership.objects.get(user=user)
    SanctionFactory(membership=membership)
    refresh_standing(membership, on=league_day())


def lapse(user: User) -> None:
    """Let the only period of a member have ended a year ago."""
    membership = Membership.objects.get(user=user)
    day = league_day()
    membership.periods.update(starts_on=day - dt.timedelta(days=730), ends_on=day - dt.timedelta(days=366))
    refresh_standing(membership, on=day)


def resign(user: User) -> None:
    """Let a member have left yesterday."""
    membership = Membership.objects.get(user=user)
    membership.resigned_on = league_day() - dt.timedelta(days=1)
    membership.save()
    refresh_standing(membership, on=league_day())


def kyrgyz_chapter() -> Chapter:
    return ChapterFactory(country=Country.KYRGYZSTAN)


def picture(width: int = 400, height: int = 300, *, form: str = "JPEG", gps: bool = False) -> bytes:
    """Return a picture whose left half is red and right half blue; `gps` writes a place and a camera into it."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    out = io.BytesIO()
    if gps:
        exif = Image.Exif()
        exif[0x010F] = "SecretCamera"
        exif.get_ifd(0x8825)[1] = "N"
        image.save(out, form, exif=exif, comment=b"SecretComment")
    else:
        image.save(out, form)
    return out.getvalue()


def give_photo(profile: Profile) -> None:
    """Put files where a photograph would be."""
    profile.photo.save("photo", ContentFile(picture()), save=False)
    profile.photo_small.save("photo", ContentFile(picture(160, 160)), save=False)
    profile.save()


class ContactMessageFactory(factory.django.DjangoModelFactory):
    """A message sent an hour ago."""

    class Meta:
        model = ContactMessage

    sender = factory.SubFactory(UserFactory)
    recipient = factory.SubFactory(UserFactory)
    text = "Не возьмётесь ли вы за второе мнение?"
    sent_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(hours=1))
