"""Reports: right on any day, about the chapters of one's offices, and never a formula in a file."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext as _
from pytest_django import DjangoAssertNumQueries, Settings

from audit.models import AuditEvent
from courses.models import CourseIndexPage
from members.choices import (
    ApplicationKind,
    ApplicationStatus,
    Audience,
    Country,
    Currency,
    DecisionReason,
    DecisionStep,
    OfficeRole,
    SanctionKind,
    Standing,
)
from members.models import Chapter, Decision, Membership, Payment, Profile, Waiver, league_day
from members.models.transfers import Transfer
from members.rules.standing import standing_on
from members.services import reports
from members.services.cpd import record_course, reverse_course
from members.services.memberships import refresh_standing
from members.services.reports import Scope, Table, safe_cell, to_csv
from members.services.reports.members import pool_small
from members.services.reports.suppressed import suppress
from members.services.standings import read_records, with_standing
from members.viewsets.reports import REPORTS
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory
from tests.factories.membership import (
    ApplicationFactory,
    InvoiceFactory,
    LicenceFactory,
    MembershipFactory,
    PeriodFactory,
    SafetyProfileFactory,
    SanctionFactory,
    TierFactory,
)
from tests.factories.office import holder_of

pytestmark = pytest.mark.django_db

ROOT = "/admin/membership-reports/"
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def roles(catalogues: dict[str, CourseIndexPage], settings: Settings) -> None:
    settings.REQUIRE_STAFF_MFA = False


@pytest.fixture
def chapter() -> Chapter:
    made: Chapter = ChapterFactory()
    return made


def scope(*chapters: Chapter, on: dt.date | None = None) -> Scope:
    return Scope(chapters, on or league_day())


def line(table: Table, *first: str) -> list[object]:
    """Return the numbers of the row that begins with these cells."""
    [found] = [row for row in table.rows if row[: len(first)] == list(first)]
    return found[len(first) :]


# What the numbers are


def test_standing_of_a_past_day_is_counted(chapter: Chapter) -> None:
    MembershipFactory(chapter=chapter, paid=400)  # ended 36 days ago: in grace
    MembershipFactory(chapter=chapter, paid=30)
    suspended = MembershipFactory(chapter=chapter, paid=100)
    SanctionFactory(membership=suspended, starts_on=league_day() - 10 * DAY)

    now = reports.members_by_standing(scope(chapter))
    before = reports.members_by_standing(scope(chapter, on=league_day() - 40 * DAY))

    names = [str(chapter), str(TierFactory())]
    assert line(now, *names)[:4] == [1, 1, 1, 0]  # active, grace, suspended, lapsed
    assert line(before, *names)[:4] == [2, 0, 0, 0]


def test_kind_and_chapter_are_those_of_the_day(chapter: Chapter) -> None:
    other = ChapterFactory(country=Country.KYRGYZSTAN)
    trainee = TierFactory(code="trainee", name_ru="Стажёр", name_en="Trainee")
    membership = MembershipFactory(chapter=other, paid=-1)
    PeriodFactory(membership=membership, tier=trainee, starts_on=league_day() - 400 * DAY)
    PeriodFactory(membership=membership, tier=TierFactory(), starts_on=league_day() - 35 * DAY)
    Transfer.objects.create(
        membership=membership,
        from_chapter=chapter,
        to_chapter=other,
        asked_at=timezone.now() - 30 * DAY,
        completed_at=timezone.now() - 20 * DAY,
    )

    then = reports.members_by_standing(scope(chapter, on=league_day() - 100 * DAY))

    assert line(then, str(chapter), str(trainee))[0] == 1
    assert reports.members_by_standing(scope(chapter)).rows == []
    assert line(reports.members_by_standing(scope(other)), str(other), str(TierFactory()))[0] == 1


Change = Callable[[Membership, dt.date], None]


def suspend(membership: Membership, on: dt.date) -> None:
    SanctionFactory(membership=membership, starts_on=on)


def suspend_and_lift(membership: Membership, on: dt.date) -> None:
    SanctionFactory(membership=membership, starts_on=on, lifted_on=on + 5 * DAY)


def expel(membership: Membership, on: dt.date) -> None:
    SanctionFactory(membership=membership, kind=SanctionKind.EXPULSION, starts_on=on)


def resign(membership: Membership, on: dt.date) -> None:
    Membership.objects.filter(pk=membership.pk).update(resigned_on=on)


def die(membership: Membership, on: dt.date) -> None:
    Membership.objects.filter(pk=membership.pk).update(deceased_on=on)


def propose_only(membership: Membership, on: dt.date) -> None:
    SanctionFactory(membership=membership, starts_on=on, confirmed_at=None)


def renew(membership: Membership, on: dt.date) -> None:
    PeriodFactory(membership=membership, starts_on=league_day() - 300 * DAY + 365 * DAY)


A, S = Standing.ACTIVE, Standing.SUSPENDED


@pytest.mark.parametrize(
    ("change", "before", "after", "now"),
    [
        (suspend, A, S, S),
        (suspend_and_lift, A, S, A),
        (expel, A, Standing.EXPELLED, Standing.EXPELLED),
        (resign, A, Standing.RESIGNED, Standing.RESIGNED),
        (die, A, Standing.DECEASED, Standing.DECEASED),
        (propose_only, A, A, A),
        (renew, A, A, A),
    ],
)
def test_what_happened_later_changes_no_standing_of_an_earlier_day(
    change: Change, before: Standing, after: Standing, now: Standing, chapter: Chapter
) -> None:
    """Something happened 20 days ago: the days before know nothing of it, whatever the cached standing says."""
    happened_on = league_day() - 20 * DAY
    membership = MembershipFactory(chapter=chapter, paid=300)
    change(membership, happened_on)
    refresh_standing(membership, on=league_day())
    days = (happened_on - 280 * DAY, happened_on - DAY, happened_on, league_day())

    for day, standing in zip(days, (before, before, after, now), strict=True):
        found = reports.members_by_standing(scope(chapter, on=day))
        column = found.columns.index(str(standing.label))
        assert found.totals[column] == 1, (day, standing)
        rows = Membership.objects.all()
        assert with_standing(read_records(rows, on=day), standing, day) == [membership.pk]


def test_kind_of_a_past_day_is_the_one_before_a_change(chapter: Chapter) -> None:
    trainee = TierFactory(code="trainee", name_ru="Стажёр", name_en="Trainee")
    membership = MembershipFactory(chapter=chapter, tier=trainee)
    Membership.objects.update(tier=TierFactory())
    ApplicationFactory(
        user=membership.user,
        kind=ApplicationKind.TIER,
        tier=TierFactory(),
        status=ApplicationStatus.COMPLETED,
        closed_at=timezone.now() - 10 * DAY,
    )

    then = reports.members_by_standing(scope(chapter, on=league_day() - 12 * DAY))
    now = reports.members_by_standing(scope(chapter))

    assert line(then, str(chapter), str(trainee))[0] == 1
    assert line(now, str(chapter), str(TierFactory()))[0] == 1


def test_plain_rows_give_the_standing_that_the_membership_gives(chapter: Chapter) -> None:
    """What reports read in bulk is what one membership says of itself, on every day of two years."""
    made = [MembershipFactory(chapter=chapter, paid=days) for days in (30, 380, 420, 700)]
    SanctionFactory(membership=made[1], starts_on=league_day() - 40 * DAY, ends_on=league_day() - 2 * DAY)
    SanctionFactory(membership=made[2], starts_on=league_day() - 90 * DAY, lifted_on=league_day() - 50 * DAY)
    SanctionFactory(membership=made[3], kind=SanctionKind.EXPULSION, starts_on=league_day() - 3 * DAY)
    records = {record.pk: record for record in read_records(type(made[0]).objects.all(), on=league_day())}

    for membership in made:
        for days in range(0, 730, 7):
            on = league_day() - days * DAY
            assert records[membership.pk].standing(on) == standing_on(membership.facts(), on)


def test_movement_adds_up(chapter: Chapter) -> None:
    MembershipFactory(chapter=chapter, paid=10)
    MembershipFactory(chapter=chapter, paid=364 + 46 + 100)  # lapsed 100 days ago
    MembershipFactory(chapter=chapter, paid=300, resigned_on=league_day() - 5 * DAY)

    table = reports.joins_and_leaves(scope(chapter))

    assert len(table.rows) == 12
    assert table.totals[1:] == [2, 2, 0]
    assert table.rows[-1][0] != table.rows[0][0]


def test_renewals_by_month_of_the_end(chapter: Chapter) -> None:
    renewed = MembershipFactory(chapter=chapter, paid=-1)
    end = league_day() - 40 * DAY
    PeriodFactory(membership=renewed, starts_on=end - 364 * DAY, ends_on=end)
    PeriodFactory(membership=renewed, starts_on=end + DAY)
    returned = MembershipFactory(chapter=chapter, paid=-1)
    PeriodFactory(membership=returned, starts_on=end - 364 * DAY, ends_on=end)
    PeriodFactory(membership=returned, starts_on=end + 30 * DAY)
    lost = MembershipFactory(chapter=chapter, paid=-1)
    PeriodFactory(membership=lost, starts_on=end - 364 * DAY, ends_on=end)

    table = reports.renewals_by_cohort(scope(chapter))
    earlier = reports.renewals_by_cohort(scope(chapter, on=end + 5 * DAY))

    assert table.totals[1:] == [3, 1, 1, 33]
    assert earlier.totals[1:] == [3, 1, 0, 33]


@pytest.mark.parametrize(
    ("numbers", "least", "shown"),
    [
        ([0, 0, 0], 5, [0, 0, 0]),
        ([5, 20, 0], 5, [5, 20, 0]),
        ([4, 20, 30], 5, [None, None, 30]),  # alone it would be found by subtraction
        ([2, 3, 30], 5, [None, None, 30]),
        ([1, 2, 30], 5, [None, None, None]),
        ([3, 0, 20], 5, [None, None, None]),  # a nought protects nobody
        ([4, 0, 0], 5, [None, None, None]),
        ([9, 20, 30], 10, [None, None, 30]),
        ([9, 20, 30], 5, [9, 20, 30]),
        ([], 5, []),
    ],
)
def test_suppress(numbers: list[int], least: int, shown: list[int | None]) -> None:
    assert suppress(numbers, least) == shown


def members_with_hours(chapter: Chapter, *hours: int) -> list[Membership]:
    made = [MembershipFactory(chapter=chapter) for _hours in hours]
    for membership, number in zip(made, hours, strict=True):
        if number:
            on = league_day()
            record_course(membership.user, key=f"c:{number}", title="x", minutes=60 * number, on=on, at=timezone.now())
    return made


def test_hours_of_development(chapter: Chapter) -> None:
    SafetyProfileFactory(country=chapter.country, chapter_size_shown=True)
    hidden = ChapterFactory(country=Country.TAJIKISTAN)
    made = members_with_hours(chapter, *[0] * 5, *[9] * 6, *[40] * 5)
    reverse_course(made[10].user, key="c:9", reason="Error", actor=None, at=timezone.now())
    members_with_hours(hidden, *[0] * 9)

    table = reports.hours_of_development(scope(chapter, hidden))
    before = reports.hours_of_development(scope(chapter, on=league_day() - DAY))

    assert line(table, str(chapter)) == [6, 5, 0, 0, 5]
    assert set(line(table, str(hidden))) == {_("not shown")}
    assert line(before, str(chapter)) == [16, 0, 0, 0, 0]
    assert table.totals == []


def test_choices_in_the_directory(chapter: Chapter) -> None:
    SafetyProfileFactory(country=chapter.country, chapter_size_shown=True)
    hidden = ChapterFactory(country=Country.TAJIKISTAN)
    for place, audience in ((chapter, Audience.NOBODY), (chapter, Audience.MEMBERS), (hidden, Audience.MEMBERS)):
        made = [MembershipFactory(chapter=place).user.pk for _number in range(6)]
        Profile.objects.filter(user__in=made).update(name_audience=audience)
    MembershipFactory(chapter=chapter, paid=600)  # lapsed: in no directory

    table = reports.directory_choices(scope(chapter, hidden))

    assert line(table, str(chapter)) == [6, 0, 6, 0, 50]
    assert set(line(table, str(hidden))) == {_("not shown")}
    assert table.chart is not None
    assert table.chart.labels == [str(chapter)]


def decided(chapter: Chapter, *, days: int, spent: int, at: dt.datetime | None = None, reason: str = "") -> None:
    at = at or timezone.now() - DAY
    application = ApplicationFactory(
        chapter=chapter,
        status=ApplicationStatus.REJECTED,
        submitted_at=at - days * DAY,
        clock_spent=spent * DAY,
        closed_at=at,
    )
    Decision.objects.create(
        application=application,
        step=DecisionStep.LEAGUE,
        is_positive=not reason,
        reason_code=reason,
        decided_by=UserFactory(),
        decided_at=at,
    )


def test_time_to_a_decision(chapter: Chapter) -> None:
    decided(chapter, days=10, spent=5)
    decided(chapter, days=20, spent=20)
    decided(chapter, days=60, spent=45)
    decided(chapter, days=60, spent=45, at=timezone.now() - 500 * DAY)
    ApplicationFactory(
        chapter=chapter,
        status=ApplicationStatus.SUBMITTED,
        submitted_at=timezone.now() - 50 * DAY,
        clock_started_at=timezone.now() - 50 * DAY,
    )
    ApplicationFactory(chapter=chapter, status=ApplicationStatus.SUBMITTED)
    ApplicationFactory(chapter=chapter)

    table = reports.decision_times(scope(chapter))

    assert line(table, str(chapter)) == [3, 20.0, 60.0, 1, 2, 1]


def test_reasons_are_counted_by_step(chapter: Chapter) -> None:
    for reason in (DecisionReason.CONDUCT, DecisionReason.CONDUCT, DecisionReason.INCOMPLETE):
        decided(chapter, days=1, spent=1, reason=reason)
    decided(ChapterFactory(country=Country.UZBEKISTAN), days=1, spent=1, reason=DecisionReason.OTHER)

    table = reports.rejection_reasons(scope(chapter))

    assert line(table, str(DecisionReason.CONDUCT.label)) == [0, 2, 0]
    assert len(table.rows) == 2


def test_dues_by_currency_and_day(chapter: Chapter) -> None:
    member = MembershipFactory(chapter=chapter)
    paid = InvoiceFactory(membership=member, issued_on=league_day() - 70 * DAY, settled_at=timezone.now())
    Payment.objects.create(
        invoice=paid,
        amount=Decimal("20000.50"),
        method="bank",
        received_on=league_day() - 5 * DAY,
        recorded_at=timezone.now(),
    )
    Waiver.objects.create(
        invoice=paid,
        kind="hardship",
        amount=Decimal("9999.50"),
        reason="…",
        decided_by=member.user,
        decided_at=timezone.now(),
    )
    InvoiceFactory(membership=MembershipFactory(chapter=chapter), currency=Currency.USD, amount=Decimal("50.10"))
    InvoiceFactory(membership=MembershipFactory(chapter=chapter), amount=Decimal(7), voided_at=timezone.now())

    table = reports.dues_by_currency(scope(chapter))

    assert line(table, "KZT") == [Decimal("30000.00"), Decimal("20000.50"), Decimal("9999.50")]
    assert line(table, "USD") == [Decimal("50.10"), Decimal("0.00"), Decimal("0.00")]


@pytest.mark.parametrize(
    ("late", "place"), [(-1, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4)]
)
def test_debts_by_age(late: int, place: int, chapter: Chapter) -> None:
    due_on = league_day() - late * DAY
    invoice = InvoiceFactory(membership=MembershipFactory(chapter=chapter), issued_on=due_on - 30 * DAY, due_on=due_on)
    Payment.objects.create(
        invoice=invoice, amount=Decimal(10000), method="cash", received_on=due_on - 3 * DAY, recorded_at=timezone.now()
    )

    owed = line(reports.aged_debts(scope(chapter)), "KZT")

    assert owed == [Decimal(20000) if number == place else Decimal(0) for number in range(5)] + [Decimal(20000)]


def test_debt_of_a_past_day_knows_no_later_payment(chapter: Chapter) -> None:
    invoice = InvoiceFactory(membership=MembershipFactory(chapter=chapter), issued_on=league_day() - 50 * DAY)
    Payment.objects.create(
        invoice=invoice,
        amount=invoice.amount,
        method="bank",
        received_on=league_day() - 5 * DAY,
        recorded_at=timezone.now(),
    )

    assert reports.aged_debts(scope(chapter)).rows == []
    assert line(reports.aged_debts(scope(chapter, on=league_day() - 6 * DAY)), "KZT")[1] == Decimal(30000)


def test_licences_due(chapter: Chapter) -> None:
    for days in (-3, 0, 10, 50):
        user = MembershipFactory(chapter=chapter).user
        LicenceFactory(user=user, state="verified", recheck_on=league_day() + days * DAY)
    LicenceFactory(user=MembershipFactory(chapter=chapter).user, valid_until=league_day() - DAY)

    assert line(reports.licence_checks(scope(chapter)), str(chapter)) == [1, 2, 1, 1, 1]


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([("A", 9), ("B", 6)], [("A", 9), ("B", 6)]),
        ([("A", 9), ("B", 6), ("C", 2)], [("A", 9), ("others", 8)]),
        ([("A", 9), ("C", 4), ("D", 3)], [("A", 9), ("others", 7)]),
        ([("A", 9), ("C", 4)], [("others", 13)]),
        ([("C", 2), ("D", 1)], [("others", 3)]),
        ([("", 7)], [("unnamed", 7)]),
        ([], []),
    ],
)
def test_no_small_number_can_be_computed(counts: list[tuple[str, int]], shown: list[tuple[str, int]]) -> None:
    assert pool_small(counts, "others", "unnamed") == shown


def test_small_places_are_hidden(chapter: Chapter) -> None:
    for _number in range(3):
        member = MembershipFactory(chapter=chapter)
        Profile.objects.filter(user=member.user).update(city="Астана")

    [row] = reports.members_by_place(scope(chapter)).rows

    assert "Астана" not in row
    assert 3 not in row


# The file


@pytest.mark.parametrize("text", ["=1+1", "+7 701", "-2", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    assert f"'{text}" in next(csv.reader(io.StringIO(to_csv(Table([text], [])), newline="")))


def test_numbers_stay_numbers() -> None:
    assert to_csv(Table(["a"], [[-3, Decimal("-1.50"), None]])) == "a\r\n-3,-1.50,\r\n"


def test_export_is_on_record_with_its_purpose(chapter: Chapter, client: Client) -> None:
    officer = holder_of(OfficeRole.CHAPTER_OFFICER, chapter)
    MembershipFactory(chapter=chapter)
    client.force_login(officer)

    response = client.post(
        f"{ROOT}members/export/", {"on": "", "chapter": "", "purpose": "General assembly of the year"}
    )

    assert response["Content-Disposition"].startswith('attachment; filename="members-')
    assert response.content.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert rows[1][2] == "1"
    event = AuditEvent.objects.get(action="members.report_exported")
    assert event.actor_id == officer.pk
    assert event.detail["purpose"] == "General assembly of the year"
    assert event.detail["chapters"] == [chapter.pk]


def test_export_without_a_purpose_is_refused(chapter: Chapter, client: Client) -> None:
    client.force_login(holder_of(OfficeRole.CHAPTER_OFFICER, chapter))
    MembershipFactory(chapter=chapter)

    response = client.post(f"{ROOT}members/export/", {"purpose": ""})

    assert response.status_code == 422
    assert not AuditEvent.objects.filter(action="members.report_exported").exists()


# Whose numbers


def test_reports_are_about_reached_chapters(chapter: Chapter, client: Client) -> None:
    city = Chapter.objects.create(
        country=Country.KAZAKHSTAN, parent=chapter, name_ru="Город", name_en="City", city="Астана"
    )
    other = ChapterFactory(country=Country.UZBEKISTAN)
    for one in (chapter, city, other):
        MembershipFactory(chapter=one)
    client.force_login(holder_of(OfficeRole.CHAPTER_OFFICER, chapter))

    table = client.get(f"{ROOT}members/").context["table"]
    asked = client.get(f"{ROOT}members/?chapter={other.pk}")

    assert table.totals[-1] == 2
    assert asked.status_code == 422
    assert asked.context["table"].totals[-1] == 2


def test_registrar_sees_the_league_and_may_narrow_it(chapter: Chapter, client: Client) -> None:
    for one in (chapter, ChapterFactory(country=Country.UZBEKISTAN)):
        MembershipFactory(chapter=one)
    client.force_login(holder_of(OfficeRole.REGISTRAR))

    assert client.get(f"{ROOT}members/").context["table"].totals[-1] == 2
    assert client.get(f"{ROOT}members/?chapter={chapter.pk}").context["table"].totals[-1] == 1


READERS = {
    OfficeRole.CHAPTER_REVIEWER: {"members", "movement", "renewals", "places", "decisions", "reasons", "licences"}
    | {"development", "directory"},
    OfficeRole.TREASURER: {"members", "movement", "renewals", "places", "dues", "debts"},
    OfficeRole.ETHICS: {"members", "movement", "renewals", "places"},
    OfficeRole.CHAPTER_OFFICER: {report.code for report in REPORTS},
    OfficeRole.REGISTRAR: {report.code for report in REPORTS},
    OfficeRole.BOARD: {report.code for report in REPORTS},
}


@pytest.mark.parametrize("role", list(READERS))
def test_each_office_reads_its_reports(role: OfficeRole, chapter: Chapter, client: Client) -> None:
    client.force_login(holder_of(role, chapter))

    answers = {report.code: client.get(f"{ROOT}{report.code}/").status_code for report in REPORTS}

    listed = client.get(ROOT).content.decode()
    assert {code for code, status in answers.items() if status == 200} == READERS[role]
    assert {status for code, status in answers.items() if code not in READERS[role]} <= {404}
    assert {report.code for report in REPORTS if f"{ROOT}{report.code}/" in listed} == READERS[role]


def test_superuser_without_an_office_reads_none(client: Client) -> None:
    client.force_login(UserFactory(is_superuser=True))

    response = client.get(f"{ROOT}members/")

    assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert ROOT not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("on", ["2999-01-01", "0001-01-01", "yesterday"])
def test_day_that_cannot_be_is_refused(on: str, chapter: Chapter, client: Client) -> None:
    client.force_login(holder_of(OfficeRole.REGISTRAR))

    response = client.get(f"{ROOT}members/?on={on}")

    assert response.status_code == 422
    assert response.context["form"].errors["on"]


def test_chart_repeats_what_the_table_says(chapter: Chapter, client: Client) -> None:
    MembershipFactory(chapter=chapter)
    client.force_login(holder_of(OfficeRole.REGISTRAR))

    page = client.get(f"{ROOT}members/").content.decode()

    assert page.count("<rect") >= 7
    assert 'style="' not in page[page.index('class="office-chart"') : page.index('id="report"')]


QUERIES = {
    "members": 16,
    "movement": 15,
    "renewals": 11,
    "places": 16,
    "decisions": 12,
    "reasons": 11,
    "dues": 13,
    "debts": 13,
    "licences": 11,
    "development": 17,
    "directory": 17,
}


@pytest.mark.parametrize("code", list(QUERIES))
@pytest.mark.parametrize("count", [1, 3, 30])
def test_reports_cost_the_same_for_any_number(
    code: str,
    count: int,
    chapter: Chapter,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client.force_login(holder_of(OfficeRole.REGISTRAR))
    for _number in range(count):
        membership = MembershipFactory(chapter=chapter)
        InvoiceFactory(membership=membership)
        LicenceFactory(user=membership.user, recheck_on=league_day())
        decided(chapter, days=3, spent=3, reason=DecisionReason.OTHER)
    client.get(f"{ROOT}{code}/")

    with django_assert_num_queries(QUERIES[code]):
        client.get(f"{ROOT}{code}/")
