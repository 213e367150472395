"""The way of an application, step by step, and what stands in its way."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from audit.models import AuditEvent
from members.choices import (
    ApplicationKind,
    ApplicationStatus,
    DecisionStep,
    LicenceState,
    OfficeRole,
    PeriodSource,
    ReferenceStatus,
    Standing,
)
from members.models import Application, Invoice, Membership, Profile, Sanction
from members.permissions.applications import transitions_with_reasons
from members.rules.transitions import APPLICATION
from members.services import applications, licences
from members.services.applications import NotEligible, StaleApplication, TransitionRefused
from notifications.models import Event
from tests.factories.accounts import UserFactory
from tests.factories.applications import NOW, World, check, confirm, fresh, member_at, officer, standing_at, upload
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import (
    ConsentTextFactory,
    LicenceRuleFactory,
    MembershipFactory,
    SanctionFactory,
)

pytestmark = pytest.mark.django_db
S = ApplicationStatus
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def english() -> None:
    translation.activate("en")


@pytest.fixture
def world(db: None) -> World:
    return World()


def steps(application: Application) -> list[tuple[str, str, str]]:
    """Return the changes of status as the audit log has them."""
    events = AuditEvent.objects.about(application).order_by("pk")
    return [
        (event.action.removeprefix("members.application_"), event.detail["from"], event.detail["to"])
        for event in events
        if "to" in event.detail
    ]


def test_application_from_draft_to_member(world: World) -> None:
    row = world.approved()

    assert row.status == S.AWAITING_DUES
    assert row.number == "2026-KZ-A00001"
    assert steps(row) == [
        ("start", "", "draft"),
        ("submit", "draft", "submitted"),
        ("take", "submitted", "under_review"),
        ("recommend", "under_review", "recommended"),
        ("approve", "recommended", "approved"),
        ("await_dues", "approved", "awaiting_dues"),
    ]
    Invoice.objects.update(settled_at=NOW)
    membership = applications.complete_application(row, actor=world.treasurer, at=NOW, on=NOW.date())
    again = applications.complete_application(row, actor=world.treasurer, at=NOW, on=NOW.date())
    assert membership == again
    assert membership.periods.get().source == PeriodSource.ADMISSION
    assert fresh(row).status == S.COMPLETED
    assert fresh(row).closed_at == NOW
    profile = Profile.objects.get(user=world.applicant)
    assert (profile.areas, profile.languages) == (["criminal"], [])
    assert profile.tags.filter(kind="area", code="criminal").exists()


def test_application_without_dues_is_completed_by_the_approval() -> None:
    world = World(dues=Decimal(0))

    row = world.approved()

    assert row.status == S.COMPLETED
    assert not Invoice.objects.exists()
    event = AuditEvent.objects.get(action="members.application_complete")
    assert event.detail["waived"] == "nothing due"
    assert event.actor_id is None
    assert standing_at(world.applicant, NOW) == Standing.ACTIVE


def test_complete_application_waits_for_the_dues(world: World) -> None:
    row = world.approved()

    with pytest.raises(TransitionRefused, match="neither paid nor waived"):
        applications.complete_application(row, actor=world.treasurer, at=NOW, on=NOW.date())

    assert fresh(row).status == S.AWAITING_DUES
    assert Invoice.objects.count() == 1


# ------------------------------------------------------------------------------------------------- eligibility


def test_start_application_returns_the_open_draft(world: World) -> None:
    first = applications.start_application(world.applicant, kind=ApplicationKind.JOIN, at=NOW)
    second = applications.start_application(world.applicant, kind=ApplicationKind.JOIN, at=NOW + DAY)

    assert first == second
    assert Application.objects.count() == 1


@pytest.mark.parametrize("kind", [ApplicationKind.REINSTATE, ApplicationKind.TIER])
def test_start_application_refuses_who_was_never_a_member(kind: ApplicationKind, world: World) -> None:
    with pytest.raises(NotEligible):
        applications.start_application(world.applicant, kind=kind, at=NOW)


def test_start_application_needs_a_confirmed_address() -> None:
    with pytest.raises(NotEligible, match="Confirm your e-mail"):
        applications.start_application(UserFactory(), kind=ApplicationKind.JOIN, at=NOW)


def test_start_application_refuses_a_second_open_one(world: World) -> None:
    world.submitted()

    with pytest.raises(NotEligible, match="open application"):
        applications.start_application(world.applicant, kind=ApplicationKind.JOIN, at=NOW)


@pytest.mark.parametrize(
    ("paid", "kind", "sentence"),
    [
        (30, ApplicationKind.JOIN, "member of the League already"),
        (380, ApplicationKind.JOIN, "member of the League already"),  # in grace
        (500, ApplicationKind.JOIN, "renew the membership"),
        (900, ApplicationKind.JOIN, "ask to be reinstated"),
        (900, ApplicationKind.REINSTATE, ""),
        (500, ApplicationKind.REINSTATE, "expelled or whose membership lapsed"),
        (30, ApplicationKind.TIER, ""),
        (500, ApplicationKind.TIER, "Only an active member"),
    ],
)
def test_start_application_by_standing(paid: int, kind: ApplicationKind, sentence: str) -> None:
    user = MembershipFactory(user=UserFactory(is_verified=True), paid=paid).user
    now = _today()

    assert (sentence in applications.why_not_start(user, kind=kind, at=now)) if sentence else True
    assert bool(applications.why_not_start(user, kind=kind, at=now)) == bool(sentence)


def _today() -> dt.datetime:
    return timezone.now()  # factories of memberships count from the real day


@pytest.mark.parametrize(
    ("days", "kind", "sentence"),
    [
        (100, ApplicationKind.JOIN, "only ask to be reinstated"),
        (100, ApplicationKind.REINSTATE, "reinstated from"),
        (725, ApplicationKind.REINSTATE, "reinstated from"),
        (740, ApplicationKind.REINSTATE, ""),
    ],
)
def test_start_application_after_an_expulsion(days: int, kind: ApplicationKind, sentence: str) -> None:
    now = _today()
    membership = MembershipFactory(user=UserFactory(is_verified=True))
    SanctionFactory(membership=membership, kind="expulsion", starts_on=(now - days * DAY).date())

    found = applications.why_not_start(membership.user, kind=kind, at=now)

    assert bool(found) == bool(sentence)
    assert sentence in found


def test_start_application_waits_a_year_after_a_final_rejection(world: World) -> None:
    row = world.appealed()
    for voter in world.board[:2]:
        row = fresh(row)
        applications.vote_on_appeal(
            row, actor=voter, version=row.version, is_for=False, note="", text_for_applicant="No.", at=NOW
        )

    with pytest.raises(NotEligible, match=r"24 November 2027|Nov\. 24, 2027"):
        applications.start_application(world.applicant, kind=ApplicationKind.JOIN, at=NOW + 364 * DAY)
    assert applications.start_application(world.applicant, kind=ApplicationKind.JOIN, at=NOW + 365 * DAY).pk != row.pk


def test_reinstated_person_is_expelled_no_more() -> None:
    world = World(dues=Decimal(0))
    membership = member_at(NOW, world.applicant).membership
    SanctionFactory(membership=membership, kind="expulsion", starts_on=dt.date(2024, 1, 10))
    row = world.draft(kind=ApplicationKind.REINSTATE)
    row = applications.submit_application(row, actor=world.applicant, version=row.version, at=NOW)
    row = applications.take_application(row, actor=world.reviewer, version=row.version, at=NOW)
    for reference, referee in zip(row.references.order_by("pk"), world.referees, strict=True):
        confirm(reference, referee)
    check(row, world.officer)
    applications.recommend_application(row, actor=world.officer, version=row.version, at=NOW)
    row = fresh(row)

    with pytest.raises(TransitionRefused, match="Only the board"):
        applications.approve_application(row, actor=world.registrar, version=row.version, at=NOW)
    applications.approve_application(row, actor=world.board[0], version=row.version, at=NOW)

    assert fresh(row).status == S.COMPLETED
    assert standing_at(world.applicant, NOW) == Standing.ACTIVE
    assert Sanction.objects.get().lifted_on == NOW.date()


# ------------------------------------------------------------------------------------------------------- draft


def test_missing_items_of_an_empty_draft(world: World) -> None:
    ConsentTextFactory()
    row = applications.start_application(world.applicant, at=NOW)

    missing = applications.missing_items(row, on=NOW.date())

    assert [item.step for item in missing] == [
        "person",
        "licence",
        "practice",
        "practice",
        "documents",
        "documents",
        "referees",
        "consents",
    ]
    assert all(item.sentence.endswith(".") for item in missing)


def test_submit_application_refuses_what_is_incomplete(world: World) -> None:
    row = applications.start_application(world.applicant, at=NOW)

    with pytest.raises(TransitionRefused, match=r"Name 2 more referees\."):
        applications.submit_application(row, actor=world.applicant, version=row.version, at=NOW)

    assert fresh(row).status == S.DRAFT


def test_submit_application_follows_the_rule_of_the_country(world: World) -> None:
    LicenceRuleFactory(needs_territory=True, needs_valid_until=True)
    row = world.draft()

    with pytest.raises(TransitionRefused, match=r"regional bar.*valid"):
        applications.submit_application(row, actor=world.applicant, version=row.version, at=NOW)


def test_submit_application_twice(world: World) -> None:
    row = world.draft()
    applications.submit_application(row, actor=world.applicant, version=row.version, at=NOW)

    with pytest.raises(StaleApplication):
        applications.submit_application(row, actor=world.applicant, version=row.version, at=NOW)
    with pytest.raises(TransitionRefused, match="submitted"):
        applications.submit_application(row, actor=world.applicant, version=fresh(row).version, at=NOW)

    assert len(steps(row)) == 2


def test_submit_application_tells_reviewers_and_writes_to_referees(world: World) -> None:
    row = world.submitted()

    work = Event.objects.get(kind="members.application_work")
    assert set(work.recipients) == {world.reviewer.pk, world.officer.pk}
    assert work.data == {"what": "submitted"}
    assert Event.objects.filter(kind="members.reference_letter").count() == 2
    assert {reference.status for reference in row.references.all()} == {ReferenceStatus.INVITED}
    assert all(reference.token_hash and reference.expires_at for reference in row.references.all())


def test_save_step_keeps_plain_values(world: World) -> None:
    row = world.draft()

    assert row.answers["person"] == {"birth_year": 1985}
    assert row.answers["licence"]["issued_on"] == "2015-03-12"
    assert row.answers["practice"] == {"areas": ["criminal"]}
    assert row.licence.number == "0001234"
    assert row.tier == world.tier


def test_save_step_corrects_the_licence_in_place(world: World) -> None:
    row = world.draft()
    data = {"country": "KZ", "number": "777", "issued_on": dt.date(2015, 3, 12)}

    applications.save_step(row, actor=world.applicant, step="licence", data=data, at=NOW)

    assert world.applicant.licences.get().number == "777"


def test_save_step_refuses_a_licence_that_ends_before_it_began(world: World) -> None:
    row = world.draft()
    data = {"number": "7", "issued_on": dt.date(2015, 3, 12), "valid_until": dt.date(2014, 1, 1)}

    with pytest.raises(TransitionRefused, match="expire before"):
        applications.save_step(row, actor=world.applicant, step="licence", data=data, at=NOW)


def test_changed_licence_is_unchecked_again(world: World) -> None:
    row = world.submitted()
    check(row, world.officer)
    applications.withdraw_application(row, actor=world.applicant, version=row.version, at=NOW)
    second = applications.start_application(world.applicant, at=NOW)
    same = {"country": "KZ", "number": "0001234", "issued_on": dt.date(2015, 3, 12)}

    second = applications.save_step(
        second, actor=world.applicant, step="licence", data={**same, "valid_until": None}, at=NOW
    )
    assert second.licence.state == LicenceState.VERIFIED
    other = {**same, "issued_on": dt.date(2016, 3, 12)}
    second = applications.save_step(second, actor=world.applicant, step="licence", data=other, at=NOW)
    assert second.licence.state == LicenceState.UNCHECKED


@pytest.mark.parametrize("who", ["officer", "superuser", "stranger"])
def test_draft_is_the_applicant_s_alone(who: str, world: World) -> None:
    row, other = world.draft(), getattr(world, who)
    document = row.documents.first()

    for work in (
        lambda: applications.save_step(row, actor=other, step="person", data={}, at=NOW),
        lambda: applications.add_document(row, actor=other, kind="other", upload=upload(), at=NOW),
        lambda: applications.remove_document(document, actor=other, at=NOW),
        lambda: applications.give_consents(row, actor=other, texts=[], at=NOW),
        lambda: applications.submit_application(row, actor=other, version=row.version, at=NOW),
        lambda: applications.withdraw_application(row, actor=other, version=row.version, at=NOW),
        lambda: applications.add_note(row, actor=other, text="Note", at=NOW),
    ):
        with pytest.raises(TransitionRefused):
            work()

    assert fresh(row).version == row.version


def test_documents_are_locked_when_the_chapter_takes_the_application(world: World) -> None:
    row = world.submitted()
    extra = applications.add_document(
        row, actor=world.applicant, kind="other", upload=upload(b"%PDF-1 other %%EOF"), at=NOW
    )
    row = fresh(row)
    row = applications.take_application(row, actor=world.reviewer, version=row.version, at=NOW)

    with pytest.raises(TransitionRefused, match="cannot be changed"):
        applications.remove_document(extra, actor=world.applicant, at=NOW)
    with pytest.raises(TransitionRefused, match="cannot be changed"):
        applications.add_document(row, actor=world.applicant, kind="other", upload=upload(b"%PDF-2 %%EOF"), at=NOW)
    applications.request_information(row, actor=world.reviewer, version=row.version, questions=["Diploma?"], at=NOW)
    applications.add_document(row, actor=world.applicant, kind="diploma", upload=upload(b"%PDF-2 %%EOF"), at=NOW)
    assert row.documents.count() == 4


def test_consents_are_given_once(world: World) -> None:
    text = ConsentTextFactory()
    row = world.draft()

    applications.give_consents(row, actor=world.applicant, texts=[text], at=NOW)
    applications.give_consents(row, actor=world.applicant, texts=[text], at=NOW)

    assert row.consents.get().text == text
    assert AuditEvent.objects.filter(action="members.application_consent").count() == 1


def test_newer_consent_text_is_asked_for(world: World) -> None:
    ConsentTextFactory()
    row = world.draft()
    ConsentTextFactory(version=2, starts_on=NOW.date())

    assert [item.step for item in applications.missing_items(row, on=NOW.date())] == ["consents"]


@pytest.mark.parametrize("stage", ["draft", "submitted", "under_review", "info_requested", "recommended"])
def test_withdraw_application_before_the_decision(stage: str, world: World) -> None:
    row = getattr(world, stage)()

    applications.withdraw_application(row, actor=world.applicant, version=row.version, at=NOW)

    assert fresh(row).status == S.WITHDRAWN
    assert fresh(row).clock_started_at is None
    assert applications.start_application(world.applicant, at=NOW).pk != row.pk


def test_withdraw_application_after_the_decision_is_refused(world: World) -> None:
    row = world.approved()

    with pytest.raises(TransitionRefused, match="waiting for dues"):
        applications.withdraw_application(row, actor=world.applicant, version=row.version, at=NOW)


# ------------------------------------------------------------------------------------------------------ review


def test_reviewer_who_is_a_referee_or_has_a_conflict_cannot_take(world: World) -> None:
    OfficeTermFactory(user=world.referees[0], role=OfficeRole.CHAPTER_REVIEWER, chapter=world.chapter)
    row = world.submitted()
    applications.declare_conflict(row, actor=world.reviewer, text="We share an office.", at=NOW)
    applications.declare_conflict(row, actor=world.reviewer, text="We share an office.", at=NOW)

    with pytest.raises(TransitionRefused, match="conflict of interest"):
        applications.take_application(row, actor=world.reviewer, version=row.version, at=NOW)
    with pytest.raises(TransitionRefused, match="referee of this application"):
        applications.take_application(row, actor=world.referees[0], version=row.version, at=NOW)

    assert row.notes.get().is_conflict
    assert [reason for _arrow, reason in transitions_with_reasons(world.reviewer, row)] == [
        "You declared a conflict of interest in this application: another officer handles it."
    ]


def test_clock_stands_while_the_applicant_is_asked(world: World) -> None:
    row = world.under_review()
    questions = applications.request_information(
        row, actor=world.reviewer, version=row.version, questions=["Where?", " ", "Since when?"], at=NOW + 3 * DAY
    )
    row = fresh(row)
    assert row.time_on_clock(NOW + 20 * DAY) == 3 * DAY
    assert len(questions) == 2
    with pytest.raises(TransitionRefused, match="1 question is not answered"):
        applications.answer_information(
            row, actor=world.applicant, version=row.version, answers={questions[0].pk: "Here"}, at=NOW + 10 * DAY
        )
    row = applications.answer_information(
        row,
        actor=world.applicant,
        version=row.version,
        answers={question.pk: "Here" for question in questions},
        at=NOW + 10 * DAY,
    )

    assert row.status == S.UNDER_REVIEW
    assert row.time_on_clock(NOW + 12 * DAY) == 5 * DAY
    assert Event.objects.filter(data={"what": "answered"}).get().recipients == [world.reviewer.pk]


def test_request_information_needs_a_question(world: World) -> None:
    row = world.under_review()

    with pytest.raises(TransitionRefused, match="at least one question"):
        applications.request_information(row, actor=world.reviewer, version=row.version, questions=[" "], at=NOW)


def test_recommend_application_needs_two_references(world: World) -> None:
    row = world.under_review()
    check(row, world.officer)
    confirm(row.references.first())

    with pytest.raises(TransitionRefused, match="1 referee has not confirmed"):
        applications.recommend_application(row, actor=world.officer, version=row.version, at=NOW)


@pytest.mark.parametrize(
    ("state", "note", "sentence"),
    [
        (None, "", "Check the licence first"),
        (LicenceState.FAILED, "", "Check the licence first"),
        (LicenceState.SUSPENDED, "", "Check the licence first"),
        (LicenceState.UNVERIFIABLE, "", "the board’s note"),
        (LicenceState.UNVERIFIABLE, "Seen by the board on 3 May", ""),
        (LicenceState.VERIFIED, "", ""),
    ],
)
def test_recommend_application_needs_a_licence(state: str | None, note: str, sentence: str, world: World) -> None:
    row = world.under_review()
    for reference in row.references.all():
        confirm(reference)
    if state is not None:
        licences.check_licence(
            row.licence,
            actor=world.officer,
            state=state,
            method="document",
            evidence="Seen",
            board_note=note,
            at=NOW,
        )

    assert sentence in applications.why_not_recommend(fresh(row))
    assert bool(applications.why_not_recommend(fresh(row))) == bool(sentence)


def test_recommend_application_of_a_kind_without_licence(world: World) -> None:
    row = world.under_review()
    for reference in row.references.all():
        confirm(reference)
    world.tier.needs_licence = False
    world.tier.save()

    decision = applications.recommend_application(row, actor=world.officer, version=row.version, at=NOW)

    assert decision.step == DecisionStep.CHAPTER
    assert decision.is_positive


def test_advise_against_does_not_tell_the_applicant(world: World) -> None:
    row = world.not_recommended()

    told = {event.data["what"] for event in Event.objects.all() if event.kind == "members.application_news"}
    assert told == {"submitted", "taken"}
    with pytest.raises(TransitionRefused, match="Only the board"):
        applications.approve_application(row, actor=world.registrar, version=row.version, at=NOW)
    applications.approve_application(row, actor=world.board[0], version=row.version, at=NOW)
    assert fresh(row).status == S.AWAITING_DUES


def test_advise_against_needs_a_reason_of_the_list(world: World) -> None:
    row = world.under_review()

    with pytest.raises(TransitionRefused, match="Choose the reason"):
        applications.advise_against(row, actor=world.officer, version=row.version, reason_code="mood", at=NOW)


# --------------------------------------------------------------------------------------------------- decisions


def test_decider_is_not_the_reviewer(world: World) -> None:
    for person in (world.reviewer, world.officer):
        OfficeTermFactory(user=person, role=OfficeRole.REGISTRAR, chapter=None)
    row = world.recommended()

    for person in (world.reviewer, world.officer):
        with pytest.raises(TransitionRefused, match="another person decides"):
            applications.approve_application(row, actor=person, version=row.version, at=NOW)
        with pytest.raises(TransitionRefused, match="another person decides"):
            applications.reject_application(
                row, actor=person, version=row.version, reason_code="other", text_for_applicant="No", at=NOW
            )


def test_kind_that_only_the_board_admits() -> None:
    world = World(needs_board=True)
    row = world.recommended()

    with pytest.raises(TransitionRefused, match="Only the board"):
        applications.approve_application(row, actor=world.registrar, version=row.version, at=NOW)
    applications.approve_application(row, actor=world.board[0], version=row.version, at=NOW)

    assert fresh(row).status == S.AWAITING_DUES


def test_approval_stands_while_the_chapter_has_no_price(world: World) -> None:
    row, treasurer = world.recommended(), world.treasurer
    world.tier.prices.all().delete()

    applications.approve_application(row, actor=world.registrar, version=row.version, at=NOW)

    assert fresh(row).status == S.APPROVED
    assert row.decisions.get(step=DecisionStep.LEAGUE).is_positive
    assert not Invoice.objects.exists()
    told = Event.objects.filter(subject_id=row.pk).order_by("pk").values_list("data__what", "recipients")
    assert list(told)[-2:] == [("approved", [row.user_id]), ("unpriced", [treasurer.pk])]


def test_decision_on_a_stale_page(world: World) -> None:
    row = world.recommended()
    applications.return_to_chapter(row, actor=world.registrar, version=row.version, internal_note="Ask", at=NOW)

    with pytest.raises(StaleApplication) as caught:
        applications.approve_application(row, actor=world.registrar, version=row.version, at=NOW)

    assert "nothing was done" in caught.value.sentence


def test_return_to_chapter_needs_a_note_and_starts_the_clock(world: World) -> None:
    row = world.recommended()

    with pytest.raises(TransitionRefused, match="Write a note"):
        applications.return_to_chapter(row, actor=world.registrar, version=row.version, internal_note=" ", at=NOW)
    row = applications.return_to_chapter(
        row, actor=world.registrar, version=row.version, internal_note="Ask again", at=NOW
    )

    assert row.status == S.UNDER_REVIEW
    assert row.clock_started_at == NOW
    assert row.notes.get().text == "Ask again"


@pytest.mark.parametrize(("reason", "text"), [("", "Text"), ("other", " "), ("nonsense", "Text")])
def test_reject_application_needs_reason_and_text(reason: str, text: str, world: World) -> None:
    row = world.recommended()

    with pytest.raises(TransitionRefused):
        applications.reject_application(
            row, actor=world.registrar, version=row.version, reason_code=reason, text_for_applicant=text, at=NOW
        )

    assert fresh(row).status == S.RECOMMENDED


def test_reject_application_records_the_reason(world: World) -> None:
    row = world.rejected()

    event = AuditEvent.objects.get(action="members.application_reject")
    assert event.reason_code == "other"
    assert event.actor_id == world.registrar.pk
    assert "Secret" not in str(event.detail)
    assert row.closed_at == NOW


def test_appeal_is_possible_once_and_in_time(world: World) -> None:
    row = world.rejected()

    with pytest.raises(TransitionRefused, match="30 days"):
        applications.appeal_rejection(row, actor=world.applicant, text="Again", at=NOW + 31 * DAY)
    with pytest.raises(TransitionRefused, match="Write why"):
        applications.appeal_rejection(row, actor=world.applicant, text=" ", at=NOW)
    applications.appeal_rejection(row, actor=world.applicant, text="Again", at=NOW + 30 * DAY)
    with pytest.raises(TransitionRefused):
        applications.appeal_rejection(row, actor=world.applicant, text="Again", at=NOW)

    assert fresh(row).status == S.APPEALED
    assert fresh(row).closed_at is None


def test_appeal_needs_no_other_open_application(world: World) -> None:
    row = world.rejected()
    applications.start_application(world.applicant, at=NOW)

    with pytest.raises(TransitionRefused, match="another open application"):
        applications.appeal_rejection(row, actor=world.applicant, text="Again", at=NOW)


def test_two_votes_for_the_applicant_approve(world: World) -> None:
    row = world.appealed()
    first, second, third = world.board

    applications.vote_on_appeal(row, actor=first, version=row.version, is_for=True, note="Yes", at=NOW)
    row = fresh(row)
    assert row.status == S.APPEALED
    with pytest.raises(TransitionRefused, match="voted on this appeal already"):
        applications.vote_on_appeal(row, actor=first, version=row.version, is_for=True, at=NOW)
    applications.vote_on_appeal(row, actor=second, version=row.version, is_for=False, at=NOW)
    row = fresh(row)
    applications.vote_on_appeal(row, actor=third, version=row.version, is_for=True, text_for_applicant="Yes", at=NOW)

    assert fresh(row).status == S.AWAITING_DUES
    assert row.decisions.get(step=DecisionStep.APPEAL).is_positive
    assert steps(row)[-4:] == [
        ("vote_on_appeal", "appealed", "appealed"),
        ("vote_on_appeal", "appealed", "appealed"),
        ("vote_on_appeal", "appealed", "approved"),
        ("await_dues", "approved", "awaiting_dues"),
    ]


def test_vote_that_decides_against_needs_a_text(world: World) -> None:
    row = world.appealed()
    first, second, _third = world.board
    applications.vote_on_appeal(row, actor=first, version=row.version, is_for=False, at=NOW)
    row = fresh(row)

    with pytest.raises(TransitionRefused, match="Your vote decides"):
        applications.vote_on_appeal(row, actor=second, version=row.version, is_for=False, at=NOW)
    assert row.appeal_votes.count() == 1
    applications.vote_on_appeal(
        row, actor=second, version=row.version, is_for=False, text_for_applicant="It stays so.", at=NOW
    )

    assert fresh(row).status == S.REJECTED_FINAL


def test_earlier_decider_does_not_vote_on_the_appeal(world: World) -> None:
    OfficeTermFactory(user=world.registrar, role=OfficeRole.BOARD, chapter=None)
    row = world.appealed()

    with pytest.raises(TransitionRefused, match="took part in the first decision"):
        applications.vote_on_appeal(row, actor=world.registrar, version=row.version, is_for=True, at=NOW)
    told = Event.objects.get(data={"what": "appealed"}, kind="members.application_work").recipients
    assert set(told) == {person.pk for person in world.board}


def test_revive_application_within_six_months(world: World) -> None:
    row = world.approved()
    Application.objects.update(status=S.EXPIRED, closed_at=NOW)
    Invoice.objects.update(voided_at=NOW)

    with pytest.raises(TransitionRefused, match="6 months and is over"):
        applications.revive_application(row, actor=world.applicant, at=NOW + 190 * DAY)
    applications.revive_application(row, actor=world.applicant, at=NOW + 170 * DAY)

    assert fresh(row).status == S.AWAITING_DUES
    assert Invoice.objects.open().count() == 1


def test_revive_application_that_was_never_approved(world: World) -> None:
    row = world.draft()
    Application.objects.update(status=S.EXPIRED)

    with pytest.raises(TransitionRefused, match="never approved"):
        applications.revive_application(row, actor=world.applicant, at=NOW)


def test_application_for_another_kind_of_membership_needs_no_referees(world: World) -> None:
    MembershipFactory(user=world.applicant, chapter=world.chapter)
    row = world.draft(at=_today(), kind=ApplicationKind.TIER)
    row.references.all().delete()

    row = applications.submit_application(row, actor=world.applicant, version=row.version, at=_today())
    row = applications.take_application(row, actor=world.reviewer, version=row.version, at=_today())
    check(row, world.officer)

    assert applications.why_not_recommend(fresh(row)) == ""


# ------------------------------------------------------------------------------------------------------- notes


def test_notes_are_for_officers_of_the_chapter(world: World) -> None:
    row = world.submitted()

    applications.add_note(row, actor=world.officer, text="Known to us", at=NOW)

    for person in (world.applicant, world.stranger, world.superuser, world.treasurer):
        with pytest.raises(TransitionRefused, match="Only officers"):
            applications.add_note(row, actor=person, text="Known to us", at=NOW)
    with pytest.raises(TransitionRefused, match="Write the note"):
        applications.add_note(row, actor=world.officer, text=" ", at=NOW)
    assert row.notes.count() == 1


# -------------------------------------------------------------------------------------------- the table itself

STAGES = [
    "draft",
    "submitted",
    "under_review",
    "info_requested",
    "supported",
    "recommended",
    "not_recommended",
    "approved",
    "rejected",
    "appealed",
]


@pytest.mark.parametrize("stage", STAGES)
def test_nobody_without_an_office_of_the_chapter_can_do_anything(stage: str, world: World) -> None:
    row = getattr(world, stage)()
    before = (row.status, row.version, AuditEvent.objects.count())

    for person in (world.superuser, world.stranger, world.referees[0], UserFactory()):
        for name, act in acts(row, person).items():
            with pytest.raises(TransitionRefused):
                act()
            assert fresh(row).status == before[0], name

    assert (fresh(row).status, fresh(row).version, AuditEvent.objects.count()) == before


@pytest.mark.parametrize("stage", STAGES)
def test_officers_do_only_what_the_table_says(stage: str, world: World) -> None:
    row = getattr(world, stage)()
    table = {arrow.name: arrow for arrow in APPLICATION}
    people = {
        "applicant": world.applicant,
        "chapter_reviewer": officer(OfficeRole.CHAPTER_REVIEWER, world.chapter),
        "chapter_officer": officer(OfficeRole.CHAPTER_OFFICER, world.chapter),
        "registrar": officer(OfficeRole.REGISTRAR, None),
        "treasurer": world.treasurer,
        "ethics": officer(OfficeRole.ETHICS, None),
    }
    for party, person in people.items():
        for name, act in acts(row, person).items():
            if row.status in table[name].sources and party in table[name].parties:
                continue
            with pytest.raises(TransitionRefused):
                act()

    assert fresh(row).version == row.version


def acts(row: Application, person: object, at: dt.datetime = NOW) -> dict[str, object]:
    """Return every transition that a person can ask for, ready to be called."""
    common = {"actor": person, "version": row.version, "at": at}
    asked = row.information_requests.values_list("pk", flat=True)
    return {
        "submit": lambda: applications.submit_application(row, **common),
        "withdraw": lambda: applications.withdraw_application(row, **common),
        "take": lambda: applications.take_application(row, **common),
        "request_information": lambda: applications.request_information(row, **common, questions=["?"]),
        "answer": lambda: applications.answer_information(row, **common, answers=dict.fromkeys(asked, "Here")),
        "recommend": lambda: applications.recommend_application(row, **common),
        "advise_against": lambda: applications.advise_against(row, **common, reason_code="other"),
        "approve": lambda: applications.approve_application(row, **common),
        "return_to_chapter": lambda: applications.return_to_chapter(row, **common, internal_note="Note"),
        "reject": lambda: applications.reject_application(
            row, **common, reason_code="other", text_for_applicant="Text"
        ),
        "appeal": lambda: applications.appeal_rejection(row, actor=person, text="Text", at=at),
        "vote_on_appeal": lambda: applications.vote_on_appeal(row, **common, is_for=True),
        "complete": lambda: applications.complete_application(row, actor=person, at=at, on=at.date()),
        "revive": lambda: applications.revive_application(row, actor=person, at=at),
    }


def test_officer_of_a_country_reaches_its_city_chapters(world: World) -> None:
    city = ChapterFactory._meta.model.objects.create(
        country=world.chapter.country, parent=world.chapter, name_ru="Астана", name_en="Astana", city="Астана"
    )
    row = world.submitted()
    Application.objects.update(chapter=city)

    row = applications.take_application(fresh(row), actor=world.reviewer, version=row.version, at=NOW)

    assert row.reviewer == world.reviewer
    assert not Membership.objects.filter(user=world.applicant).exists()
