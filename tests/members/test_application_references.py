"""Referees: the link, the answer, the replacement."""

import datetime as dt

import pytest
from allauth.account.models import EmailAddress
from django.utils import translation

from audit.models import AuditEvent
from members.choices import ReferenceStatus
from members.models import Membership, Reference
from members.services import applications, references
from members.services.applications import TransitionRefused
from members.services.references import (
    ReferenceExpired,
    ReferenceRefused,
    ReferenceUnknown,
    ReferenceUsed,
)
from members.tokens import reference_token
from notifications.models import Event
from tests.factories.accounts import UserFactory
from tests.factories.applications import NOW, World, confirm, fresh, member_at

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def english() -> None:
    translation.activate("en")


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def reference(world: World) -> Reference:
    return world.under_review().references.order_by("pk").first()


def answer(reference: Reference, **changes: object) -> Reference:
    values = {"referee_user": None, "known_years": 5, "statement": "Yes.", "conflict": "", "at": NOW}
    return references.confirm_reference(reference, **{**values, **changes})


def test_link_opens_the_reference_and_the_database_holds_only_its_hash(reference: Reference) -> None:
    token = reference_token(reference)

    assert references.find_reference(token, at=NOW) == reference
    assert token not in str(Reference.objects.values())
    assert token not in str(Event.objects.values())
    with pytest.raises(ReferenceUnknown):
        references.find_reference(reference.token_hash, at=NOW)


def test_draft_has_no_link(world: World) -> None:
    draft = world.draft()

    assert {row.token_hash for row in draft.references.all()} == {""}
    with pytest.raises(ReferenceUnknown):
        references.find_reference("", at=NOW)


def test_confirm_reference_once(world: World, reference: Reference) -> None:
    confirmed = confirm(reference, at=NOW)

    assert confirmed.status == ReferenceStatus.CONFIRMED
    assert confirmed.referee == world.referees[0]
    with pytest.raises(ReferenceUsed):
        references.find_reference(reference_token(reference), at=NOW)
    with pytest.raises(ReferenceUsed):
        answer(reference)
    with pytest.raises(ReferenceUsed):
        references.decline_reference(reference, reason="No", at=NOW)
    assert AuditEvent.objects.filter(action="members.reference_confirm").count() == 1


def test_second_confirmation_tells_the_reviewer(world: World, reference: Reference) -> None:
    for row in reference.application.references.all():
        confirm(row)

    assert Event.objects.get(data={"what": "references_complete"}).recipients == [world.reviewer.pk]


@pytest.mark.parametrize("days", [21, 22])
def test_link_expires(days: int, reference: Reference) -> None:
    with pytest.raises(ReferenceExpired, match="time to answer"):
        references.find_reference(reference_token(reference), at=NOW + days * DAY)
    with pytest.raises(ReferenceExpired):
        answer(reference, at=NOW + days * DAY)

    assert references.expire_references(NOW + days * DAY) == 2
    assert references.expire_references(NOW + days * DAY) == 0
    with pytest.raises(ReferenceExpired):
        references.find_reference(reference_token(reference), at=NOW)
    assert Event.objects.filter(data={"what": "referee_needed"}).count() == 2


def test_link_of_a_withdrawn_application(world: World, reference: Reference) -> None:
    row = fresh(reference.application)
    applications.withdraw_application(row, actor=world.applicant, version=row.version, at=NOW)

    with pytest.raises(ReferenceExpired, match="needs no answer"):
        references.find_reference(reference_token(reference), at=NOW)
    assert references.expire_references(NOW + 60 * DAY) == 0


def test_referee_is_an_active_member(world: World, reference: Reference) -> None:
    outsider, lapsed = UserFactory(), member_at(NOW - 900 * DAY)

    with pytest.raises(ReferenceRefused, match="Only a member"):
        answer(reference, referee_user=outsider)
    with pytest.raises(ReferenceRefused, match="Only an active member"):
        answer(reference, referee_user=lapsed)
    EmailAddress.objects.filter(user=world.referees[0]).update(verified=False)
    with pytest.raises(ReferenceRefused, match="sign in"):
        answer(reference)

    assert answer(reference, referee_user=world.referees[0]).status == ReferenceStatus.CONFIRMED


def test_referee_is_neither_applicant_nor_reviewer_nor_the_other_referee(world: World, reference: Reference) -> None:
    for person in (world.applicant, world.reviewer):
        member_at(NOW, person)
    other = reference.application.references.order_by("pk").last()
    confirm(other)

    with pytest.raises(ReferenceRefused, match="Nobody can answer for oneself"):
        answer(reference, referee_user=world.applicant)
    with pytest.raises(ReferenceRefused, match="You review this application"):
        answer(reference, referee_user=world.reviewer)
    with pytest.raises(ReferenceRefused, match="already"):
        answer(reference, referee_user=world.referees[1])


def test_declared_conflict_is_a_refusal(reference: Reference) -> None:
    answered = answer(reference, conflict="We are married.")

    assert answered.status == ReferenceStatus.DECLINED
    assert answered.conflict == "We are married."
    assert AuditEvent.objects.get(action="members.reference_decline").detail["has_conflict"] is True


def test_declined_reference_tells_the_office_and_asks_the_applicant_for_another(
    world: World, reference: Reference
) -> None:
    with pytest.raises(ReferenceRefused, match="why you decline"):
        references.decline_reference(reference, reason=" ", at=NOW)
    references.decline_reference(reference, reason="I do not know him.", at=NOW)

    events = {event.data["what"]: event for event in Event.objects.filter(kind__startswith="members.application")}
    assert events["referee_declined"].recipients == [world.reviewer.pk]
    assert events["referee_needed"].recipients == [world.applicant.pk]
    assert "I do not know" not in str(Event.objects.values())
    assert "I do not know" not in str(AuditEvent.objects.values())


def test_replaced_referee_gets_no_answer_in(world: World, reference: Reference) -> None:
    references.decline_reference(reference, reason="No time.", at=NOW)
    third = member_at(NOW)

    fresh_one = references.replace_reference(
        reference, actor=world.applicant, name="Third", email=third.email.upper(), language="ru", at=NOW
    )

    assert fresh_one.email == third.email
    assert confirm(fresh_one).referee == third
    reference.refresh_from_db()
    assert reference.status == ReferenceStatus.REPLACED
    with pytest.raises(ReferenceExpired, match="somebody else"):
        references.find_reference(reference_token(reference), at=NOW)
    assert Event.objects.filter(kind="members.reference_letter").count() == 3


def test_replace_reference_refuses(world: World, reference: Reference) -> None:
    def replace(
        actor: object = world.applicant, email: str = "third@example.net", row: Reference = reference
    ) -> object:
        return references.replace_reference(row, actor=actor, name="Third", email=email, language="ru", at=NOW)

    with pytest.raises(TransitionRefused, match="own address"):
        replace(email=world.applicant.email)
    with pytest.raises(TransitionRefused, match="named this address"):
        replace(email=world.referees[1].email)
    with pytest.raises(TransitionRefused, match="by the applicant only"):
        replace(actor=world.officer)
    other = reference.application.references.order_by("pk").last()
    confirm(other)
    with pytest.raises(TransitionRefused, match="has confirmed"):
        replace(row=other)
    for number in range(8):
        reference = replace(row=reference, email=f"more{number}@example.org")
    with pytest.raises(TransitionRefused, match="write to your chapter"):
        replace(row=reference, email="last@example.org")
    assert world.applicant.applications.get().references.count() == 10


@pytest.mark.parametrize(
    ("emails", "sentence"),
    [
        (["same@example.org", "Same@example.org"], "twice"),
        (["APPLICANT"], "own address"),
        ([f"r{number}@example.org" for number in range(11)], "too many"),
    ],
)
def test_name_referees_refuses(emails: list[str], sentence: str, world: World) -> None:
    row = world.draft()
    named = [
        {"name": "R", "email": world.applicant.email if email == "APPLICANT" else email, "language": "en"}
        for email in emails
    ]

    with pytest.raises(TransitionRefused, match=sentence):
        applications.save_step(row, actor=world.applicant, step="referees", data={"referees": named}, at=NOW)

    assert row.references.count() == 2


def test_referee_may_answer_until_the_decision_only(world: World) -> None:
    row = world.approved()
    reference = row.references.first()
    Reference.objects.filter(pk=reference.pk).update(status=ReferenceStatus.INVITED)

    with pytest.raises(ReferenceExpired, match="needs no answer"):
        references.find_reference(reference_token(reference), at=NOW)
    assert Membership.objects.count() == 2
