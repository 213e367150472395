"""The members of the demo world: loaded once for all tests of this module."""

import datetime as dt

import pytest
from django.http import QueryDict

from accounts.models import User
from demo.loader import load_membership, read_demo
from demo.loader.reset import FICTIONAL
from members.choices import CommitteeRole, Country, CpdClaimStatus, Currency, OfficeRole, Standing, Trait
from members.filters.directory import DirectoryFilter
from members.models import (
    Application,
    Committee,
    CommitteeMember,
    CpdClaim,
    CpdEntry,
    HardshipRequest,
    Invoice,
    Licence,
    LicenceCheck,
    Membership,
    MembershipPeriod,
    NumberCounter,
    OfficeTerm,
    Payment,
    Profile,
    ProfileTag,
    Receipt,
    TierPrice,
    Transfer,
    sight_of,
)
from members.rules.standing import standing_on
from members.services.profiles import tags_of
from notifications.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded_at")]

FICTIONAL_MEMBER = r"^[a-z]{2}\d{3}@"


def user(email: str) -> User:
    return User.objects.get(email=email)


def test_members_reach_every_standing_in_every_country(loaded_at: dt.datetime) -> None:
    fictional = Membership.objects.filter(user__email__regex=FICTIONAL_MEMBER)
    assert fictional.count() == 160
    for country in Country:
        reached = set(fictional.filter(chapter__country=country).values_list("standing", flat=True))
        assert reached >= set(Standing) - {Standing.NONE}, country
    derived = {row.pk: standing_on(row.facts(), loaded_at.date()) for row in Membership.objects.with_facts()}
    assert derived == dict(Membership.objects.values_list("pk", "standing"))


def test_members_have_numbers_of_their_own_licences_and_prices(loaded_at: dt.datetime) -> None:
    full = Membership.objects.filter(tier__needs_licence=True)
    holders = Licence.objects.filter(user__membership__in=full).values("user")
    assert full.exclude(user__in=holders).count() == 0
    assert TierPrice.objects.count() == 29
    without = User.objects.filter(membership__isnull=True).exclude(email__regex=FICTIONAL)
    assert without.values_list("email", flat=True).get() == "applicant@example.org"
    assert not MembershipPeriod.objects.filter(starts_on__gt=loaded_at.date()).exists()
    for counter in NumberCounter.objects.filter(series__startswith="member:"):
        assert Membership.objects.filter(number__startswith=counter.series[-2:]).count() == counter.last


def test_licences_came_to_their_state_by_a_check_of_somebody_else() -> None:
    checked = Licence.objects.exclude(state="unchecked")

    for licence in checked.prefetch_related("checks"):
        latest = max(licence.checks.all(), key=lambda check: check.checked_at)
        assert (latest.state, latest.checked_by_id != licence.user_id) == (licence.state, True)
    assert LicenceCheck.objects.count() >= checked.count() > 100


def test_every_chapter_has_its_officers() -> None:
    for role in (OfficeRole.CHAPTER_OFFICER, OfficeRole.CHAPTER_REVIEWER):
        terms = OfficeTerm.objects.filter(role=role)
        assert set(terms.values_list("chapter__country", flat=True)) == set(Country)
        assert set(terms.values_list("user__membership__standing", flat=True)) == {Standing.ACTIVE}


def test_nobody_is_told_anything() -> None:
    assert not Event.objects.exists()


# Dues


def test_invoices_are_in_every_state_and_in_the_currencies_of_all_chapters(loaded_at: dt.datetime) -> None:
    invoices, today = Invoice.objects.with_balance(), loaded_at.date()
    open_ones = invoices.open()
    states = {
        "paid": invoices.filter(settled_at__isnull=False, waived=0),
        "open": open_ones.filter(due_on__gte=today),
        "overdue": open_ones.filter(due_on__lt=today, fulfilled_at=None),
        "partly paid": open_ones.filter(paid__gt=0),
        "waived": invoices.filter(settled_at__isnull=False, waived__gt=0, paid=0),
        "waived in part": invoices.filter(settled_at__isnull=False, waived__gt=0, paid__gt=0),
        "reversed": open_ones.filter(fulfilled_at__isnull=False, paid=0),
        "voided": invoices.filter(voided_at__isnull=False),
    }
    assert {name for name, rows in states.items() if not rows.exists()} == set()
    assert set(Invoice.objects.values_list("currency", flat=True)) == set(Currency) - {Currency.USD, Currency.EUR}
    assert set(HardshipRequest.objects.values_list("is_granted", flat=True)) == {None, True, False}


def test_what_is_settled_adds_up_and_what_is_not_does_not() -> None:
    for invoice in Invoice.objects.with_balance():
        remains = invoice.amount - invoice.paid - invoice.waived
        assert (remains == 0) == (invoice.settled_at is not None), invoice
        assert remains >= 0


def test_every_payment_has_its_receipt_and_every_series_is_dense() -> None:
    assert Receipt.objects.count() == Payment.objects.count() > 60
    assert Payment.objects.filter(reverses__isnull=False).count() == 2
    counted = {"invoice": Invoice, "receipt": Receipt, "application": Application}
    for counter in NumberCounter.objects.exclude(series__startswith="member:"):
        kind, series = counter.series.split(":")
        rows = counted[kind]._default_manager.filter(number__contains=series)
        numbers = sorted(int(number[-5:]) for number in rows.values_list("number", flat=True))
        assert numbers == list(range(1, counter.last + 1)), counter.series


# Professional development


def test_claims_are_in_every_state_and_a_recorded_one_was_taken_back() -> None:
    assert set(CpdClaim.objects.values_list("status", flat=True)) == set(CpdClaimStatus)
    accepted = CpdClaim.objects.filter(status=CpdClaimStatus.ACCEPTED)
    assert accepted.count() == CpdEntry.objects.filter(claim__isnull=False).count() > 50
    reversals = CpdEntry.objects.filter(reverses__isnull=False).select_related("reverses")
    assert [row.minutes + row.reverses.minutes for row in reversals if row.reverses is not None] == [0, 0]
    assert CpdClaim.objects.visible_to(user("advocate@example.org")).count() >= 3
    assert CpdClaim.objects.in_office(user("officer@example.org")).waiting().exists()


# Committees


def test_committees_have_a_chair_and_members_of_the_league(loaded_at: dt.datetime) -> None:
    today = loaded_at.date()
    current = Committee.objects.current(today)

    assert current.count() == Committee.objects.count() - 1
    assert Committee.objects.filter(is_listed=False).count() == 1
    assert set(Committee.objects.values_list("kind", flat=True)) == {"committee", "working_group"}
    for committee in current:
        seats = committee.members.current(today)
        assert seats.filter(role=CommitteeRole.CHAIR).count() == 1
        assert not seats.exclude(user__membership__standing__in=[Standing.ACTIVE, Standing.GRACE]).exists()
    assert CommitteeMember.objects.filter(ends_on__lt=today).exists()


def test_transfers_wait_are_half_agreed_refused_and_taken_back() -> None:
    transfers = Transfer.objects.all()

    assert transfers.open().filter(new_agreed_at=None).count() == 1
    assert transfers.open().exclude(new_agreed_at=None).count() == 1
    assert transfers.exclude(refusal="").count() == 1
    assert transfers.filter(refusal="").exclude(ended_at=None).count() == 1


# The directory


@pytest.mark.parametrize(
    "query",
    [
        "country=KG",
        "city=Самарканд",
        "region=Хатлонская область",
        "language=kk",
        "language=en",
        "area=jury",
        "area=migration",
        "q=Нурпеисова",
        "q=Kassymbekov",
        *[f"trait={trait}" for trait in Trait],
    ],
)
def test_directory_filters_find_somebody_and_not_everybody(query: str) -> None:
    sight = sight_of(user("advocate@example.org"))
    everybody = Profile.objects.listed_for(sight)

    found = DirectoryFilter(QueryDict(query), queryset=everybody, sight=sight).qs.count()

    assert 0 < found < everybody.count()


def test_visitors_find_those_who_chose_so_and_only_where_it_is_safe() -> None:
    shown = Profile.objects.listed_for(sight_of(None))  # type: ignore[arg-type]  # nobody, as a visitor is

    assert {profile.chapter.country for profile in shown.select_related("chapter")} == {"KZ", "KG", "UZ"}


def test_index_of_the_directory_is_that_of_the_service() -> None:
    for profile in Profile.objects.select_related("user", "chapter").prefetch_related("tags"):
        assert {(tag.kind, tag.code): tag.audience for tag in profile.tags.all()} == tags_of(profile)
        assert profile.sort_name
    assert ProfileTag.objects.count() > 2000
    assert Profile.objects.exclude(bio="").count() > 100


def test_loading_again_changes_nothing(loaded_at: dt.datetime) -> None:
    models = (User, Membership, MembershipPeriod, Profile, Invoice, Receipt, CpdEntry, Committee, OfficeTerm, Licence)
    before = [list(model._default_manager.order_by("pk").values()) for model in models]

    load_membership(read_demo(), at=loaded_at + dt.timedelta(days=1))

    assert [list(model._default_manager.order_by("pk").values()) for model in models] == before
