"""Who sees what of a member: the directory's rule, the office's reach, and the table that says both to the member."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Viewer
from members.choices import LISTED_STANDINGS, Audience, OfficeRole, ProfileField
from members.models import ContactBlock, Membership, Offices, Profile, sight_of
from members.rules.privacy import OFFICE_FIELDS, Safety, Sight, audience_of, fields_seen


def is_listed(profile: Profile) -> bool:
    """Whether a person is in the directory for those who may see the name: active, or in grace."""
    membership = Membership.objects.filter(user=profile.user_id, standing__in=LISTED_STANDINGS, user__is_active=True)
    return membership.exists()


def visible_fields(viewer: Viewer | Sight, profile: Profile, *, listed: bool | None = None) -> frozenset[ProfileField]:
    """Return the fields of a profile that a viewer sees in the directory; `listed` where a query has told already.

    Offices give nothing here: what they need is in the League's office, where every look is logged.
    """
    sight = viewer if isinstance(viewer, Sight) else sight_of(viewer)
    return fields_seen(
        sight,
        owner_id=profile.user_id,
        chapter_id=profile.chapter_id,
        country=profile.chapter.country,
        chosen=profile.chosen,
        is_listed=is_listed(profile) if listed is None else listed,
    )


def office_fields(offices: Offices, profile: Profile) -> frozenset[ProfileField]:
    """Return the fields that offices show of a member in the League's office: `Membership.objects.visible_to`."""
    reached = {profile.chapter_id, profile.chapter.parent_id} & offices.chapter_ids
    return OFFICE_FIELDS if offices.reaches_league or reached else frozenset()


# What a page prints of each field; every name stands here once.
PRINTED: dict[ProfileField, Callable[[Profile], dict[str, Any]]] = {
    ProfileField.NAME: lambda one: {
        "name": str(one.user),
        "name_latin": one.user.name_latin,
        "chapter": one.chapter,
        "country": one.chapter.get_country_display(),
    },
    ProfileField.PHOTO: lambda one: {"has_photo": bool(one.photo)},
    ProfileField.REGION: lambda one: {"region": one.region},
    ProfileField.CITY: lambda one: {"city": one.city},
    ProfileField.LANGUAGES: lambda one: {"languages": one.language_labels},
    ProfileField.AREAS: lambda one: {"areas": one.area_labels},
    ProfileField.COURTS: lambda one: {"courts": one.court_lines},
    ProfileField.BIO: lambda one: {"bio": one.bio},
    ProfileField.PUBLICATIONS: lambda one: {"publications": one.publication_lines},
    ProfileField.JURY: lambda one: {"has_jury_experience": one.has_jury_experience},
    ProfileField.PRO_BONO: lambda one: {"does_pro_bono": one.does_pro_bono},
    ProfileField.REFERRALS: lambda one: {"accepts_referrals": one.accepts_referrals},
    ProfileField.TEACHING: lambda one: {"is_trainer": one.is_trainer, "is_mentor": one.is_mentor},
    ProfileField.ADMITTED: lambda one: {"admitted_year": one.admitted_year},
    ProfileField.CERTIFICATES: lambda one: {"certificate_ids": list(one.certificates)},
    ProfileField.PHONE: lambda one: {"phone": one.phone},
    ProfileField.TELEGRAM: lambda one: {"telegram": one.telegram},
    ProfileField.EMAIL: lambda one: {"email": one.user.email},
}


ROW = frozenset(
    {
        ProfileField.NAME,
        ProfileField.PHOTO,
        ProfileField.REGION,
        ProfileField.CITY,
        ProfileField.LANGUAGES,
        ProfileField.AREAS,
        ProfileField.JURY,
        ProfileField.PRO_BONO,
        ProfileField.REFERRALS,
        ProfileField.TEACHING,
    }
)  # what a row of the directory prints, for which `ProfileQuerySet.for_directory` fetches the columns


def shown(profile: Profile, fields: frozenset[ProfileField]) -> dict[str, Any]:
    """Return what a page may print of a profile: nothing that the viewer does not see is in it."""
    found: dict[str, Any] = {"public_id": profile.public_id, "url": profile.get_absolute_url()}
    for name in fields:
        found |= PRINTED[name](profile)
    return found


def can_contact(user: Viewer, profile: Profile, *, listed: bool | None = None) -> bool:
    """Whether a member may write to another one whom he sees. A blocked sender learns no more than that."""
    if not isinstance(user, User) or user.pk == profile.user_id or not profile.accepts_messages:
        return False
    if ProfileField.NAME not in visible_fields(user, profile, listed=listed) or not sight_of(user).is_member:
        return False
    return not ContactBlock.objects.filter(owner=profile.user_id, blocked=user.pk).exists()


# Who can see my data

NOBODY_ELSE = 0  # the number of no account, of no chapter


@dataclass(frozen=True)
class Example:
    """Somebody who might look: what decides it, as it would be read from the database."""

    label: str | Promise
    sight: Sight
    offices: Offices


def example_viewers(profile: Profile, safety: Safety) -> list[Example]:
    """Return one viewer of each sort for a profile. Officers are members too: of the profile's chapter or another."""

    def member(chapter_id: int) -> Sight:
        return Sight(NOBODY_ELSE, is_member=True, chapter_ids=frozenset({chapter_id}), safety=safety)

    own, other = member(profile.chapter_id), member(NOBODY_ELSE)

    def holding(role: OfficeRole, chapter_id: int | None) -> Offices:
        return Offices(frozenset({(role.value, chapter_id)}))

    none = Offices()
    return [
        Example(_("Visitors"), Sight(safety=safety), none),
        Example(_("Members of other chapters"), other, none),
        Example(_("Members of my chapter"), own, none),
        Example(_("Officers of my chapter"), own, holding(OfficeRole.CHAPTER_OFFICER, profile.chapter_id)),
        Example(_("Officers of other chapters"), other, holding(OfficeRole.CHAPTER_OFFICER, NOBODY_ELSE)),
        Example(_("The registrar"), other, holding(OfficeRole.REGISTRAR, None)),
        Example(_("The League’s treasurer"), other, holding(OfficeRole.TREASURER, None)),
        Example(_("The board"), other, holding(OfficeRole.BOARD, None)),
        # Who runs the server holds no office and need not be a member.
        Example(_("Administrators of the site"), Sight(NOBODY_ELSE, safety=safety), none),
    ]


@dataclass(frozen=True)
class VisibilityRow:
    """A field in the table: who sees it by choice and by the country's rules, and what each viewer sees."""

    field: ProfileField
    audience: Audience
    cells: tuple[str, ...]  # "directory", "office" or "" for each viewer


def visibility_table(profile: Profile, safety: Safety) -> tuple[list[Example], list[VisibilityRow]]:
    """Say of every field who can see it, by asking the code that the pages ask."""
    viewers = example_viewers(profile, safety)
    listed = is_listed(profile)
    directory = [visible_fields(viewer.sight, profile, listed=listed) for viewer in viewers]
    office = [office_fields(viewer.offices, profile) for viewer in viewers]
    rows = [
        VisibilityRow(
            field=name,
            audience=audience_of(name, profile.chosen),
            cells=tuple(
                "directory" if name in seen else "office" if name in reached else ""
                for seen, reached in zip(directory, office, strict=True)
            ),
        )
        for name in ProfileField
    ]
    return viewers, rows
