"""Member cards: issue, replacement, revocation, the printed card and the public status page."""

import datetime as dt
import re

import pypdfium2
import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from audit.models import AuditEvent
from courses.models import CourseIndexPage
from members.choices import CardRevocation, Country, OfficeRole, SanctionKind, Standing
from members.models import CardToken, Membership, league_day
from members.services import cards as services
from members.services.card_pdf import render_card
from members.services.memberships import refresh_standing
from members.services.typesetting import TextNotPrintable
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import MembershipFactory, SafetyProfileFactory, SanctionFactory

pytestmark = pytest.mark.django_db

CARD = "/en/membership/card/"


def now() -> dt.datetime:
    return timezone.now()


def card_of(membership: Membership) -> CardToken:
    return services.issue_card(membership, actor=membership.user, at=now())


def check(client: Client, card: CardToken) -> str:
    response = client.get(f"/en/card/{card.token}/")
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def member_in(standing: Standing) -> Membership:
    """Make a member whose rows give a standing."""
    if standing == Standing.NONE:
        return MembershipFactory(paid=-1)
    if standing == Standing.GRACE:
        return MembershipFactory(paid=370)
    if standing == Standing.LAPSED:
        return MembershipFactory(paid=500)
    membership = MembershipFactory()
    if standing == Standing.SUSPENDED:
        SanctionFactory(membership=membership)
    elif standing == Standing.EXPELLED:
        SanctionFactory(membership=membership, kind=SanctionKind.EXPULSION)
    elif standing == Standing.RESIGNED:
        membership.resigned_on = league_day()
    elif standing == Standing.DECEASED:
        membership.deceased_on = league_day()
    membership.save()
    refresh_standing(membership, on=league_day())
    assert membership.standing == standing
    return membership


def test_issue_card_twice_gives_one() -> None:
    membership = MembershipFactory()

    first, again = card_of(membership), card_of(membership)

    assert first == again
    assert len(first.token) == 22  # 128 bits
    assert AuditEvent.objects.filter(action="members.card_issue", person_id=membership.user_id).count() == 1


@pytest.mark.parametrize("standing", [Standing.NONE, Standing.EXPELLED, Standing.RESIGNED, Standing.DECEASED])
def test_issue_card_refused_to_who_is_no_member(standing: Standing) -> None:
    membership = member_in(standing)

    with pytest.raises(services.CardNotAvailable):
        card_of(membership)
    with pytest.raises(services.CardNotAvailable):
        services.replace_card(membership, actor=membership.user, at=now())

    assert not CardToken.objects.exists()


def test_replace_card_revokes_the_old_one(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    membership = MembershipFactory()
    old = card_of(membership)

    new = services.replace_card(membership, actor=membership.user, at=now())

    old.refresh_from_db()
    assert (old.revocation, old.revoked_by) == (CardRevocation.LOST, membership.user)
    assert new.token != old.token
    page = check(client, old)
    assert "This card was revoked on" in page
    assert "Ask the holder for the current one." in page
    assert membership.number not in page
    assert membership.number in check(client, new)


def test_revoke_card_twice_is_refused() -> None:
    card = card_of(MembershipFactory())
    officer = UserFactory()
    services.revoke_card(card, actor=officer, at=now())

    with pytest.raises(services.CardNotCurrent):
        services.revoke_card(card, actor=officer, at=now())
    with pytest.raises(services.CardNotCurrent):
        services.set_name_shown(card, shows_name=True, actor=officer, at=now())

    assert AuditEvent.objects.filter(action="members.card_revoke").count() == 1


# The status page


SENTENCES = [
    (Standing.ACTIVE, "The holder is an active member of the League."),
    (Standing.GRACE, "The holder is an active member of the League."),
    (Standing.SUSPENDED, "The membership is suspended."),
    (Standing.LAPSED, "The membership has lapsed."),
    (Standing.EXPELLED, "The holder is no longer a member of the League."),
    (Standing.RESIGNED, "The holder is no longer a member of the League."),
    (Standing.DECEASED, "The holder is no longer a member of the League."),
]


@pytest.mark.parametrize(("standing", "sentence"), SENTENCES)
def test_card_check_says_the_standing_in_words(
    standing: Standing, sentence: str, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    membership = member_in(standing)
    card = CardToken.objects.create(membership=membership, issued_at=now())

    page = check(client, card)

    assert sentence in page
    assert membership.number in page
    assert "Kazakhstan" in page
    assert membership.user.name_native not in page
    assert membership.user.email not in page


def test_card_check_reads_rows_and_not_the_cached_standing(
    client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    membership = MembershipFactory()
    card = card_of(membership)
    SanctionFactory(membership=membership)

    assert membership.standing == Standing.ACTIVE
    assert "The membership is suspended." in check(client, card)


def test_card_check_names_the_last_day_of_grace(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    membership = MembershipFactory(paid=370)
    card = card_of(membership)

    result = services.check_card(card.token, at=now())

    assert result is not None
    end = league_day() - dt.timedelta(days=370) + dt.timedelta(days=364 + 45)
    assert result.state.until == end
    assert str(end.year) in check(client, card)


def test_card_check_counts_days_in_the_time_of_the_chapter() -> None:
    chapter = ChapterFactory(time_zone="Asia/Almaty")
    membership = MembershipFactory(chapter=chapter, paid=0)
    card = card_of(membership)
    last = membership.periods.get().ends_on + dt.timedelta(days=45)  # of grace
    late = dt.datetime.combine(last, dt.time(20), tzinfo=dt.UTC)  # the next day in Almaty

    result = services.check_card(card.token, at=late)

    assert result is not None
    assert result.checked_at.date() == last + dt.timedelta(days=1)
    assert result.state.standing == Standing.LAPSED


def test_card_check_is_kept_out_of_indexes_and_referrers(
    client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    response = client.get(f"/card/{card_of(MembershipFactory()).token}/")

    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]


def test_card_check_of_an_unknown_token(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    response = client.get("/en/card/0000000000000000000000/")

    assert response.status_code == 404
    assert "The League has issued no card with this code." in response.content.decode()
    assert response["Referrer-Policy"] == "no-referrer"


def test_card_check_is_rate_limited(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    path = "/en/card/0000000000000000000000/"

    statuses = [client.get(path).status_code for _number in range(61)]

    assert set(statuses[:60]) == {404}
    assert statuses[60] == 429


def test_name_is_shown_by_choice_where_the_country_allows(
    client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    profile = SafetyProfileFactory(directory_public_allowed=True)
    membership = MembershipFactory()
    card = card_of(membership)
    client.force_login(membership.user)

    client.post(f"{CARD}name/", {"shows_name": "1"})
    client.logout()

    assert membership.user.name_native in check(client, card)
    replaced = services.replace_card(membership, actor=membership.user, at=now())
    assert membership.user.name_native in check(client, replaced)
    profile.directory_public_allowed = False
    profile.save()
    assert membership.user.name_native not in check(client, replaced)


def test_name_is_never_shown_where_the_country_forbids(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    membership = MembershipFactory()
    card = card_of(membership)
    client.force_login(membership.user)

    page = client.post(f"{CARD}name/", {"shows_name": "1"}, follow=True).content.decode()

    assert "In your country the League shows no member’s name to everybody." in page
    card.refresh_from_db()
    assert not card.shows_name


# The member's page


def test_card_page_issues_the_card_once(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    membership = MembershipFactory()
    client.force_login(membership.user)

    page = client.get(CARD).content.decode()
    client.get(CARD)

    card = CardToken.objects.get(membership=membership)
    assert "data:image/svg+xml" in page
    assert membership.number in page
    address = services.card_address(card)
    assert address.endswith(f"/card/{card.token}/")
    assert membership.number not in address


def test_card_page_after_revocation_offers_a_new_one(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    membership = MembershipFactory()
    services.revoke_card(card_of(membership), actor=UserFactory(), at=now())
    client.force_login(membership.user)

    page = client.get(CARD).content.decode()
    assert "Your card was revoked on" in page
    assert "data:image/svg+xml" not in page
    client.post(f"{CARD}replace/")

    assert CardToken.objects.current().filter(membership=membership).count() == 1


def test_card_page_of_who_is_no_member(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    client.force_login(UserFactory())

    assert "You have no card" in client.get(CARD).content.decode()
    assert client.get(f"{CARD}card.pdf").status_code == 404
    assert client.post(f"{CARD}replace/").status_code == 404
    assert client.post(f"{CARD}name/").status_code == 404


@pytest.mark.parametrize("path", ["", "card.pdf"])
def test_card_pages_ask_visitors_to_sign_in(path: str, client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    assert "/account/login/" in client.get(CARD + path)["Location"]


def test_card_of_an_expelled_member_cannot_be_had(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    membership = member_in(Standing.EXPELLED)
    client.force_login(membership.user)

    page = client.get(CARD).content.decode()
    answer = client.post(f"{CARD}replace/", follow=True).content.decode()

    assert "data:image" not in page
    assert "There is no card any more: the membership has ended." in answer


def test_card_pdf_has_the_size_of_a_bank_card(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    membership = MembershipFactory(user__name_native="Айгүл Сұлтанқызы", user__name_latin="Aigul Sultankyzy")
    card_of(membership)
    client.force_login(membership.user)

    response = client.get(f"{CARD}card.pdf")

    document = pypdfium2.PdfDocument(response.content)
    text = document[0].get_textpage().get_text_range()
    assert len(document) == 1
    assert [round(length / 72 * 25.4, 1) for length in document[0].get_size()] == [85.6, 54.0]
    assert membership.number in text
    assert "Aigul Sultankyzy" in text
    assert membership.user.email not in text


def test_card_pdf_is_not_printed_while_suspended(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    membership = member_in(Standing.SUSPENDED)
    card_of(membership)
    client.force_login(membership.user)

    page = client.get(f"{CARD}card.pdf", follow=True).content.decode()

    assert "A card can be printed while the membership is active" in page


def test_card_pdf_with_a_letter_that_cannot_be_printed(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    membership = MembershipFactory(user__name_native="漢字")
    card = card_of(membership)
    client.force_login(membership.user)

    with pytest.raises(TextNotPrintable):
        render_card(
            card, membership=membership, state=services.CardState(Standing.ACTIVE), language="ru", on=league_day()
        )
    page = client.get(f"{CARD}card.pdf", follow=True).content.decode()

    assert "a name has a letter that cannot be printed" in page


def test_card_pages_queries(
    client: Client, catalogues: dict[str, CourseIndexPage], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    membership = MembershipFactory()
    client.force_login(membership.user)
    client.get(CARD)
    path = f"/en/card/{CardToken.objects.get().token}/"
    client.get(path)

    with django_assert_num_queries(8):
        client.get(CARD)
    client.logout()
    with django_assert_num_queries(5):
        client.get(path)


# The office


@pytest.fixture
def officer(catalogues: dict[str, CourseIndexPage], settings: Settings, client: Client) -> User:
    """An officer of the chapter of Kazakhstan, signed in."""
    settings.REQUIRE_STAFF_MFA = False
    user = OfficeTermFactory().user
    client.force_login(user)
    return user


def test_office_revokes_cards_of_its_chapter_only(officer: User, client: Client) -> None:
    here = card_of(MembershipFactory())
    there = card_of(MembershipFactory(chapter=ChapterFactory(country=Country.KYRGYZSTAN), number="KG-00001"))

    page = client.get("/admin/cards/").content.decode()
    assert here.membership.number in page
    assert there.membership.number not in page
    assert there.membership.number not in client.get("/admin/cards/?number=KG-00001").content.decode().replace(
        'value="KG-00001"', ""
    )
    assert client.post(f"/admin/cards/{there.pk}/revoke/").status_code == 404
    client.post(f"/admin/cards/{here.pk}/revoke/")
    client.post(f"/admin/cards/{here.pk}/revoke/")

    here.refresh_from_db()
    there.refresh_from_db()
    assert here.revocation == CardRevocation.OFFICE
    assert there.revoked_at is None


def test_office_of_cards_is_closed_to_others(client: Client, officer: User) -> None:
    card = card_of(MembershipFactory())
    superuser = User.objects.create_superuser("root@example.org", "four unrelated quiet words", name_native="Root")
    reviewer = OfficeTermFactory(role=OfficeRole.CHAPTER_REVIEWER).user

    for user in (superuser, reviewer):
        client.force_login(user)
        assert client.get("/admin/cards/").status_code == 302
        assert client.post(f"/admin/cards/{card.pk}/revoke/").status_code == 302

    card.refresh_from_db()
    assert card.revoked_at is None


@pytest.mark.parametrize("count", [1, 3, 30])
def test_office_list_of_cards_queries(
    count: int, officer: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for membership in MembershipFactory.create_batch(count):
        card_of(membership)
    client.get("/admin/cards/")

    with django_assert_num_queries(12):  # one writes into the audit log that somebody looked
        response = client.get("/admin/cards/")

    assert len(response.context["page_obj"].object_list) == count
