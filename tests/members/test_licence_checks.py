"""Checks of licences: who records them, what follows, and what never follows by itself."""

import datetime as dt

import pytest
from django.utils import timezone, translation

from accounts.models import User
from audit.models import AuditEvent
from members.choices import CLOSED_STATUSES, Country, LicenceState, OfficeRole, Standing
from members.models import Application, Licence, LicenceCheck, Sanction, standing_of
from members.services.applications import declare_conflict
from members.services.licences import CheckRefused, check_licence, licences_due
from members.services.memberships import refresh_standing
from tests.factories.accounts import UserFactory
from tests.factories.applications import officer
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import (
    ApplicationFactory,
    LicenceFactory,
    LicenceRuleFactory,
    MembershipFactory,
    ReferenceFactory,
    SanctionFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english() -> None:
    translation.activate("en")


@pytest.fixture
def licence(db: None) -> Licence:
    return LicenceFactory(user=MembershipFactory().user)


@pytest.fixture
def checker(licence: Licence) -> object:
    return officer(OfficeRole.CHAPTER_OFFICER, licence.user.membership.chapter)


def application_with_licence(status: str = "under_review", **fields: object) -> Application:
    licence = LicenceFactory()
    submitted_at = None if status == "draft" else timezone.now()
    application: Application = ApplicationFactory(
        user=licence.user, licence=licence, status=status, submitted_at=submitted_at, **fields
    )
    return application


def record(licence: Licence, actor: object, state: str = "verified", **changes: object) -> LicenceCheck:
    values = {"method": "register", "evidence": "Register, no. 5", "board_note": "", "at": timezone.now()}
    return check_licence(licence, actor=actor, state=state, **{**values, **changes})


def test_check_sets_state_and_next_date_by_the_rule(licence: Licence, checker: object) -> None:
    LicenceRuleFactory(recheck_days=100)

    check = record(licence, checker)

    licence.refresh_from_db()
    assert (licence.state, check.checked_by) == (LicenceState.VERIFIED, checker)
    assert licence.recheck_on == licence.checked_on + dt.timedelta(days=100)
    event = AuditEvent.objects.get(action="members.licence_check")
    assert (event.reason_code, event.detail["from"]) == ("verified", "unchecked")


def test_check_is_due_no_later_than_the_licence_expires(licence: Licence, checker: object) -> None:
    licence.valid_until = timezone.localdate() + dt.timedelta(days=40)
    licence.save()

    record(licence, checker)

    licence.refresh_from_db()
    assert licence.recheck_on == licence.valid_until


@pytest.mark.parametrize("state", ["suspended", "terminated"])
def test_negative_record_only_proposes_a_suspension(state: str, licence: Licence, checker: object) -> None:
    record(licence, checker, state)
    record(licence, checker, state)

    sanction = Sanction.objects.get()
    assert sanction.proposed_at is not None
    assert sanction.confirmed_at is None
    assert standing_of(licence.user) == Standing.ACTIVE
    assert AuditEvent.objects.filter(action="members.sanction_propose").count() == 1


def test_verified_again_lifts_what_was_confirmed(licence: Licence, checker: object) -> None:
    membership = licence.user.membership
    SanctionFactory(membership=membership, kind="licence", ground="licence")
    SanctionFactory(membership=membership, kind="licence", confirmed_at=None, proposed_at=timezone.now())
    refresh_standing(membership, on=timezone.localdate())
    assert standing_of(licence.user) == Standing.SUSPENDED

    record(licence, checker)

    assert standing_of(licence.user) == Standing.ACTIVE
    assert not Sanction.objects.proposed().exists()


def test_verified_again_lifts_no_other_suspension(licence: Licence, checker: object) -> None:
    membership = licence.user.membership
    SanctionFactory(membership=membership)
    refresh_standing(membership, on=timezone.localdate())

    record(licence, checker)

    assert standing_of(licence.user) == Standing.SUSPENDED


def test_check_of_an_applicant_proposes_nothing() -> None:
    application = application_with_licence()
    licence = application.licence

    record(licence, officer(OfficeRole.CHAPTER_REVIEWER, application.chapter), "terminated")

    assert not Sanction.objects.exists()


def test_who_may_record_a_check(licence: Licence) -> None:
    chapter = licence.user.membership.chapter
    OfficeTermFactory(user=licence.user, role=OfficeRole.CHAPTER_OFFICER, chapter=chapter)
    elsewhere = officer(OfficeRole.CHAPTER_OFFICER, ChapterFactory(country=Country.UZBEKISTAN))
    refused = (licence.user, elsewhere, officer(OfficeRole.TREASURER, chapter), UserFactory(is_superuser=True))

    for person in refused:
        with pytest.raises(CheckRefused, match="Only officers"):
            record(licence, person)
    record(licence, officer(OfficeRole.REGISTRAR, None))

    assert LicenceCheck.objects.count() == 1


def test_draft_opens_no_licence_to_officers() -> None:
    draft = application_with_licence("draft")

    with pytest.raises(CheckRefused, match="Only officers"):
        record(draft.licence, officer(OfficeRole.CHAPTER_OFFICER, draft.chapter))


def reach(user: User, licence: Licence) -> tuple[bool, bool, bool]:
    """Return whether a person sees a licence, reads it by office, and may check it."""
    rows = Licence.objects.filter(pk=licence.pk)
    return rows.visible_to(user).exists(), rows.in_office(user).exists(), rows.checkable_by(user).exists()


def test_an_application_opens_its_own_licence_to_its_chapter_while_it_is_open() -> None:
    application = application_with_licence("submitted")
    other = LicenceFactory(user=application.user, number="77")
    reviewer = officer(OfficeRole.CHAPTER_REVIEWER, application.chapter)
    registrar = officer(OfficeRole.REGISTRAR, None)

    assert reach(reviewer, application.licence) == (True, True, True)
    assert reach(reviewer, other) == (False, False, False)
    with pytest.raises(CheckRefused, match="Only officers"):
        record(other, reviewer)
    for status in CLOSED_STATUSES:
        Application.objects.filter(pk=application.pk).update(status=status)
        assert reach(reviewer, application.licence) == (False, False, False)
        with pytest.raises(CheckRefused, match="Only officers"):
            record(application.licence, reviewer)
    assert reach(registrar, application.licence) == reach(registrar, other) == (True, True, True)


@pytest.mark.parametrize("is_conflict", [True, False])
def test_who_takes_no_part_in_an_application_checks_no_licence_of_it(is_conflict: bool) -> None:
    application = application_with_licence()
    reviewer = officer(OfficeRole.CHAPTER_REVIEWER, application.chapter)
    if is_conflict:
        declare_conflict(application, actor=reviewer, text="We share an office.", at=timezone.now())
    else:
        ReferenceFactory(application=application, email=reviewer.email)

    with pytest.raises(CheckRefused, match="another officer"):
        record(application.licence, reviewer)
    record(application.licence, officer(OfficeRole.CHAPTER_REVIEWER, application.chapter))
    Application.objects.filter(pk=application.pk).update(status="completed")
    MembershipFactory(user=application.user)
    record(application.licence, reviewer)

    assert LicenceCheck.objects.count() == 2


def test_licences_of_a_member_are_the_own_chapter_s_wherever_he_applies() -> None:
    there = ChapterFactory(country=Country.UZBEKISTAN)
    application = application_with_licence("submitted", chapter=there)
    home = MembershipFactory(user=application.user).chapter
    other = LicenceFactory(user=application.user, number="77")
    theirs, ours = officer(OfficeRole.CHAPTER_OFFICER, there), officer(OfficeRole.CHAPTER_OFFICER, home)

    for licence in (application.licence, other):
        assert reach(theirs, licence) == (False, False, False)
        assert reach(ours, licence) == (True, True, True)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"state": "unchecked"}, "what the check found"),
        ({"state": "fine"}, "what the check found"),
        ({"method": "guess"}, "how the licence was checked"),
        ({"evidence": " "}, "what was seen"),
        ({"method": "body"}, "authority is not asked"),
    ],
)
def test_incomplete_check_is_refused(changes: dict[str, str], sentence: str, licence: Licence, checker: object) -> None:
    LicenceRuleFactory(may_contact_authority=False)

    with pytest.raises(CheckRefused, match=sentence):
        record(licence, checker, **changes)

    assert not LicenceCheck.objects.exists()


def test_licences_due_by_date_and_by_end(licence: Licence) -> None:
    today = timezone.localdate()
    LicenceRuleFactory(country=Country.TAJIKISTAN, remind_days=180)
    LicenceRuleFactory(country=Country.UZBEKISTAN, remind_days=10)
    due = LicenceFactory(recheck_on=today)
    ending = LicenceFactory(country=Country.TAJIKISTAN, valid_until=today + dt.timedelta(days=170))
    LicenceFactory(country=Country.UZBEKISTAN, valid_until=today + dt.timedelta(days=170))
    LicenceFactory(recheck_on=today + dt.timedelta(days=1))

    assert set(licences_due(today)) == {due, ending}
