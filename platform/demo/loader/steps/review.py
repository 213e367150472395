"""What the chapter, the League and the board do."""

import datetime as dt

from accounts.models import User
from demo.loader.steps.dues import DuesSteps
from demo.sources import Entry, choice
from members.choices import (
    ApplicationStatus,
    CheckMethod,
    DecisionReason,
    DecisionStep,
    LicenceState,
    OfficeRole,
)
from members.models import (
    AppealVote,
    Decision,
    InformationRequest,
    LicenceCheck,
    ReviewNote,
)
from members.services.licences import RECHECK_DAYS


class ReviewSteps(DuesSteps):
    """Steps of the chapter and of the League."""

    # The chapter

    def _take(self, step: Entry) -> None:
        self.application.reviewer = self._actor(step, OfficeRole.CHAPTER_REVIEWER)
        self._enter(ApplicationStatus.UNDER_REVIEW, "take", actor=self.application.reviewer)

    def _check_licence(self, step: Entry) -> None:
        licence = self.licence
        if licence is None:
            raise step.where.error("the application states no licence.")
        state, actor = choice(step, "state", LicenceState), self._actor(step, OfficeRole.CHAPTER_REVIEWER)
        check = LicenceCheck(
            licence=licence,
            state=state,
            method=choice(step, "method", CheckMethod),
            evidence=step["text"],
            board_note=step.get("board_note", ""),
            checked_by=actor,
            checked_at=self.at,
        )
        self.book.add(check)
        on, rule = self.at.date(), self.world.rules.get(licence.country)
        again_on = on + dt.timedelta(days=rule.recheck_days if rule is not None else RECHECK_DAYS)
        source, licence.state, licence.checked_on = licence.state, state, on
        expires = licence.valid_until is not None and licence.valid_until > on
        licence.recheck_on = min(again_on, licence.valid_until) if expires and licence.valid_until else again_on
        self.book.note(
            "members.licence_check",
            actor=actor,
            subject=licence,
            at=self.at,
            person=self.user,
            chapter=self.plan.membership.chapter if self.plan is not None else self.application.chapter,
            reason_code=state,
            **{"from": source, "to": state, "method": check.method, "check": check},
        )

    def _ask(self, step: Entry) -> None:
        actor = self._actor(step, OfficeRole.CHAPTER_REVIEWER)
        asked = [
            InformationRequest(application=self.application, question=text, asked_by=actor, asked_at=self.at)
            for text in step["questions"]
        ]
        self.book.add(*asked)
        self.questions += asked
        self._stop_clock()
        self._enter(ApplicationStatus.INFO_REQUESTED, "request_information", actor=actor, questions=len(asked))

    def _write_note(self, step: Entry) -> None:
        self._review_note(step, self._actor(step, OfficeRole.CHAPTER_OFFICER))

    def _declare_conflict(self, step: Entry) -> None:
        self._review_note(step, self._actor(step, OfficeRole.CHAPTER_OFFICER), is_conflict=True)

    def _review_note(self, step: Entry, actor: User, *, is_conflict: bool = False) -> None:
        note = self._add_note(step, actor, is_conflict=is_conflict)
        self._event("conflict" if is_conflict else "note", actor=actor, note=note)

    def _add_note(self, step: Entry, actor: User, *, is_conflict: bool = False) -> ReviewNote:
        note = ReviewNote(
            application=self.application, author=actor, text=step["text"].strip(), at=self.at, is_conflict=is_conflict
        )
        self.book.add(note)
        return note

    def _recommend(self, step: Entry) -> None:
        self._advise(step, ApplicationStatus.RECOMMENDED, "recommend")

    def _advise_against(self, step: Entry) -> None:
        reason = choice(step, "reason", DecisionReason)
        self._advise(step, ApplicationStatus.NOT_RECOMMENDED, "advise_against", reason)

    def _advise(self, step: Entry, target: ApplicationStatus, name: str, reason: str = "") -> None:
        actor = self._actor(step, OfficeRole.CHAPTER_OFFICER)
        self._decide(DecisionStep.CHAPTER, actor=actor, is_positive=not reason, reason=reason, internal=step["text"])
        self._stop_clock()
        self._enter(target, name, actor=actor, reason_code=reason)

    # The League

    def _return(self, step: Entry) -> None:
        actor = self._actor(step, OfficeRole.REGISTRAR)
        self._add_note(step, actor)
        self.application.clock_started_at = self.at
        self._enter(ApplicationStatus.UNDER_REVIEW, "return_to_chapter", actor=actor)

    def _approve(self, step: Entry) -> None:
        actor = self._actor(step, OfficeRole.REGISTRAR)
        text, internal = step.get("text", ""), step.get("internal", "")
        self._decide(DecisionStep.LEAGUE, actor=actor, is_positive=True, text=text, internal=internal)
        self.application.approved_at = self.at
        self._enter(ApplicationStatus.APPROVED, "approve", actor=actor)
        self._ask_for_dues()

    def _reject(self, step: Entry) -> None:
        actor, reason = self._actor(step, OfficeRole.REGISTRAR), choice(step, "reason", DecisionReason)
        self._decide(
            DecisionStep.LEAGUE,
            actor=actor,
            is_positive=False,
            reason=reason,
            text=step["text"],
            internal=step.get("internal", ""),
        )
        self.application.rejected_at = self.at
        self._enter(ApplicationStatus.REJECTED, "reject", actor=actor, reason_code=reason)

    def _vote(self, step: Entry) -> None:
        actor, is_for = self.world.person(step, "by"), step["is_for"]
        vote = AppealVote(
            application=self.application, voter=actor, is_for=is_for, note=step.get("note", ""), at=self.at
        )
        self.book.add(vote)
        self.votes.append(vote)
        if sum(one.is_for == is_for for one in self.votes) < 2:
            self._enter(ApplicationStatus.APPEALED, "vote_on_appeal", actor=actor)
            return
        text, internal = step.get("text", ""), step.get("note", "")
        self._decide(DecisionStep.APPEAL, actor=actor, is_positive=is_for, text=text, internal=internal)
        if is_for:
            self.application.approved_at = self.at
            self._enter(ApplicationStatus.APPROVED, "vote_on_appeal", actor=actor)
            self._ask_for_dues()
        else:
            self._enter(ApplicationStatus.REJECTED_FINAL, "vote_on_appeal", actor=actor)

    def _decide(
        self,
        step: DecisionStep,
        *,
        actor: User,
        is_positive: bool,
        reason: str = "",
        text: str = "",
        internal: str = "",
    ) -> None:
        self.book.add(
            Decision(
                application=self.application,
                step=step,
                is_positive=is_positive,
                reason_code=reason,
                text_for_applicant=text.strip(),
                internal_note=internal.strip(),
                decided_by=actor,
                decided_at=self.at,
            )
        )
