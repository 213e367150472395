"""The ledger of professional development: courses, claims, corrections, transcripts, rules."""

import datetime as dt
from pathlib import Path

import pypdfium2
import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.models import AuditEvent
from courses.models import CourseIndexPage
from members.choices import Country, CpdClaimStatus, CpdRefusal, CpdSource
from members.models import (
    CpdClaim,
    CpdEntry,
    CpdRule,
    LedgerUnchangeable,
    Membership,
    Transcript,
    league_day,
    people_in_office,
)
from members.notifications.cpd import CLAIM_DECIDED, ENTRY_REVERSED
from members.rules.cpd import Period
from members.services import cpd as services
from members.services.transcript_pdf import render_transcript
from notifications.models import Event
from tests.factories.accounts import UserFactory
from tests.factories.cpd import CpdClaimFactory, CpdEntryFactory, CpdRuleFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import MembershipFactory

pytestmark = pytest.mark.django_db

CPD = "/en/membership/cpd/"
YEAR = Period(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
PDF = b"%PDF-1.7\n1 0 obj\n%%EOF\n"


def now() -> dt.datetime:
    return timezone.now()


@pytest.fixture(autouse=True)
def private_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Evidence handed in by a test is a file of that test."""
    storage = FileSystemStorage(tmp_path / "private", base_url=None)
    monkeypatch.setattr(CpdClaim._meta.get_field("evidence"), "storage", storage)


@pytest.fixture
def member() -> Membership:
    return MembershipFactory()


@pytest.fixture
def officer() -> User:
    return OfficeTermFactory().user


def total(user: User) -> int:
    return services.summarise(user, YEAR, rule=None).totals.recorded


# The ledger


def test_record_course_writes_one_entry_in_whole_quarters(member: Membership) -> None:
    record = {"key": "course:1", "title": "Jury", "on": dt.date(2026, 5, 1), "at": now()}

    first = services.record_course(member.user, minutes=100, **record)
    again = services.record_course(member.user, minutes=100, **record)

    assert first == again
    assert CpdEntry.objects.get().minutes == 90
    assert AuditEvent.objects.filter(action="members.cpd_entry", person_id=member.user_id).count() == 1


def test_record_course_with_nothing_to_credit_writes_nothing() -> None:
    assert (
        services.record_course(UserFactory(), key="course:1", title="x", minutes=14, on=YEAR.starts_on, at=now())
        is None
    )
    assert not CpdEntry.objects.exists()


def test_reverse_course_cancels_exactly_and_once(member: Membership) -> None:
    services.record_course(member.user, key="course:1", title="x", minutes=90, on=dt.date(2026, 5, 1), at=now())

    services.reverse_course(member.user, key="course:1", reason="Revoked", actor=None, at=now())
    again = services.reverse_course(member.user, key="course:1", reason="Revoked", actor=None, at=now())
    nothing = services.reverse_course(member.user, key="course:2", reason="Revoked", actor=None, at=now())

    assert (again, nothing) == (None, None)
    assert sorted(CpdEntry.objects.values_list("minutes", flat=True)) == [-90, 90]
    assert total(member.user) == 0
    assert Event.objects.get().kind == ENTRY_REVERSED.name


def test_entries_are_never_changed_or_deleted() -> None:
    entry = CpdEntryFactory()

    for change in (
        entry.save,
        entry.delete,
        CpdEntry.objects.all().delete,
        lambda: CpdEntry.objects.update(minutes=15),
    ):
        with pytest.raises(LedgerUnchangeable):
            change()


@pytest.mark.parametrize("minutes", [0, -15, 10, 100])
def test_database_refuses_what_is_no_quarter(minutes: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CpdEntryFactory(minutes=minutes)


def test_a_correction_cannot_be_corrected_nor_a_corrected_entry(officer: User) -> None:
    entry = CpdEntryFactory(user=MembershipFactory().user)
    correction = services.reverse_entry(entry, reason="x", actor=officer, at=now())

    for row in (entry, correction):
        with pytest.raises(services.EntryNotReversible):
            services.reverse_entry(row, reason="x", actor=officer, at=now())

    with pytest.raises(services.OwnClaim):
        services.reverse_entry(CpdEntryFactory(user=officer), reason="x", actor=officer, at=now())


# Claims


def claim_data(**changes: object) -> dict[str, object]:
    return {
        "activity": "seminar",
        "title": "Cross-examination",
        "provider": "Bar",
        "done_on": league_day().isoformat(),
        "hours": "1.5",
        "topics": ["ethics", "skills"],
        **changes,
    }


def test_claim_with_evidence(member: Membership, client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    client.force_login(member.user)
    evidence = SimpleUploadedFile("certificate.pdf", PDF, "text/html")

    response = client.post(f"{CPD}claims/new/", claim_data(evidence=evidence))

    claim = CpdClaim.objects.get()
    assert response["Location"] == f"{CPD}claims/"
    assert (claim.minutes, claim.topics, claim.status) == (90, ["ethics", "skills"], CpdClaimStatus.CLAIMED)
    assert (claim.evidence_name, claim.evidence_type) == ("certificate.pdf", "application/pdf")
    download = client.get(f"{CPD}claims/{claim.pk}/evidence/")
    assert b"".join(download.streaming_content) == PDF
    assert download["Content-Disposition"].startswith("attachment")
    assert "certificate" not in claim.evidence.name
    client.force_login(UserFactory())
    assert client.get(f"{CPD}claims/{claim.pk}/evidence/").status_code == 404
    assert not CpdEntry.objects.exists()


BAD = [
    ({"hours": "1.1"}, "hours"),
    ({"hours": "0"}, "hours"),
    ({"hours": "301"}, "hours"),
    ({"topics": []}, "topics"),
    ({"topics": ["magic"]}, "topics"),
    ({"title": ""}, "title"),
    ({"done_on": "2999-01-01"}, "done_on"),
    ({"done_on": "1990-01-01"}, "done_on"),
    ({"evidence": SimpleUploadedFile("x.pdf", b"<html>")}, "evidence"),
    ({"evidence": SimpleUploadedFile("x.exe", PDF)}, "evidence"),
]


@pytest.mark.parametrize(("changes", "field"), BAD)
def test_claim_form_keeps_input_and_says_what_is_wrong(
    changes: dict[str, object], field: str, member: Membership, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    client.force_login(member.user)

    response = client.post(f"{CPD}claims/new/", claim_data(**changes))

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert 'value="Bar"' in response.content.decode()
    assert not CpdClaim.objects.exists()


def test_claim_needs_a_membership(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    client.force_login(UserFactory())

    page = client.post(f"{CPD}claims/new/", claim_data()).content.decode()

    assert "Only members can claim hours" in page
    assert not CpdClaim.objects.exists()


def test_accept_claim_writes_exactly_one_entry(member: Membership, officer: User) -> None:
    claim = CpdClaimFactory(user=member.user, activity="monitoring")

    entry = services.accept_claim(claim, version=0, actor=officer, at=now())
    with pytest.raises(services.ClaimDecided):
        services.accept_claim(claim, version=0, actor=officer, at=now())
    with pytest.raises(services.ClaimDecided):
        services.refuse_claim(claim, version=1, reason=CpdRefusal.OTHER, text="x", actor=officer, at=now())

    assert (entry.minutes, entry.source, entry.claim_id) == (120, CpdSource.MONITORING, claim.pk)
    assert CpdEntry.objects.count() == 1
    event = Event.objects.get()
    assert (event.kind, event.recipients) == (CLAIM_DECIDED.name, [member.user_id])
    assert CLAIM_DECIDED.load(member.user, [str(claim.pk)])
    assert not CLAIM_DECIDED.load(officer, [str(claim.pk)])


def test_refuse_claim_gives_the_reason(
    member: Membership, officer: User, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    claim = CpdClaimFactory(user=member.user)

    services.refuse_claim(
        claim, version=0, reason=CpdRefusal.NO_EVIDENCE, text="Add the programme.", actor=officer, at=now()
    )

    client.force_login(member.user)
    page = client.get(f"{CPD}claims/").content.decode()
    assert "The evidence is missing or does not show the activity" in page
    assert "Add the programme." in page
    assert not CpdEntry.objects.exists()
    assert AuditEvent.objects.get(action="members.cpd_claim_refused").reason_code == CpdRefusal.NO_EVIDENCE


def test_nobody_decides_the_own_claim(officer: User) -> None:
    MembershipFactory(user=officer)
    claim = CpdClaimFactory(user=officer)

    with pytest.raises(services.OwnClaim):
        services.accept_claim(claim, version=0, actor=officer, at=now())

    assert not CpdClaim.objects.in_office(officer).exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        CpdClaim.objects.filter(pk=claim.pk).update(status="accepted", decided_by=officer, decided_at=now())


def test_office_reaches_its_chapter_and_its_cities_only(officer: User) -> None:
    country = ChapterFactory()
    city = type(country).objects.create(country="KZ", parent=country, name_ru="Г", name_en="C", city="Astana")
    abroad = ChapterFactory(country=Country.KYRGYZSTAN)
    here, below, away = (MembershipFactory(chapter=chapter) for chapter in (country, city, abroad))
    superuser = User.objects.create_superuser("root@example.org", "four unrelated quiet words", name_native="Root")

    assert set(people_in_office(officer)) == {here, below}
    assert set(people_in_office(OfficeTermFactory(role="registrar", chapter=None).user)) >= {here, below, away}
    assert not people_in_office(OfficeTermFactory(role="chapter_reviewer", chapter=country).user).exists()
    assert not people_in_office(superuser).exists()


# The ledger's page


def test_ledger_shows_a_year_and_what_is_unknown(
    member: Membership, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    CpdEntryFactory(user=member.user, title="This year", done_on=league_day(), minutes=90, topics=["ethics"])
    CpdEntryFactory(user=member.user, title="Long ago", done_on=dt.date(2024, 3, 1), minutes=45)
    CpdEntryFactory(title="Somebody else’s")
    client.force_login(member.user)

    page = client.get(CPD).content.decode()
    old = client.get(f"{CPD}?year=2024").content.decode()

    assert "This year" in page
    assert "Long ago" not in page
    assert "1\u00a0h 30\u00a0min".replace(" ", "\u00a0") in page
    assert "Unknown: the length of a period, how many hours are required, how many of them in ethics" in page
    assert page.count("nknown") == 1
    assert "decided by the bar of your country alone" in page
    assert "Long ago" in old
    assert "Somebody else’s" not in page + old
    assert client.get(f"{CPD}?year=abc").context["year"] == league_day().year


def test_ledger_counts_in_the_period_of_the_rule(
    member: Membership, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    CpdRule.objects.filter(country="KZ").delete()
    CpdRuleFactory(starts_on=dt.date(2024, 1, 1), period_months=36, minutes_required=4320, self_study_minutes=60)
    CpdEntryFactory(user=member.user, done_on=dt.date(2024, 3, 1), minutes=120, is_self_study=True)
    CpdEntryFactory(user=member.user, done_on=dt.date(2026, 3, 1), minutes=60)
    client.force_login(member.user)

    response = client.get(f"{CPD}?year=2026")

    in_rule = response.context["in_rule"].totals
    assert (in_rule.recorded, in_rule.self_study, in_rule.counted) == (180, 120, 120)
    assert "72\u00a0h" in response.content.decode()
    assert "complian" not in response.content.decode()


def test_rules_of_the_five_countries_are_there_and_mostly_unknown() -> None:
    rules = CpdRule.objects.in_force(dt.date(2026, 11, 1))

    assert sorted(rules.values_list("country", flat=True)) == ["KG", "KZ", "TJ", "TM", "UZ"]
    assert set(rules.exclude(country="UZ").values_list("minutes_required", flat=True)) == {None}
    assert set(rules.values_list("period_months", "ethics_minutes", "carry_over_minutes")) == {(None, None, None)}


def test_rules_of_one_country_never_overlap() -> None:
    CpdRule.objects.all().delete()
    CpdRuleFactory(ends_on=dt.date(2026, 12, 31))

    CpdRuleFactory.build(starts_on=dt.date(2027, 1, 1)).full_clean()
    with pytest.raises(Exception, match=r"другое правило|Another rule"):
        CpdRuleFactory.build(starts_on=dt.date(2026, 12, 31)).full_clean()


# Transcripts


def issue(user: User, **changes: object) -> Transcript:
    values: dict[str, object] = {"shows_entries": False, "language": "en", "at": now(), **changes}
    return services.issue_transcript(user, YEAR, **values)  # type: ignore[arg-type]  # a table of arguments


def test_transcript_is_a_snapshot(member: Membership, officer: User) -> None:
    entry = CpdEntryFactory(user=member.user)
    transcript = issue(member.user)

    services.reverse_entry(entry, reason="x", actor=officer, at=now())

    transcript.refresh_from_db()
    assert transcript.total_minutes == 120
    assert services.is_genuine(transcript)
    assert issue(member.user).total_minutes == 0


@pytest.mark.parametrize(
    "changes", [{"total_minutes": 600}, {"holder_name": "X"}, {"entries": []}, {"sha256": "0" * 64}, {"signature": "x"}]
)
def test_transcript_that_was_changed_is_not_genuine(
    changes: dict[str, object], member: Membership, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    CpdEntryFactory(user=member.user)
    transcript = issue(member.user)
    Transcript.objects.filter(pk=transcript.pk).update(**changes)

    page = client.get(f"/en/cpd/{transcript.public_id}/").content.decode()

    assert "This transcript was changed after it was issued" in page


def test_transcript_page_shows_no_more_than_the_owner_ticked(
    member: Membership, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    CpdEntryFactory(user=member.user, title="Confidential seminar")
    closed, open_one = issue(member.user), issue(member.user, shows_entries=True)

    response = client.get(f"/en/cpd/{closed.public_id}/")
    page = response.content.decode()

    assert member.user.name_native in page
    assert "2\u00a0h" in page
    assert "Confidential seminar" not in page
    assert member.number not in page
    assert (response["X-Robots-Tag"], response["Referrer-Policy"]) == ("noindex, nofollow", "no-referrer")
    assert "Confidential seminar" in client.get(f"/en/cpd/{open_one.public_id.upper()}/").content.decode()


def test_transcript_that_is_withdrawn_says_nothing_more(
    member: Membership, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    transcript = issue(member.user)
    client.force_login(UserFactory())
    assert client.post(f"{CPD}transcripts/{transcript.public_id}/withdraw/").status_code == 404
    client.force_login(member.user)

    client.post(f"{CPD}transcripts/{transcript.public_id}/withdraw/")
    again = client.post(f"{CPD}transcripts/{transcript.public_id}/withdraw/", follow=True).content.decode()
    pdf = client.get(f"{CPD}transcripts/{transcript.public_id}.pdf", follow=True).content.decode()
    page = client.get(f"/en/cpd/{transcript.public_id}/").content.decode()

    assert "This transcript was withdrawn already." in again
    assert "You withdrew this transcript. Make a new one." in pdf
    assert "This transcript was withdrawn on" in page
    assert transcript.holder_name not in page.split("<main")[1].split("</main>")[0]


def test_transcript_with_an_unknown_code(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    response = client.get("/en/cpd/0000000000000000/")

    assert response.status_code == 404
    assert "The League has issued no transcript with this code." in response.content.decode()


def test_transcript_is_made_and_printed(
    member: Membership, officer: User, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    for number in range(40):
        CpdEntryFactory(user=member.user, title=f"Seminar #{number} *bold*", minutes=75)
    services.reverse_entry(CpdEntry.objects.first(), reason="x", actor=officer, at=now())  # type: ignore[arg-type]
    client.force_login(member.user)

    client.post(f"{CPD}transcripts/", {"starts_on": "2026-01-01", "ends_on": "2026-12-31"})
    transcript = Transcript.objects.get()
    response = client.get(f"{CPD}transcripts/{transcript.public_id}.pdf")

    document = pypdfium2.PdfDocument(response.content)
    text = " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    assert len(document) > 1
    assert "Seminar #39 *bold*" in text
    assert "Recorded: 48.75 h" in text
    assert "−1.25" in text
    assert transcript.sha256 in text
    assert "by the bar of the country alone" in text
    assert render_transcript(transcript) == response.content


@pytest.mark.parametrize(
    ("first", "last"), [("2026-02-01", "2026-01-01"), ("2010-01-01", "2026-01-01"), ("", "2026-01-01")]
)
def test_transcript_form_refuses_periods(
    first: str, last: str, member: Membership, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    client.force_login(member.user)

    response = client.post(f"{CPD}transcripts/", {"starts_on": first, "ends_on": last})

    assert response.status_code == 422
    assert not Transcript.objects.exists()


# Queries and doors


@pytest.mark.parametrize("count", [1, 3, 30])
def test_pages_take_as_many_queries_for_many_rows(
    count: int,
    member: Membership,
    client: Client,
    catalogues: dict[str, CourseIndexPage],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _number in range(count):
        CpdEntryFactory(user=member.user, done_on=league_day())
        CpdClaimFactory(user=member.user)
    transcripts = [issue(member.user, shows_entries=True) for _number in range(count)]
    client.force_login(member.user)
    client.get(CPD)

    with django_assert_num_queries(8):
        assert len(client.get(CPD).context["page_obj"].object_list) == count
    with django_assert_num_queries(4):
        assert len(client.get(f"{CPD}claims/").context["page_obj"].object_list) == count
    with django_assert_num_queries(4):
        assert len(client.get(f"{CPD}transcripts/").context["page_obj"].object_list) == count
    with django_assert_num_queries(3):
        client.get(f"/en/cpd/{transcripts[0].public_id}/")


@pytest.mark.parametrize("path", ["", "claims/", "claims/new/", "transcripts/", "claims/1/evidence/"])
def test_visitors_are_asked_to_sign_in(path: str, client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    assert "/account/login/" in client.get(CPD + path)["Location"]
