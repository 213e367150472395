"""Professional development in the League's office: scope, decisions, corrections, rules."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from audit.models import AuditEvent
from courses.models import CourseIndexPage
from members.choices import Country, CpdClaimStatus, OfficeRole
from members.models import CpdClaim, CpdEntry, CpdRule, Membership
from tests.factories.cpd import CpdClaimFactory, CpdEntryFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import MembershipFactory

pytestmark = pytest.mark.django_db

OFFICE = "/admin/cpd/"


@pytest.fixture
def officer(
    catalogues: dict[str, CourseIndexPage],
    settings: Settings,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> User:
    """An officer of the chapter of Kazakhstan, signed in; files are the test's own."""
    settings.REQUIRE_STAFF_MFA = False
    storage = FileSystemStorage(tmp_path / "private", base_url=None)
    monkeypatch.setattr(CpdClaim._meta.get_field("evidence"), "storage", storage)
    user = OfficeTermFactory(user__language="en").user
    client.force_login(user)
    return user


@pytest.fixture
def member(officer: User) -> Membership:
    return MembershipFactory()


@pytest.fixture
def abroad(officer: User) -> Membership:
    return MembershipFactory(chapter=ChapterFactory(country=Country.KYRGYZSTAN), number="KG-00001")


def test_claims_of_another_chapter_do_not_exist(member: Membership, abroad: Membership, client: Client) -> None:
    here = CpdClaimFactory(user=member.user)
    there = CpdClaimFactory(user=abroad.user)
    entry = CpdEntryFactory(user=abroad.user)

    page = client.get(OFFICE).content.decode()

    assert here.title in page
    assert there.title not in page
    assert client.get(f"{OFFICE}{there.pk}/").status_code == 404
    assert client.get(f"{OFFICE}{there.pk}/evidence/").status_code == 404
    assert client.post(f"{OFFICE}{there.pk}/accept/", {"version": 0}).status_code == 404
    assert client.post(f"{OFFICE}{there.pk}/refuse/", {"version": 0}).status_code == 404
    assert client.get(f"{OFFICE}ledgers/{abroad.pk}/").status_code == 404
    assert client.post(f"{OFFICE}ledgers/{abroad.pk}/{entry.pk}/reverse/", {"reason": "x"}).status_code == 404
    assert client.post(f"{OFFICE}ledgers/{member.pk}/{entry.pk}/reverse/", {"reason": "x"}).status_code == 404
    assert CpdEntry.objects.get() == entry


def test_officer_accepts_a_claim_and_a_stale_page_changes_nothing(member: Membership, client: Client) -> None:
    claim = CpdClaimFactory(user=member.user)

    assert client.get(f"{OFFICE}{claim.pk}/").status_code == 200
    first = client.post(f"{OFFICE}{claim.pk}/accept/", {"version": 0})
    again = client.post(f"{OFFICE}{claim.pk}/accept/", {"version": 0})
    refused = client.post(f"{OFFICE}{claim.pk}/refuse/", {"version": 0, "reason": "other", "text": "x"})

    assert (first["Location"], again["Location"], refused["Location"]) == (
        OFFICE,
        f"{OFFICE}{claim.pk}/",
        f"{OFFICE}{claim.pk}/",
    )
    claim.refresh_from_db()
    assert claim.status == CpdClaimStatus.ACCEPTED
    assert CpdEntry.objects.get().claim == claim
    assert f"cpd/{claim.pk}/accept/" not in client.get(f"{OFFICE}{claim.pk}/").content.decode()


def test_officer_refuses_with_a_reason_only(member: Membership, client: Client) -> None:
    claim = CpdClaimFactory(user=member.user)

    missing = client.post(f"{OFFICE}{claim.pk}/refuse/", {"version": 0, "reason": "other", "text": ""})
    client.post(f"{OFFICE}{claim.pk}/refuse/", {"version": 0, "reason": "hours_too_high", "text": "One hour."})

    assert missing.status_code == 422
    claim.refresh_from_db()
    assert (claim.status, claim.refusal, claim.text_for_member) == (
        CpdClaimStatus.REFUSED,
        "hours_too_high",
        "One hour.",
    )


def test_who_looks_at_evidence_is_noted(member: Membership, officer: User, client: Client) -> None:
    claim = CpdClaimFactory(
        user=member.user,
        evidence=ContentFile(b"%PDF-", name="x"),
        evidence_name="a.pdf",
        evidence_type="application/pdf",
    )

    response = client.get(f"{OFFICE}{claim.pk}/evidence/")

    assert b"".join(response.streaming_content) == b"%PDF-"
    event = AuditEvent.objects.get(action="members.cpd_evidence_view")
    assert (event.actor_id, event.person_id) == (officer.pk, member.user_id)


def test_officer_takes_an_entry_back(member: Membership, client: Client) -> None:
    entry = CpdEntryFactory(user=member.user)
    path = f"{OFFICE}ledgers/{member.pk}/{entry.pk}/reverse/"

    missing = client.post(path, {"reason": ""})
    client.post(path, {"reason": "Counted twice"})
    client.post(path, {"reason": "Counted twice"})

    assert missing.status_code == 422
    assert sorted(CpdEntry.objects.values_list("minutes", flat=True)) == [-120, 120]
    assert "Counted twice" in client.get(f"{OFFICE}ledgers/{member.pk}/").content.decode()


def test_rules_say_once_what_is_unknown(officer: User, client: Client) -> None:
    page = client.get("/admin/cpd-rules/").content.decode()

    with translation.override("ru"):
        unknown = gettext("All are unknown.")
    assert page.count(unknown) == 4
    assert "72" in page


def test_only_the_registrar_changes_rules(officer: User, client: Client) -> None:
    data = {
        "country": "KZ",
        "starts_on": "2018-07-05",
        "source_ru": "Источник",
        "source_en": "Source",
        "period_months": "12",
    }
    rule = CpdRule.objects.get(country="KZ")
    path = f"/admin/cpd-rules/{rule.pk}/"

    assert client.get("/admin/cpd-rules/").status_code == 200
    assert client.post(path, data).status_code == 302
    rule.refresh_from_db()
    assert rule.period_months is None
    client.force_login(OfficeTermFactory(role=OfficeRole.REGISTRAR, chapter=None).user)
    assert client.get(path).status_code == 200
    overlapping = client.post("/admin/cpd-rules/new/", data)
    assert client.post(path, data)["Location"] == "/admin/cpd-rules/"

    assert overlapping.status_code == 422
    rule.refresh_from_db()
    assert (rule.period_months, rule.minutes_required) == (12, None)
    assert AuditEvent.objects.filter(action="members.cpd_rule").count() == 1


def test_office_is_closed_to_who_decides_nothing(member: Membership, client: Client) -> None:
    claim = CpdClaimFactory(user=member.user)
    superuser = User.objects.create_superuser("root@example.org", "four unrelated quiet words", name_native="Root")
    reviewer = OfficeTermFactory(role=OfficeRole.CHAPTER_REVIEWER).user

    for user in (superuser, reviewer):
        client.force_login(user)
        for path in ("", f"{claim.pk}/", f"ledgers/{member.pk}/"):
            assert client.get(OFFICE + path)["Location"] == "/admin/"
        client.post(f"{OFFICE}{claim.pk}/accept/", {"version": 0})
        assert client.get("/admin/cpd-rules/")["Location"] == "/admin/"

    assert not CpdEntry.objects.exists()


@pytest.mark.parametrize("count", [1, 3, 30])
def test_office_pages_take_as_many_queries_for_many_rows(
    count: int, member: Membership, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for other in MembershipFactory.create_batch(count):
        CpdClaimFactory(user=other.user)
        CpdEntryFactory(user=member.user)
    client.get(OFFICE)

    with django_assert_num_queries(11):
        assert len(client.get(OFFICE).context["rows"]) == count
    with django_assert_num_queries(13):  # one writes into the audit log that the ledger was opened
        assert len(client.get(f"{OFFICE}ledgers/{member.pk}/").context["page_obj"].object_list) == count
