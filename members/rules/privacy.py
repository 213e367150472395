"""Who sees which field of a member's profile: pure functions of facts, without the database.

The directory's queries (`ProfileQuerySet`) say the same in SQL; `tests/members/test_privacy_matrix.py` compares the two
for every field, audience and viewer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from members.choices import Audience, ProfileField

# What is so before a member chooses. Ways to reach a person and the face are nobody's business.
DEFAULT_AUDIENCES: dict[ProfileField, Audience] = {
    **dict.fromkeys(ProfileField, Audience.MEMBERS),
    ProfileField.PHOTO: Audience.NOBODY,
    ProfileField.PHONE: Audience.NOBODY,
    ProfileField.TELEGRAM: Audience.NOBODY,
    ProfileField.EMAIL: Audience.NOBODY,
}

# What officers who reach a member's chapter see in the League's office, apart from the directory.
OFFICE_FIELDS = frozenset({ProfileField.NAME, ProfileField.CITY, ProfileField.REGION, ProfileField.EMAIL})


@dataclass(frozen=True)
class Safety:
    """What countries allow: a country that is missing allows nothing."""

    public: frozenset[str] = frozenset()  # fields may be shown to everybody
    photo: frozenset[str] = frozenset()  # photographs may be shown
    counted: frozenset[str] = frozenset()  # the number of members may be shown


@dataclass(frozen=True)
class Sight:
    """What of a viewer decides what he sees in the directory. Offices and the superuser's flag do not."""

    user_id: int | None = None
    is_member: bool = False  # active or in grace
    chapter_ids: frozenset[int] = frozenset()  # the own chapter and the one above it
    safety: Safety = field(default_factory=Safety)

    def level(self, chapter_id: int) -> Audience:
        """Return the smallest audience of that chapter's members to which the viewer belongs."""
        if not self.is_member:
            return Audience.PUBLIC
        return Audience.CHAPTER if chapter_id in self.chapter_ids else Audience.MEMBERS


def audience_of(name: ProfileField, chosen: Mapping[str, int]) -> Audience:
    """Return who sees a field by a member's choices: never more people than see the name."""
    wanted = chosen.get(name, DEFAULT_AUDIENCES[name])
    return Audience(min(wanted, chosen.get(ProfileField.NAME, DEFAULT_AUDIENCES[ProfileField.NAME])))


@lru_cache(maxsize=4096)
def _fields_at(level: int, chosen: frozenset[tuple[str, int]]) -> frozenset[ProfileField]:
    """Return the fields for an audience or a larger one; most members chose the same."""
    audiences = dict(chosen)
    return frozenset(name for name in ProfileField if audience_of(name, audiences) >= level)


def fields_seen(
    sight: Sight, *, owner_id: int, chapter_id: int, country: str, chosen: Mapping[str, int], is_listed: bool
) -> frozenset[ProfileField]:
    """Return the fields of a profile that a viewer sees in the directory; none at all without the name."""
    if sight.user_id == owner_id:
        return frozenset(ProfileField)
    level = sight.level(chapter_id)
    if not is_listed or (level == Audience.PUBLIC and country not in sight.safety.public):
        return frozenset()
    seen = _fields_at(level, frozenset(chosen.items()))
    return seen if country in sight.safety.photo else seen - {ProfileField.PHOTO}
