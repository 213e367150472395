"""Letting go: by time travel. A day before its time nothing goes, on the day it does, and again nothing changes."""

import datetime as dt
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from audit.models import AuditEvent
from audit.services import seal, verify
from members import tasks
from members.choices import (
    ApplicationStatus,
    Country,
    DecisionReason,
    DecisionStep,
    DocumentKind,
    LicenceState,
    OfficeRole,
    RetentionKind,
)
from members.models import (
    Application,
    ApplicationDocument,
    ContactMessage,
    Decision,
    LicenceCheck,
    MergeRecord,
    Payment,
    Receipt,
    RetentionRule,
)
from members.services import retention
from tests.factories.accounts import UserFactory
from tests.factories.audit import write_event
from tests.factories.duplicates import merge
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import (
    ApplicationFactory,
    InvoiceFactory,
    LicenceFactory,
    ReferenceFactory,
    SanctionFactory,
)

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
ADMIN = "/admin/retention/"


def after(days: int) -> dt.datetime:
    return START + dt.timedelta(days=days)


@pytest.fixture(autouse=True)
def private_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings) -> Path:
    """Files made by a test are files of that test; the second factor is tested with accounts."""
    settings.REQUIRE_STAFF_MFA = False
    storage = FileSystemStorage(tmp_path / "private", base_url=None)
    for model, name in ((ApplicationDocument, "file"), (Receipt, "pdf")):
        monkeypatch.setattr(model._meta.get_field(name), "storage", storage)
    return tmp_path / "private"


def files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def document(application: Application, kind: str = DocumentKind.DIPLOMA) -> ApplicationDocument:
    row = ApplicationDocument(
        application=application,
        kind=kind,
        name="diploma.pdf",
        content_type="application/pdf",
        size=4,
        sha256="0" * 64,
        uploaded_at=START,
    )
    row.file.save("x", ContentFile(b"%PDF"))
    return row


ENDED = [
    ("rejected", {"status": ApplicationStatus.REJECTED, "rejected_at": START}, 60),
    ("final", {"status": ApplicationStatus.REJECTED_FINAL, "closed_at": START}, 30),
    ("expired", {"status": ApplicationStatus.EXPIRED, "closed_at": START}, 30),
    ("unpaid", {"status": ApplicationStatus.EXPIRED, "closed_at": START, "approved_at": START}, 213),
    ("withdrawn", {"status": ApplicationStatus.WITHDRAWN, "closed_at": START}, 30),
    ("draft", {"status": ApplicationStatus.EXPIRED, "closed_at": START, "submitted_at": None}, 30),
]


@pytest.mark.parametrize(("fields", "days"), [row[1:] for row in ENDED], ids=[row[0] for row in ENDED])
def test_ended_applications_are_reduced(fields: dict[str, object], days: int, private_files: Path) -> None:
    application = ApplicationFactory(**fields, status_at=START, motivation="Because", answers={"person": {"name": "A"}})
    ReferenceFactory(application=application, name="Referee", email="r@example.org")
    decision = Decision.objects.create(
        application=application,
        step=DecisionStep.LEAGUE,
        is_positive=False,
        reason_code=DecisionReason.CONDUCT,
        internal_note="Note",
        decided_by=UserFactory(),
        decided_at=START,
    )
    row = document(application)

    retention.apply_retention(at=after(days) - dt.timedelta(minutes=1))
    application.refresh_from_db()
    assert (application.motivation, files(private_files)) == ("Because", 1)

    done = retention.apply_retention(at=after(days))
    events = AuditEvent.objects.count()
    again = retention.apply_retention(at=after(days + 1))

    assert sum(done.values()) == 2
    assert (sum(again.values()), AuditEvent.objects.count()) == (0, events)
    application.refresh_from_db()
    decision.refresh_from_db()
    row.refresh_from_db()
    assert (application.motivation, application.answers, application.purged_at) == ("", {}, after(days))
    assert (decision.reason_code, decision.internal_note) == (DecisionReason.CONDUCT, "")
    assert (row.purged_at, bool(row.file), row.name, files(private_files)) == (after(days), False, "", 0)
    assert list(application.references.values_list("name", "email")) == [("—", "")]


@pytest.mark.parametrize(
    "status",
    [
        ApplicationStatus.DRAFT,
        ApplicationStatus.UNDER_REVIEW,
        ApplicationStatus.APPEALED,
        ApplicationStatus.AWAITING_DUES,
        ApplicationStatus.COMPLETED,
    ],
)
def test_other_applications_stay(status: ApplicationStatus, private_files: Path) -> None:
    document(ApplicationFactory(status=status, status_at=START, rejected_at=START, closed_at=START))

    retention.apply_retention(at=after(4000))

    assert files(private_files) == 1


def check(application: Application, state: LicenceState = LicenceState.VERIFIED, at: dt.datetime = START) -> None:
    LicenceCheck.objects.create(licence=application.licence, state=state, method="register", checked_at=at)


def test_scans_go_ninety_days_after_the_check(private_files: Path) -> None:
    application = ApplicationFactory(status=ApplicationStatus.COMPLETED, licence=LicenceFactory())
    scans = [document(application, kind) for kind in (DocumentKind.LICENCE, DocumentKind.IDENTITY)]
    kept = document(application, DocumentKind.DIPLOMA)
    check(application)
    check(application, at=after(50))

    assert retention.purge_files(at=after(90) - dt.timedelta(minutes=1)) == 0
    assert [retention.purge_files(at=after(90)), retention.purge_files(at=after(91))] == [2, 0]

    for scan in scans:
        scan.refresh_from_db()
        assert (bool(scan.file), scan.purged_at, scan.name) == (False, after(90), "diploma.pdf")
    kept.refresh_from_db()
    assert (bool(kept.file), LicenceCheck.objects.count()) == (True, 2)


def test_scans_of_unverified_licences_stay(private_files: Path) -> None:
    application = ApplicationFactory(status=ApplicationStatus.UNDER_REVIEW, licence=LicenceFactory())
    document(application, DocumentKind.LICENCE)
    check(application, LicenceState.UNVERIFIABLE)

    assert retention.purge_files(at=after(4000)) == 0


def test_identity_goes_after_admission_where_no_licence_is_asked_for(private_files: Path) -> None:
    document(ApplicationFactory(status=ApplicationStatus.COMPLETED, closed_at=START), DocumentKind.IDENTITY)

    assert [retention.purge_files(at=after(89)), retention.purge_files(at=after(90))] == [0, 1]


def test_a_file_that_is_gone_already_is_no_hindrance(private_files: Path) -> None:
    row = document(ApplicationFactory(status=ApplicationStatus.WITHDRAWN, closed_at=START))
    (private_files / str(row.file.name)).unlink()

    assert sum(retention.apply_retention(at=after(30)).values()) == 2


def paid_invoice(**fields: object) -> Payment:
    invoice = InvoiceFactory(
        issued_on=START.date(), due_on=START.date(), settled_at=START, payer_name="Айгуль Нурпеисова", **fields
    )
    payment = Payment.objects.create(
        invoice=invoice, amount=30000, method="bank", received_on=START.date(), reference="A. N.", recorded_at=START
    )
    receipt = Receipt(payment=payment, number=f"R-{payment.pk}", language="ru", issued_on=START.date())
    receipt.pdf.save("x.pdf", ContentFile(b"%PDF"))
    return payment


def test_payers_are_anonymised(private_files: Path) -> None:
    payment = paid_invoice()
    InvoiceFactory(issued_on=START.date(), due_on=START.date(), payer_name="Still owes")

    assert retention.anonymise_payers(at=after(1825)) == 0
    assert [retention.anonymise_payers(at=after(1826)), retention.anonymise_payers(at=after(1827))] == [1, 0]

    payment.refresh_from_db()
    assert (payment.invoice.payer_name, payment.reference, payment.amount) == ("—", "", 30000)
    assert (files(private_files), payment.receipt.number) == (0, f"R-{payment.pk}")


def test_a_country_has_a_time_of_its_own(private_files: Path) -> None:
    kyrgyz = ChapterFactory(country=Country.KYRGYZSTAN)
    here, there = paid_invoice(), paid_invoice(chapter=kyrgyz)
    RetentionRule.objects.create(kind=RetentionKind.PAYERS, country=Country.KYRGYZSTAN, days=100)
    RetentionRule.objects.create(kind=RetentionKind.PAYERS, days=200)

    assert retention.anonymise_payers(at=after(100)) == 1
    there.refresh_from_db()
    assert there.invoice.payer_name == "—"
    assert retention.anonymise_payers(at=after(199)) == 0
    assert retention.anonymise_payers(at=after(200)) == 1
    here.refresh_from_db()
    assert here.invoice.payer_name == "—"


@pytest.mark.parametrize(
    "fields",
    [
        {"ends_on": START.date()},
        {"ends_on": START.date() + dt.timedelta(days=900), "lifted_on": START.date()},
        {"confirmed_at": None, "dismissed_at": START},
    ],
)
def test_sanctions_are_reduced(fields: dict[str, object]) -> None:
    sanction = SanctionFactory(
        starts_on=START.date(), text_for_member="Text", internal_note="Note", decision_reference="No. 1", **fields
    )
    SanctionFactory(starts_on=START.date(), text_for_member="Still holds")

    assert retention.reduce_sanctions(at=after(1825)) == 0
    assert [retention.reduce_sanctions(at=after(1826)), retention.reduce_sanctions(at=after(1827))] == [1, 0]

    sanction.refresh_from_db()
    assert (sanction.ground, sanction.starts_on) == ("code_of_conduct", START.date())
    assert (sanction.text_for_member, sanction.internal_note, sanction.decision_reference) == ("", "", "")


def test_details_of_access_are_erased_and_those_of_decisions_stay() -> None:
    actions = ["members.document_viewed", "members.members_exported", "audit.log_viewed", "members.approve"]
    for action in actions:
        write_event(action, at=START)
    seal(at=START)

    assert retention.erase_access_details(at=after(364)) == 0
    assert [retention.erase_access_details(at=after(365)), retention.erase_access_details(at=after(366))] == [3, 0]

    seal(at=after(366))
    assert list(AuditEvent.objects.with_detail().filter(action__in=actions).values_list("action", flat=True)) == [
        "members.approve"
    ]
    assert verify(at=after(366)).is_whole


def test_messages_between_members_go_after_a_year() -> None:
    sender, recipient = UserFactory(), UserFactory()
    plain, reported = (
        ContactMessage.objects.create(sender=sender, recipient=recipient, text="Салем!", sent_at=START)
        for _n in range(2)
    )
    ContactMessage.objects.filter(pk=reported.pk).update(reported_at=START + dt.timedelta(days=100))

    assert retention.delete_messages(at=after(364)) == 0
    assert [retention.delete_messages(at=after(365)), retention.delete_messages(at=after(366))] == [1, 0]
    assert ContactMessage.objects.get() == reported
    assert retention.delete_messages(at=after(465)) == 1
    event = AuditEvent.objects.filter(action="members.message_deleted").first()
    assert event is not None
    assert (event.subject_id, event.person_id, event.detail) == (str(plain.pk), sender.pk, {})


def test_merges_forget_what_was_before_once_they_cannot_be_undone() -> None:
    record = merge(UserFactory(), UserFactory())
    MergeRecord.objects.update(merged_at=START)

    assert retention.apply_retention(at=after(30))["merges"] == 0
    record.refresh_from_db()
    assert record.changes
    assert retention.apply_retention(at=after(31))["merges"] == 1
    record.refresh_from_db()
    assert record.changes == []
    assert retention.apply_retention(at=after(32))["merges"] == 0


def test_one_failure_stops_nothing_else(private_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paid_invoice()
    document(ApplicationFactory(status=ApplicationStatus.WITHDRAWN, closed_at=START))
    (private_files / "receipts").rename(private_files / "elsewhere")
    (private_files / "receipts").write_bytes(b"")  # a file where a folder should be

    done = retention.apply_retention(at=after(4000))

    assert RetentionKind.PAYERS not in done
    assert (done[RetentionKind.DRAFTS], done["files"]) == (1, 1)


def test_task_runs_it() -> None:
    ApplicationFactory(status=ApplicationStatus.WITHDRAWN, closed_at=START, motivation="Because")
    later = timezone.now() + dt.timedelta(days=1)

    assert later > after(30)
    assert tasks.apply_retention()[RetentionKind.DRAFTS] == 1
    assert tasks.purge_files() == 0


def officer(client: Client, role: OfficeRole) -> User:
    user: User = UserFactory(language="en")
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    chapter = {} if role in {OfficeRole.CHAPTER_REVIEWER, OfficeRole.CHAPTER_OFFICER} else {"chapter": None}
    OfficeTermFactory(user=user, role=role, **chapter)
    client.force_login(user)
    return user


@pytest.mark.parametrize("role", [OfficeRole.REGISTRAR, OfficeRole.BOARD])
def test_office_sets_a_rule(role: OfficeRole, client: Client) -> None:
    user = officer(client, role)
    assert client.get(ADMIN).status_code == 200
    assert client.get(f"{ADMIN}payers/?country=KG").status_code == 200

    response = client.post(f"{ADMIN}payers/", {"country": "KG", "days": "3652", "note": "Law on accounts"})

    assert response.status_code == 302
    rule = RetentionRule.objects.get()
    assert (rule.kind, rule.country, rule.days, rule.note) == ("payers", "KG", 3652, "Law on accounts")
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_id) == ("members.retention_set", user.pk)
    assert (event.detail["before"], event.detail["days"]) == (1826, 3652)
    page = client.get(ADMIN).content.decode()
    assert "3652" in page
    assert "1826" in page


@pytest.mark.parametrize("days", ["", "0", "-1", "x", "99999999"])
def test_office_is_told_what_is_wrong(days: str, client: Client) -> None:
    officer(client, OfficeRole.REGISTRAR)

    assert client.post(f"{ADMIN}access/", {"days": days}).status_code == 422
    assert not RetentionRule.objects.exists()


def test_access_has_no_rule_for_a_country(client: Client) -> None:
    user = officer(client, OfficeRole.REGISTRAR)

    client.post(f"{ADMIN}access/", {"days": "100", "country": "KG"})

    assert RetentionRule.objects.get().country == ""
    with pytest.raises(retention.RuleNeedsNoCountry):
        retention.set_rule(RetentionKind.ACCESS, country="KG", days=1, note="", actor=user, at=timezone.now())


@pytest.mark.parametrize("role", [OfficeRole.CHAPTER_OFFICER, OfficeRole.TREASURER, OfficeRole.ETHICS])
def test_others_set_nothing(role: OfficeRole, client: Client) -> None:
    officer(client, role)

    assert client.get(ADMIN).status_code == 302
    assert client.get(f"{ADMIN}payers/").status_code == 302
    assert client.post(f"{ADMIN}payers/", {"days": "1"}).status_code == 302
    assert not RetentionRule.objects.exists()


def test_an_unknown_kind_is_not_found(client: Client) -> None:
    officer(client, OfficeRole.BOARD)

    assert client.get(f"{ADMIN}nonsense/").status_code == 404
