"""The directory: filters, chips, numbers, pages, what it costs."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from members.choices import Audience, Country, ProfileField
from members.models import Chapter, Profile, ProfileTag
from members.services.profiles import forget_counts, index_profile, tags_of
from tests.factories.members import ChapterFactory
from tests.factories.profiles import allow, create_member, kyrgyz_chapter, show, show_all

pytestmark = pytest.mark.django_db

URL = "/en/members/"


@pytest.fixture
def chapter() -> Chapter:
    allow(Country.KAZAKHSTAN)
    return ChapterFactory()


@pytest.fixture
def reader(chapter: Chapter, client: Client) -> User:
    """A signed-in member whom the directory does not show."""
    profile = create_member(chapter, name="Читатель")
    show(profile, {ProfileField.NAME: Audience.NOBODY})
    client.force_login(profile.user)
    return profile.user


def names(client: Client, query: str = "") -> list[str]:
    """Return the names on the page in their order."""
    return [member["name"] for member in client.get(URL + query).context["members"]]


def test_filters_find_across_scripts(chapter: Chapter, reader: User, client: Client) -> None:
    create_member(chapter, name="Нурлан Қасымбеков", city="Қарағанды", region="Карагандинская область", areas=["jury"])
    create_member(chapter, name="Oysha Toʻlaeva", city="Almaty", languages=["uz", "en"], does_pro_bono=True)

    for query in ("q=kasymbekov", "q=Касым", "q=nurlan kas", "city=Karagandy", "q=jury", "q=присяжных", "area=jury"):
        assert names(client, f"?{query}") == ["Нурлан Қасымбеков"], query
    for query in ("q=Тулаева", "q=To'laeva", "city=Алматы", "language=uz", "language=uz&language=kk", "trait=pro_bono"):
        assert names(client, f"?{query}") == ["Oysha Toʻlaeva"], query
    for query in ("q=nurlan&language=uz", "q=x", "q=%21", "country=UZ", "trait=pro_bono&trait=jury", "city=Osh"):
        assert names(client, f"?{query}") == [], query
    assert names(client, "?country=KZ&country=UZ") == ["Нурлан Қасымбеков", "Oysha Toʻlaeva"]
    assert len(names(client, "?country=XX&language=zz&area=&trait=&after=nonsense")) == 2


def test_name_changed_in_the_account_is_found(chapter: Chapter, reader: User, client: Client) -> None:
    profile = create_member(chapter, name="Старое Имя")
    user = User.objects.get(pk=profile.user_id)
    user.name_native = "Новое Слово"
    user.save()

    assert names(client, "?q=novoe") == ["Новое Слово"]
    assert names(client, "?q=staroe") == []


def test_chips_take_one_filter_away(chapter: Chapter, reader: User, client: Client) -> None:
    response = client.get(URL + "?country=KZ&country=KG&q=Нурлан&language=ru&after=x")
    chips = {chip.label: parse_qs(urlsplit(chip.url).query) for chip in response.context["chips"]}

    everything = {"country": ["KZ", "KG"], "q": ["Нурлан"], "language": ["ru"]}
    assert set(chips) == {"Kazakhstan", "Kyrgyzstan", "“Нурлан”", "Русский"}
    assert chips["Kazakhstan"] == {**everything, "country": ["KG"]}
    assert chips["“Нурлан”"] == {name: value for name, value in everything.items() if name != "q"}
    assert "No" not in chips
    assert "Nobody whom you may see fits all of these filters." in response.content.decode()


def test_empty_directory_says_why(client: Client, chapter: Chapter) -> None:
    assert "No member has chosen to be shown to everybody." in client.get(URL).content.decode()


def test_visitors_see_the_public_only(client: Client, chapter: Chapter) -> None:
    show_all(create_member(chapter, name="Открытая"), Audience.PUBLIC)
    create_member(chapter, name="Обычная")

    assert names(client) == ["Открытая"]
    assert client.get(URL).context["total"].number == 1


def test_pages_follow_names_without_a_gap(chapter: Chapter, reader: User, client: Client) -> None:
    for number in range(45):
        create_member(chapter, name=f"Имя {chr(0x430 + number % 3)}", languages=["ru"])
    seen: list[object] = []
    url = "?language=ru"
    for _page in range(3):
        response = client.get(URL + url)
        seen += [member["public_id"] for member in response.context["members"]]
        url = response.context["next_url"]
    order = list(
        Profile.objects.filter(languages=["ru"]).order_by("sort_name", "pk").values_list("public_id", flat=True)
    )

    assert url == ""
    assert seen == order
    assert "To the beginning" in response.content.decode()
    assert response.context["total"].number == 45


def test_place_of_a_hidden_member_is_no_place(chapter: Chapter, reader: User, client: Client) -> None:
    hidden = create_member(chapter, name="Яя Скрытая")
    show(hidden, {ProfileField.NAME: Audience.NOBODY})
    create_member(chapter, name="Аа Видимая")

    assert names(client, f"?after={hidden.public_id}") == ["Аа Видимая"]


# Numbers


def test_members_of_some_countries_are_never_counted(chapter: Chapter, reader: User, client: Client) -> None:
    other = kyrgyz_chapter()
    allow(Country.KYRGYZSTAN, chapter_size_shown=False)
    create_member(chapter, languages=["tg"])

    def numbers() -> tuple[object, ...]:
        forget_counts()
        response = client.get(URL)
        facets = [option["count"] for facet in response.context["facets"] for option in facet["options"]]
        return response.context["total"].number, facets, client.get(URL + "?language=tg").context["total"].number

    before = numbers()
    for _number in range(3):
        create_member(other, languages=["tg"])

    assert numbers() == before
    assert len(names(client)) == 4
    assert before[0] == 1
    response = client.get(URL + "?country=KG")
    assert response.context["total"].number is None
    assert "members from these countries are listed but not counted: Kyrgyzstan." in response.content.decode()


def test_numbers_beside_boxes_follow_a_change_at_once(
    chapter: Chapter, reader: User, client: Client, django_capture_on_commit_callbacks: object
) -> None:
    profile = create_member(chapter, languages=["kaa"])

    def number() -> object:
        facets = client.get(URL).context["facets"]
        return next(o["count"] for facet in facets for o in facet["options"] if o["value"] == "kaa")

    assert number() == 1
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # the fixture
        show(profile, {ProfileField.LANGUAGES: Audience.NOBODY})
    assert number() == ""


# The index


def test_index_holds_nothing_that_nobody_may_know(chapter: Chapter) -> None:
    profile = create_member(chapter, name="Тайный Человек", city="Ош", languages=["ru"])
    assert ProfileTag.objects.filter(profile=profile, code="osh", audience=Audience.MEMBERS).count() == 2

    show_all(profile, Audience.NOBODY)

    assert not ProfileTag.objects.filter(profile=profile).exists()
    assert tags_of(profile) == {}


def test_index_writes_only_what_changed(chapter: Chapter, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    profile = create_member(chapter, name="Имя Фамилия", city="Ош", languages=["ru"])
    before = set(profile.tags.values_list("pk", flat=True))

    with django_assert_num_queries(3):  # a savepoint around one look
        index_profile(profile)

    assert set(profile.tags.values_list("pk", flat=True)) == before


def test_command_indexes_what_came_in_past_the_application(chapter: Chapter, capsys: pytest.CaptureFixture) -> None:
    from django.core.management import call_command  # noqa: PLC0415 -- only here

    profile = create_member(chapter, name="Имя Фамилия")
    ProfileTag.objects.all().delete()
    Profile.objects.update(sort_name="")

    call_command("index_profiles")

    profile.refresh_from_db()
    assert capsys.readouterr().out == "1 profiles are indexed.\n"
    assert (profile.sort_name, profile.tags.count()) == ("imia familia", 2)


# Cost


@pytest.mark.parametrize("count", [1, 3, 30])
@pytest.mark.parametrize("query", ["", "?q=имя&country=KZ&language=ru&area=jury&trait=jury"])
def test_directory_costs_the_same_for_many(
    query: str,
    count: int,
    chapter: Chapter,
    reader: User,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count):
        create_member(
            chapter, name=f"Имя {number}", languages=["ru"], areas=["jury"], has_jury_experience=True, city="Ош"
        )
    assert len(names(client, query)) == min(count, 20)

    # The person, the membership, the safety profiles, the page; the bell. Numbers are kept for a minute.
    with django_assert_num_queries(5):
        client.get(URL + query)
    forget_counts()
    with django_assert_num_queries(8):
        client.get(URL + query)


def test_visitor_costs_few_queries(
    chapter: Chapter, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    show_all(create_member(chapter), Audience.PUBLIC)
    client.get(URL)

    with django_assert_num_queries(2):
        client.get(URL)
    assert Profile.objects.visible_to(AnonymousUser()).count() == 1
