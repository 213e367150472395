"""The machine of applications under whatever people do in whatever order (hypothesis, stateful)."""

import datetime as dt
from contextlib import nullcontext, suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from audit.models import AuditEvent
from members.choices import ApplicationKind, ApplicationStatus, LicenceState, OfficeRole
from members.models import Application, Invoice, Membership, Reference
from members.permissions.offices import application_parties
from members.rules.transitions import APPLICATION, Party, find
from members.services import applications, references
from members.services.applications import StaleApplication, TransitionRefused
from members.services.licences import CheckRefused
from members.services.references import ReferenceExpired, ReferenceRefused, ReferenceUsed
from notifications.models import Event
from tests.factories.applications import NOW, World, check, confirm, fresh, member_at, officer
from tests.members.test_application_review import STAGES, acts

NAMES = sorted(
    {arrow.name for arrow in APPLICATION if arrow.parties != {Party.JOB}}
)  # what somebody, and not a job alone, can ask for
POWERLESS = ("superuser", "stranger", "ethics")
JOBS = (
    applications.remind_and_expire_drafts,
    applications.expire_unanswered,
    applications.remind_and_expire_unpaid,
    applications.expire_references,
)


class ApplicationMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.world = World()
        self.at = NOW
        world = self.world
        self.people: dict[str, User] = {
            "applicant": world.applicant,
            "reviewer": world.reviewer,
            "second_reviewer": officer(OfficeRole.CHAPTER_REVIEWER, world.chapter),
            "officer": world.officer,
            "registrar": world.registrar,
            "treasurer": world.treasurer,
            **{f"board{number}": person for number, person in enumerate(world.board)},
            "superuser": world.superuser,
            "stranger": world.stranger,
            "ethics": officer(OfficeRole.ETHICS, None),
        }
        self.row = world.draft(self.at)

    @initialize(stage=st.sampled_from(STAGES))
    def begin_at(self, stage: str) -> None:
        """Begin anywhere: from a draft alone few walks come as far as an appeal."""
        applications.withdraw_application(self.row, actor=self.world.applicant, version=self.row.version, at=self.at)
        self.row = fresh(getattr(self.world, stage)(self.at))

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @rule(name=st.sampled_from(NAMES), who=st.sampled_from(["applicant", "reviewer", "officer", *POWERLESS]))
    def try_anything(self, name: str, who: str) -> None:
        self.act(name, who)

    @rule(data=st.data())
    def do_something_that_the_table_permits(self, data: st.DataObject) -> None:
        row = fresh(self.row)
        possible = [
            (arrow.name, who)
            for who, person in self.people.items()
            for arrow in APPLICATION
            if row.status in arrow.sources
            and arrow.name != "withdraw"
            and not arrow.parties.isdisjoint(application_parties(person, row))
        ]
        if possible:
            self.act(*data.draw(st.sampled_from(possible)))

    def act(self, name: str, who: str) -> None:
        row = fresh(self.row)
        before = (row.status, row.version, AuditEvent.objects.count())
        try:
            with transaction.atomic():
                acts(row, self.people[who], self.at)[name]()
            sentence = ""
        except (TransitionRefused, StaleApplication) as error:
            sentence = error.sentence
        if sentence:
            assert sentence.endswith(".")
            now = fresh(self.row)
            assert (now.status, now.version, AuditEvent.objects.count()) == before
        else:
            assert who not in POWERLESS, (name, who)

    @rule()
    def everything_for_a_recommendation(self) -> None:
        row = fresh(self.row)
        if row.submitted_at is None:
            return
        if row.licence is not None and row.licence.state == LicenceState.UNCHECKED:
            # A chapter deals with an applicant's licence while it is applied with, and with its members'.
            is_reached = row.is_open or Membership.objects.filter(user=row.user_id).exists()
            with nullcontext() if is_reached else pytest.raises(CheckRefused):
                check(row, self.world.officer, at=self.at)
        for reference, referee in zip(row.references.filter(status="invited"), self.world.referees, strict=False):
            with suppress(ReferenceExpired, ReferenceUsed, ReferenceRefused):
                confirm(reference, referee, at=self.at)

    @rule(is_for=st.booleans())
    def the_board_votes(self, is_for: bool) -> None:
        for person in self.world.board:
            row = fresh(self.row)
            with suppress(TransitionRefused):
                applications.vote_on_appeal(
                    row, actor=person, version=row.version, is_for=is_for, text_for_applicant="Text", at=self.at
                )

    @rule()
    def a_referee_declines_and_is_replaced(self) -> None:
        reference = Reference.objects.filter(application=self.row, status="invited").first()
        if reference is None or reference.invited_at is None:
            return
        with suppress(ReferenceExpired, TransitionRefused):
            references.decline_reference(reference, reason="No time", at=self.at)
            email = member_at(self.at).email
            references.replace_reference(
                reference, actor=self.world.applicant, name="Other", email=email, language="ru", at=self.at
            )

    @rule(days=st.sampled_from([1, 20, 31, 46, 61]))
    def time_passes(self, days: int) -> None:
        self.at += dt.timedelta(days=days)

    @rule()
    def jobs_run_twice(self) -> None:
        for job in JOBS:
            job(self.at)
        before = self.everything()
        for job in JOBS:
            job(self.at)
        assert self.everything() == before

    def everything(self) -> tuple[object, ...]:
        return (
            list(Application.objects.order_by("pk").values()),
            list(Reference.objects.order_by("pk").values()),
            AuditEvent.objects.count(),
            Event.objects.count(),
        )

    @precondition(lambda self: Application.objects.filter(status=ApplicationStatus.AWAITING_DUES).exists())
    @rule()
    def dues_are_paid(self) -> None:
        Invoice.objects.open().update(settled_at=self.at)
        applications.complete_application(self.row, actor=self.world.treasurer, at=self.at, on=self.at.date())

    @precondition(lambda self: not fresh(self.row).is_open)
    @rule(kind=st.sampled_from(ApplicationKind.values))
    def the_applicant_begins_anew(self, kind: str) -> None:
        with suppress(TransitionRefused):
            self.row = self.world.draft(self.at, ApplicationKind(kind))

    @invariant()
    def one_application_is_open(self) -> None:
        assert Application.objects.filter(user=self.world.applicant).open().count() <= 1

    @invariant()
    def every_change_of_status_is_in_the_log_once(self) -> None:
        by_id = {person.pk: person for person in self.people.values()}
        for row in Application.objects.all():
            status = ""
            for event in AuditEvent.objects.about(row).order_by("pk"):
                if "to" not in event.detail:
                    continue
                name = event.action.removeprefix("members.application_")
                assert event.detail["from"] == status
                status = event.detail["to"]
                if name == "start":
                    continue
                arrow = find(APPLICATION, name)
                assert event.detail["from"] in arrow.sources
                assert status in arrow.targets
                actor = by_id.get(event.actor_id)
                parties = {Party.JOB} if actor is None else application_parties(actor, row)
                assert not arrow.parties.isdisjoint(parties), (name, actor)
            assert status == row.status


@pytest.mark.django_db
def test_application_machine() -> None:
    run_state_machine_as_test(
        ApplicationMachine,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
