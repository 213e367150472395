"""Every field, audience and viewer: the rule, the queries and the pages say the same, and nothing leaks by a filter."""

import itertools
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.storage import FileSystemStorage
from django.http import QueryDict
from django.test import Client

from accounts.models import User, Viewer
from members.choices import Audience, Country, OfficeRole, ProfileField
from members.filters.directory import DirectoryFilter
from members.models import Chapter, Membership, Profile, offices_of, sight_of
from members.permissions.privacy import can_contact, office_fields, shown, visible_fields
from members.services.profiles import forget_counts
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.profiles import (
    EVERYTHING,
    allow,
    create_member,
    give_photo,
    kyrgyz_chapter,
    lapse,
    resign,
    show,
    show_all,
    suspend,
)

pytestmark = pytest.mark.django_db

# What of each field stands on a page, and what a visitor could write into the address in order to find it.
MARKS = {
    ProfileField.NAME: "Чолпон Тайная",
    ProfileField.PHOTO: "/photo/",
    ProfileField.REGION: "Иссык-Кульская область",
    ProfileField.CITY: "Каракол",
    ProfileField.LANGUAGES: "<dd>Qaraqalpaqsha</dd>",
    ProfileField.AREAS: '<span class="tag">Criminal defence</span>',
    ProfileField.COURTS: "Верховный суд",
    ProfileField.BIO: "Защищаю с 2009 года.",
    ProfileField.PUBLICATIONS: "Допрос эксперта, 2019",
    ProfileField.JURY: '<span class="tag">Jury trials</span>',
    ProfileField.PRO_BONO: "Pro bono</span>",
    ProfileField.REFERRALS: "Accepts referrals</span>",
    ProfileField.TEACHING: "Trainer</span>",
    ProfileField.ADMITTED: "<dd>2009</dd>",
    ProfileField.PHONE: "+996 555 10 20 30",
    ProfileField.TELEGRAM: "jibek_law",
    ProfileField.EMAIL: "secret@example.org",
}
FILTERS = {
    ProfileField.NAME: ["q=тайная", "q=Taynaya", "q=Osmonova"],
    ProfileField.REGION: ["region=Иссык-Кульская область", "q=иссык"],
    ProfileField.CITY: ["city=Каракол", "city=Karakol", "q=Karak"],
    ProfileField.LANGUAGES: ["language=kaa"],
    ProfileField.AREAS: ["area=criminal", "q=criminal", "q=Criminal defence"],
    ProfileField.JURY: ["trait=jury"],
    ProfileField.PRO_BONO: ["trait=pro_bono"],
    ProfileField.REFERRALS: ["trait=referrals"],
    ProfileField.TEACHING: ["trait=trainer", "trait=mentor"],
}
NEVER = ["q=996555102030", "q=jibek", "q=secret", "q=верховный", "q=допрос", "q=2009", "q=защищаю"]

VIEWERS = (
    "visitor",
    "account",
    "suspended",
    "lapsed",
    "resigned",
    "other",
    "own",
    "own_officer",
    "other_officer",
    "registrar",
    "treasurer",
    "board",
    "superuser",
)
# What each viewer must at least be addressed by; officers are members here, but the superuser is not.
NEEDS = {
    **dict.fromkeys(VIEWERS, Audience.PUBLIC),
    **dict.fromkeys(("other", "other_officer", "registrar", "treasurer", "board"), Audience.MEMBERS),
    **dict.fromkeys(("own", "own_officer"), Audience.CHAPTER),
}


@pytest.fixture
def private_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    storage = FileSystemStorage(tmp_path / "private", base_url=None)
    for field in ("photo", "photo_small"):
        monkeypatch.setattr(Profile._meta.get_field(field), "storage", storage)


@pytest.fixture
def chapter() -> Chapter:
    allow(Country.KYRGYZSTAN)
    allow(Country.KAZAKHSTAN)
    return kyrgyz_chapter()


@pytest.fixture
def profile(chapter: Chapter, private_files: None) -> Profile:
    """Somebody with everything filled in; words of one field stand in no other."""
    profile = create_member(chapter, name="Чолпон Тайная", latin="Sayora Osmonova", **EVERYTHING)
    profile.user.email = "secret@example.org"
    profile.user.save()
    give_photo(profile)
    return profile


@pytest.fixture
def viewers(chapter: Chapter) -> dict[str, Viewer]:
    other = ChapterFactory()
    people: dict[str, Viewer] = {
        "visitor": AnonymousUser(),
        "account": UserFactory(),
        "superuser": UserFactory(is_superuser=True),
    }
    for name in ("other", "other_officer", "registrar", "treasurer", "board"):
        people[name] = create_member(other, name=f"Viewer {name}").user
    for name in ("own", "own_officer", "suspended", "lapsed", "resigned"):
        people[name] = create_member(chapter, name=f"Viewer {name}").user
    suspend(people["suspended"])  # type: ignore[arg-type]  # a user
    lapse(people["lapsed"])  # type: ignore[arg-type]  # a user
    resign(people["resigned"])  # type: ignore[arg-type]  # a user
    OfficeTermFactory(user=people["own_officer"], chapter=chapter)
    OfficeTermFactory(user=people["other_officer"], chapter=other)
    for name in ("registrar", "treasurer", "board"):
        OfficeTermFactory(user=people[name], role=OfficeRole(name), chapter=None)
    # Nobody but the profile under test is to be found.
    Profile.objects.filter(user__name_native__startswith="Viewer").update(name_audience=Audience.NOBODY)
    return people


def found(viewer: Viewer, query: str) -> set[int]:
    """Return the ids of those whom a query of the directory lists."""
    sight = sight_of(viewer)
    filters = DirectoryFilter(QueryDict(query), Profile.objects.listed_for(sight), sight=sight)
    return set(filters.qs.values_list("pk", flat=True))


def total(viewer: Viewer, query: str) -> int | None:
    forget_counts()
    sight = sight_of(viewer)
    return DirectoryFilter(QueryDict(query), Profile.objects.listed_for(sight), sight=sight).total().number


def boxes(viewer: Viewer) -> int:
    """Return the sum of all numbers beside the boxes."""
    forget_counts()
    sight = sight_of(viewer)
    filters = DirectoryFilter(QueryDict(""), Profile.objects.listed_for(sight), sight=sight)
    return sum(option["count"] or 0 for facet in filters.facets() for option in facet["options"])


def forget(viewers: dict[str, Viewer]) -> None:
    """Let each viewer be read anew, as for another request."""
    for viewer in viewers.values():
        for memo in ("_sight", "_offices"):
            viewer.__dict__.pop(memo, None)


@pytest.mark.parametrize("field", ProfileField)
def test_field_is_seen_and_found_by_its_audience_only(
    field: ProfileField, profile: Profile, viewers: dict[str, Viewer]
) -> None:
    for audience in Audience:
        show_all(profile, Audience.NOBODY)
        show(profile, {ProfileField.NAME: Audience.PUBLIC, field: audience})

        seen = {name for name, viewer in viewers.items() if field in visible_fields(viewer, profile)}
        expected = {name for name in viewers if audience >= NEEDS[name]}
        assert seen == expected
        for query in FILTERS.get(field, []):
            by_filter = {name for name, viewer in viewers.items() if profile.pk in found(viewer, query)}
            by_number = {name for name, viewer in viewers.items() if total(viewer, query)}
            assert by_filter == by_number == expected, query


@pytest.mark.parametrize("query", NEVER)
def test_what_is_no_filter_finds_nobody(query: str, profile: Profile) -> None:
    show_all(profile, Audience.PUBLIC)

    assert found(AnonymousUser(), "") == {profile.pk}
    assert not found(AnonymousUser(), query)
    assert not found(profile.user, query)


@pytest.mark.parametrize("audience", Audience)
def test_name_decides_on_everything(audience: Audience, profile: Profile, viewers: dict[str, Viewer]) -> None:
    show_all(profile, Audience.PUBLIC)
    show(profile, {ProfileField.NAME: audience})
    expected = {name for name in viewers if audience >= NEEDS[name]}

    def who(sees: object) -> set[str]:
        return {name for name, viewer in viewers.items() if sees(viewer)}  # type: ignore[operator]  # a function

    assert who(lambda viewer: visible_fields(viewer, profile)) == expected
    assert who(lambda viewer: Profile.objects.visible_to(viewer).contains(profile)) == expected
    assert who(lambda viewer: found(viewer, "")) == expected
    assert who(boxes) == expected
    for query in itertools.chain(*FILTERS.values()):
        assert who(lambda viewer, query=query: found(viewer, query)) == expected, query
        assert who(lambda viewer, query=query: total(viewer, query)) == expected, query


@pytest.mark.parametrize("audience", Audience)
def test_pages_print_what_the_rule_says(audience: Audience, profile: Profile, viewers: dict[str, Viewer]) -> None:
    show_all(profile, audience)
    for name, viewer in viewers.items():
        client = Client()
        if isinstance(viewer, User):
            client.force_login(viewer)

        listing = client.get("/en/members/").content.decode()
        detail = client.get(f"/en/members/{profile.public_id}/")
        photo = client.get(f"/en/members/{profile.public_id}/photo/large/")

        sees = audience >= NEEDS[name]
        assert ("Чолпон Тайная" in listing) == sees, name
        assert (detail.status_code, photo.status_code) == ((200, 200) if sees else (404, 404)), name
        content = detail.content.decode()
        assert {field for field, mark in MARKS.items() if (mark in content) != sees} == set(), name
        photo.getvalue()  # closes the file, and not the connection to the database


def test_page_prints_everything_but_a_hidden_field(
    profile: Profile, viewers: dict[str, Viewer], client: Client
) -> None:
    client.force_login(viewers["other"])
    for field in set(ProfileField) - {ProfileField.NAME}:
        show_all(profile, Audience.MEMBERS)
        show(profile, {field: Audience.CHAPTER})

        listing = client.get("/en/members/").content.decode()
        content = client.get(f"/en/members/{profile.public_id}/").content.decode()
        photo = client.get(f"/en/members/{profile.public_id}/photo/small/")

        assert {one for one, mark in MARKS.items() if mark not in content} == {field} & set(MARKS)
        # The boxes of the filters name every language and area there is.
        if field in MARKS and field not in {ProfileField.LANGUAGES, ProfileField.AREAS}:
            assert MARKS[field] not in listing
        assert photo.status_code == (404 if field == ProfileField.PHOTO else 200)
        photo.getvalue()  # closes the file, and not the connection to the database


@pytest.mark.parametrize("leave", [suspend, lapse, resign], ids=lambda leave: leave.__name__)
def test_who_is_no_active_member_is_shown_to_nobody(
    leave: object, profile: Profile, viewers: dict[str, Viewer]
) -> None:
    show_all(profile, Audience.PUBLIC)
    leave(profile.user)  # type: ignore[operator]  # a function

    for viewer in viewers.values():
        assert visible_fields(viewer, profile) == frozenset()
        assert not found(viewer, "")
        assert not total(viewer, "")
        assert not boxes(viewer)
        assert not Profile.objects.visible_to(viewer).contains(profile)
    assert visible_fields(profile.user, profile) == frozenset(ProfileField)
    assert Profile.objects.visible_to(profile.user).contains(profile)


def test_closed_account_is_shown_to_nobody(profile: Profile, viewers: dict[str, Viewer]) -> None:
    show_all(profile, Audience.PUBLIC)
    profile.user.is_active = False
    profile.user.save()

    assert not any(found(viewer, "") or visible_fields(viewer, profile) for viewer in viewers.values())


@pytest.mark.parametrize("rule", ["directory_public_allowed", "photo_allowed"])
@pytest.mark.parametrize("is_missing", [False, True])
def test_country_caps_what_a_member_chose(
    rule: str, is_missing: bool, profile: Profile, viewers: dict[str, Viewer], client: Client
) -> None:
    show_all(profile, Audience.PUBLIC)
    rules = allow(Country.KYRGYZSTAN, **{rule: False})
    if is_missing:
        rules.delete()
    forget(viewers)

    seen = {name: visible_fields(viewer, profile) for name, viewer in viewers.items()}
    members = {name for name in VIEWERS if NEEDS[name] < Audience.PUBLIC}
    if is_missing or rule == "directory_public_allowed":
        assert {name for name, fields in seen.items() if fields} == members
        assert {name for name, viewer in viewers.items() if found(viewer, "trait=jury")} == members
        assert client.get(f"/en/members/{profile.public_id}/").status_code == 404
    if is_missing or rule == "photo_allowed":
        assert not any(ProfileField.PHOTO in fields for fields in seen.values())
        client.force_login(viewers["own"])
        assert client.get(f"/en/members/{profile.public_id}/photo/large/").status_code == 404
        assert "/photo/" not in client.get(f"/en/members/{profile.public_id}/").content.decode()


def test_office_fields_reach_as_far_as_the_office(profile: Profile, viewers: dict[str, Viewer]) -> None:
    membership = Membership.objects.get(user=profile.user)

    for name, viewer in viewers.items():
        if not isinstance(viewer, User):
            continue
        reaches = Membership.objects.visible_to(viewer).contains(membership)
        assert bool(office_fields(offices_of(viewer), profile)) == reaches, name


def test_country_chapter_and_city_chapter(chapter: Chapter) -> None:
    city = Chapter.objects.create(country=chapter.country, parent=chapter, name_ru="Ош", name_en="Osh", city="Ош")
    below, above = create_member(city), create_member(chapter)
    for profile in (below, above):
        show(profile, {ProfileField.NAME: Audience.CHAPTER})

    assert visible_fields(below.user, above)
    assert not visible_fields(above.user, below)
    assert found(below.user, "") == {below.pk, above.pk}
    assert found(above.user, "") == {above.pk}


def test_shown_holds_nothing_that_is_not_seen(profile: Profile) -> None:
    for field in ProfileField:
        keys = set(shown(profile, frozenset({field}))) - {"public_id", "url"}
        others = set(shown(profile, frozenset(ProfileField) - {field}))
        assert keys
        assert not keys & others


def test_can_contact_needs_sight_and_consent(profile: Profile, viewers: dict[str, Viewer]) -> None:
    show_all(profile, Audience.PUBLIC)

    may = {name for name, viewer in viewers.items() if can_contact(viewer, profile)}

    assert may == {name for name in VIEWERS if NEEDS[name] < Audience.PUBLIC}
    profile.accepts_messages = False
    assert not any(can_contact(viewer, profile) for viewer in viewers.values())
    assert not can_contact(profile.user, profile)
