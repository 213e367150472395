"""What the fictional members say about themselves, and to whom: by turns from the lists of a file."""

from typing import Any

from demo.sources import Entry, check_keys
from members.choices import Audience, PracticeArea, ProfileField, WorkLanguage
from members.models import Profile
from members.models.profiles import DESCRIPTION
from members.services.profiles import sort_name_of

# What is filled in.
FIELDS = ("sort_name", *(column for column in DESCRIPTION if column != "city"), "name_audience", "audiences")
BARE = 9  # every ninth member has not filled in anything yet


def check_profiles(files: dict[str, Any]) -> None:
    """Raise ContentError for a code that nothing knows."""
    _check_codes(files, "areas", PracticeArea.values)
    for row in files["countries"].values():
        _check_codes(row, "languages", WorkLanguage.values)
    for chosen in files["privacy"]:
        check_keys(chosen, *ProfileField.values)
        for field, audience in chosen.items():
            if str(audience).upper() not in Audience.names:
                raise chosen.where.error(f"“{field}” is “{audience}”; there are: {', '.join(Audience.names).lower()}.")


def _check_codes(entry: Any, key: str, known: list[str]) -> None:
    for codes in entry[key]:
        for code in codes:
            if code not in known:
                raise entry.where.error(f"“{code}” is unknown under “{key}”; there are: {', '.join(known)}.")


def fill_profiles(files: dict[str, Any], profiles: list[Profile], *, year: int) -> None:
    """Fill in most of the profiles; the caller saves them."""
    check_profiles(files)
    for number, profile in enumerate(profiles, 1):
        profile.sort_name = sort_name_of(profile.user)
        if number % BARE:
            _fill(profile, number, files, year)


def _turn(values: list[Any], number: int) -> Any:
    return values[number % len(values)]


def _fill(profile: Profile, number: int, files: dict[str, Any], year: int) -> None:
    country: Entry = files["countries"][profile.chapter.country]
    areas = _turn(files["areas"], number)
    profile.areas, profile.languages = areas, _turn(country["languages"], number * 3 + number // 7)
    profile.region = country["regions"].get(profile.city, "")
    profile.bio = _turn(files["bios"], number * 5) if number % 4 else ""
    profile.courts = "\n".join(_turn(country["courts"], number)) if number % 3 else ""
    profile.publications = _turn(files["publications"], number) if number % 5 == 0 else ""
    profile.has_jury_experience = "jury" in areas or number % 11 == 0
    profile.does_pro_bono, profile.accepts_referrals = number % 3 == 0, number % 5 in {1, 2}
    profile.is_trainer, profile.is_mentor = number % 17 == 0, number % 13 == 0
    profile.admitted_year = year - 2 - number * 7 % 27
    if number % 2:
        profile.phone = f"{country['phone']} {100 + number * 13 % 900} {number * 29 % 100:02d} {number * 31 % 100:02d}"
    if number % 6 == 0:
        profile.telegram = f"@call_demo_{profile.chapter.country.lower()}{number:03d}"
    chosen = {field: Audience[str(value).upper()].value for field, value in _turn(files["privacy"], number).items()}
    profile.name_audience = chosen.pop(ProfileField.NAME, Audience.MEMBERS.value)
    profile.audiences = chosen
