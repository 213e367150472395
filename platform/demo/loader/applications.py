"""Applications of the demo world: each is told by its steps, which leave what the services would have left.

A step of the file is a method here, and mirrors one function of `members.services.applications`, `references` or
`licences`: columns, versions, the chapter's clock, decisions and the audit log.
"""

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.choices import Language
from accounts.models import User
from demo.loader.book import DAY, Book, Plan
from demo.loader.dues import Dues
from demo.loader.papers import PDF, PNG, make_pdf, make_png
from demo.sources import Entry, check_keys, choice, codes
from members.choices import (
    ApplicationKind,
    ApplicationStatus,
    CheckMethod,
    DecisionReason,
    DecisionStep,
    DocumentKind,
    InvoicePurpose,
    LicenceState,
    OfficeRole,
    PaymentMethod,
    PeriodSource,
    PracticeArea,
    ReferenceStatus,
    WaiverKind,
)
from members.models import (
    AppealVote,
    Application,
    ApplicationDocument,
    Chapter,
    Consent,
    ConsentText,
    Decision,
    InformationRequest,
    Invoice,
    Licence,
    LicenceCheck,
    LicenceRule,
    Reference,
    ReviewNote,
    Tier,
)
from members.rules.admission import REFERENCE_DAYS
from members.services.licences import RECHECK_DAYS

KEYS = (
    "email",
    "name_native",
    "name_latin",
    "language",
    "chapter",
    "city",
    "kind",
    "tier",
    "from_tier",
    "birth_year",
    "areas",
    "languages",
    "motivation",
    "hardship",
    "licence",
    "documents",
    "referees",
    "steps",
)
# What each step may say besides when, what and who.
STEPS: dict[str, tuple[str, ...]] = {
    "start": (),
    "fill": ("without",),
    "submit": (),
    "take": (),
    "confirm": ("referee", "years", "text", "conflict"),
    "decline": ("referee", "text"),
    "replace": ("referee", "with"),
    "expire_reference": ("referee",),
    "check_licence": ("state", "method", "text", "board_note"),
    "ask": ("questions",),
    "answer": ("answers",),
    "write_note": ("text",),
    "declare_conflict": ("text",),
    "recommend": ("text",),
    "advise_against": ("reason", "text"),
    "return": ("text",),
    "approve": ("text", "internal"),
    "reject": ("reason", "text", "internal"),
    "appeal": ("text",),
    "vote": ("is_for", "note", "text"),
    "pay": ("amount", "method", "reference"),
    "waive": ("kind", "text"),
    "remind": (),
    "withdraw": (),
    "expire_draft": (),
    "expire_unanswered": (),
    "expire_unpaid": (),
}
PARTS = ("licence", "practice", "documents", "referees", "consents")
TITLES = {
    DocumentKind.LICENCE: ("Лицензия.pdf", "Licence of an advocate"),
    DocumentKind.IDENTITY: ("Удостоверение личности.png", "Identity document"),
    DocumentKind.DIPLOMA: ("Диплом юриста.pdf", "Law degree"),
    DocumentKind.MEMBERSHIP: ("Справка из коллегии.pdf", "Proof of membership in the national bar"),
    DocumentKind.OTHER: ("Рекомендательное письмо.pdf", "Another document"),
}


@dataclass
class World:
    """What applications refer to."""

    book: Book
    dues: Dues
    chapters: dict[str, Chapter]
    tiers: dict[str, Tier]
    people: dict[str, User]
    plans: dict[str, Plan]  # of members, by e-mail address
    officers: dict[tuple[str, str], User]  # by office and country, "" for those of the League
    rules: dict[str, LicenceRule]
    texts: list[ConsentText]
    admit: Callable[["Story"], Plan]  # puts the membership of who joined into the book of memberships

    def person(self, entry: Entry, key: str) -> User:
        email = entry[key]
        if email not in self.people:
            raise entry.where.error(f"“{email}” is nobody of the demo world.")
        return self.people[email]

    def officer(self, role: str, chapter: Chapter | None) -> User:
        return self.officers[role, chapter.country if chapter is not None else ""]


def new_applicants(rows: Iterable[Entry]) -> list[Entry]:
    """Return the entries that bring their own person."""
    return [row for row in rows if "name_native" in row]


def load_applications(rows: Iterable[Entry], world: World) -> None:
    """Tell the story of each application into the book."""
    for row in rows:
        check_keys(row, *KEYS)
        Story(row, world).tell()


class Story:
    """One application, from its first step to the last one of the file."""

    def __init__(self, entry: Entry, world: World) -> None:
        self.entry, self.world, self.book = entry, world, world.book
        self.user = world.person(entry, "email")
        self.kind = ApplicationKind(choice(entry, "kind", ApplicationKind))
        self.chapter = world.chapters[choice(entry, "chapter", world.chapters)]
        self.tier = world.tiers[choice(entry, "tier", world.tiers)]
        self.plan = world.plans.get(self.user.email)
        if (self.plan is None) != (self.kind == ApplicationKind.JOIN):
            raise entry.where.error("who joins is no member yet, and who asks for anything else is one.")
        self.application = Application(user=self.user, kind=self.kind)
        self.licence: Licence | None = None
        self.references: list[Reference] = []
        self.questions: list[InformationRequest] = []
        self.checks: list[LicenceCheck] = []
        self.invoice: Invoice | None = None
        self.remains = Decimal(0)
        self.votes: list[AppealVote] = []
        self.completed_on: dt.date | None = None
        self.at = self.book.at

    def tell(self) -> None:
        last = None
        for number, step in enumerate(self.entry["steps"]):
            do = choice(step, "do", STEPS)
            check_keys(step, "days_ago", "do", "by", *STEPS[do])
            days_ago = step["days_ago"]
            if not isinstance(days_ago, int) or days_ago < 1 or (last is not None and days_ago > last):
                raise step.where.error("“days_ago” is a whole number from 1 on, and never larger than before.")
            last, self.at = days_ago, self.book.moment(days_ago, number)
            try:
                getattr(self, f"_{do}")(step)
            except (IndexError, AttributeError) as error:
                raise step.where.error(f"“{do}” does not fit here: {error}.") from error

    # The applicant

    def _start(self, _step: Entry) -> None:
        application = self.application
        application.chapter = self.plan.membership.chapter if self.plan is not None else None
        application.created_at = application.touched_at = application.status_at = self.at
        self.book.add(application)
        self._event("start", actor=self.user, **{"from": "", "to": ApplicationStatus.DRAFT, "kind": self.kind})

    def _fill(self, step: Entry) -> None:
        """Fill in the form from the entry, but for the parts that are left out."""
        left_out = codes(step, "without", PARTS) if "without" in step else []
        entry, application = self.entry, self.application
        application.chapter = self.chapter
        application.answers = {"person": {"birth_year": entry["birth_year"], "phone": "", "city": entry["city"]}}
        application.version += 1
        if "licence" not in left_out:
            self._state_licence()
        if "practice" not in left_out:
            application.tier = self.tier
            application.motivation, application.hardship = entry["motivation"].strip(), entry.get("hardship", "")
            application.answers["practice"] = {
                "areas": codes(entry, "areas", PracticeArea.values),
                "languages": codes(entry, "languages", Language.values),
            }
            application.version += 1
        if "documents" not in left_out:
            for kind in codes(entry, "documents", DocumentKind.values):
                self._hand_in(DocumentKind(kind))
        if "referees" not in left_out and "referees" in entry:
            for email in entry["referees"]:
                self._name_referee(email)
            application.answers["referees"] = {}
            application.version += 1
        if "consents" not in left_out:
            for text in self.world.texts:
                self.book.add(Consent(user=self.user, text=text, application=application, given_at=self.at))
                self._event("consent", actor=self.user, kind=text.kind, version=text.version)
            application.version += 1
        application.touched_at = self.at

    def _state_licence(self) -> None:
        stated = self.entry.get("licence")
        if stated is None:
            self.licence = self.plan.licence if self.plan is not None and self.tier.needs_licence else None
            self.application.answers["licence"] = {"no_licence": self.licence is None}
        else:
            check_keys(stated, "number", "territory", "issued_on", "valid_until")
            rule = self.world.rules[self.chapter.country]
            self.licence = Licence(
                user=self.user,
                country=self.chapter.country,
                body=rule.body_ru,
                number=str(stated["number"]),
                territory=stated["territory"],
                issued_on=stated["issued_on"],
                valid_until=stated.get("valid_until"),
            )
            self.book.add(self.licence)
            names = ("number", "territory", "issued_on", "valid_until")
            self.application.answers["licence"] = {
                "country": self.chapter.country,
                "body": rule.body_ru,
                **{name: str(stated[name]) for name in names if name in stated},
            }
        self.application.licence = self.licence
        self.application.version += 1

    def _hand_in(self, kind: DocumentKind) -> None:
        name, title = TITLES[kind]
        lines = (title, self.user.name_latin or self.user.email, self.chapter.name_en, "DEMO: everything is invented.")
        is_picture = name.endswith(".png")
        content = make_png(*lines) if is_picture else make_pdf(*lines)
        document = ApplicationDocument(
            application=self.application,
            kind=kind,
            file=f"applications/{uuid.uuid4().hex}",
            name=name,
            content_type=PNG if is_picture else PDF,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            uploaded_at=self.at,
        )
        self.book.add(document)
        self.book.keep_file(document.file.name or "", content)
        self.application.version += 1
        self._event("document_added", actor=self.user, kind=kind, size=len(content))

    def _name_referee(self, email: str) -> Reference:
        referee = self.world.people.get(email)
        if referee is None or email not in self.world.plans:
            raise self.entry.where.error(f"the referee “{email}” is no member.")
        reference = Reference(application=self.application, name=referee.name_native, email=email, language="ru")
        self.references.append(reference)
        self.book.add(reference)
        return reference

    def _submit(self, _step: Entry) -> None:
        application = self.application
        application.submitted_at = application.touched_at = application.clock_started_at = self.at
        self._enter(ApplicationStatus.SUBMITTED, "submit", actor=self.user)
        for reference in self.references:
            self._invite(reference)

    def _answer(self, step: Entry) -> None:
        open_questions = [question for question in self.questions if question.answered_at is None]
        if len(open_questions) != len(step["answers"]):
            raise step.where.error(f"there are {len(open_questions)} questions to answer.")
        for question, text in zip(open_questions, step["answers"], strict=True):
            question.answer, question.answered_at = text, self.at
        self.application.clock_started_at = self.application.touched_at = self.at
        self._enter(ApplicationStatus.UNDER_REVIEW, "answer", actor=self.user, answers=len(open_questions))

    def _withdraw(self, _step: Entry) -> None:
        self._stop_clock()
        self._enter(ApplicationStatus.WITHDRAWN, "withdraw", actor=self.user)

    def _appeal(self, step: Entry) -> None:
        application = self.application
        application.has_appealed, application.appeal_text, application.touched_at = True, step["text"].strip(), self.at
        self._enter(ApplicationStatus.APPEALED, "appeal", actor=self.user)

    # Referees

    def _reference(self, step: Entry) -> Reference:
        """Return the referee of a step, counted from 1; one who came later counts on."""
        return self.references[step["referee"] - 1]

    def _reference_event(
        self, name: str, reference: Reference, source: str, *, actor: User | None, **detail: Any
    ) -> None:
        self.book.note(
            f"members.reference_{name}",
            actor=actor,
            subject=reference,
            at=self.at,
            person=self.user,
            chapter=self.application.chapter,
            **{"from": source, "to": reference.status, **detail},
        )

    def _invite(self, reference: Reference) -> None:
        reference.invited_at, reference.expires_at = self.at, self.at + REFERENCE_DAYS * DAY
        self._reference_event("invite", reference, reference.status, actor=None)

    def _confirm(self, step: Entry) -> None:
        reference = self._reference(step)
        reference.known_years, reference.conflict = step["years"], step.get("conflict", "")
        status = ReferenceStatus.DECLINED if reference.conflict else ReferenceStatus.CONFIRMED
        self._answer_reference(step, reference, status)

    def _decline(self, step: Entry) -> None:
        self._answer_reference(step, self._reference(step), ReferenceStatus.DECLINED)

    def _answer_reference(self, step: Entry, reference: Reference, status: ReferenceStatus) -> None:
        source, reference.status = reference.status, status
        reference.statement, reference.answered_at = step["text"].strip(), self.at
        reference.referee = self.world.people[reference.email]
        if status == ReferenceStatus.CONFIRMED:
            self._reference_event("confirm", reference, source, actor=reference.referee)
        else:
            has_conflict = bool(reference.conflict)
            self._reference_event("decline", reference, source, actor=reference.referee, has_conflict=has_conflict)

    def _replace(self, step: Entry) -> None:
        reference = self._reference(step)
        source, reference.status = reference.status, ReferenceStatus.REPLACED
        fresh = self._name_referee(step["with"])
        self._reference_event("replace", reference, source, actor=self.user, by=fresh)
        self._invite(fresh)

    def _expire_reference(self, step: Entry) -> None:
        reference = self._reference(step)
        if reference.expires_at is None or reference.expires_at > self.at:
            raise step.where.error(f"an invitation expires after {REFERENCE_DAYS} days.")
        reference.status = ReferenceStatus.EXPIRED
        self._reference_event("expire", reference, ReferenceStatus.INVITED, actor=None)

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
            chapter=self.plan.membership.chapter if self.plan is not None else None,
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

    # Dues

    def _ask_for_dues(self) -> None:
        purpose = InvoicePurpose.TIER if self.kind == ApplicationKind.TIER else InvoicePurpose.ADMISSION
        self.invoice = self.world.dues.issue(
            self.user,
            chapter=self.chapter,
            tier=self.tier,
            purpose=purpose,
            actor=None,
            at=self.at,
            application=self.application,
        )
        self.remains = self.invoice.amount
        self._enter(ApplicationStatus.AWAITING_DUES, "await_dues", actor=None)

    def _asked(self, step: Entry) -> Invoice:
        if self.invoice is None:
            raise step.where.error("nothing is asked for yet.")
        return self.invoice

    def _pay(self, step: Entry) -> None:
        invoice, amount = self._asked(step), Decimal(step.get("amount", self.remains))
        method = PaymentMethod(choice(step, "method", PaymentMethod))
        self.world.dues.pay(invoice, amount=amount, method=method, reference=step["reference"], at=self.at)
        self._reduce(amount, actor=self.world.dues.treasurer)

    def _waive(self, step: Entry) -> None:
        actor, kind = self._actor(step, OfficeRole.REGISTRAR), WaiverKind(choice(step, "kind", WaiverKind))
        amount, text = self.remains, step["text"]
        self.world.dues.waive(self._asked(step), kind=kind, amount=amount, text=text, actor=actor, at=self.at)
        self._reduce(amount, actor=actor)

    def _reduce(self, amount: Decimal, *, actor: User) -> None:
        self.remains -= amount
        if self.remains == 0 and self.invoice is not None:
            self.world.dues.settle(self.invoice, actor=actor, at=self.at)
            self._enter(ApplicationStatus.COMPLETED, "complete", actor=actor)
            self._admit(actor)

    def _admit(self, actor: User) -> None:
        """Make a member of the applicant, or give what a member asked for."""
        self.completed_on = self.at.date()
        if self.plan is None:
            self.plan = self.world.plans[self.user.email] = self.world.admit(self)
        periods = self.plan.periods
        if self.kind == ApplicationKind.TIER:
            if periods[-1].starts_on <= self.completed_on or len(periods) < 2:
                raise self.entry.where.error("the last period of this member must begin after the last step.")
            before = self.world.tiers[choice(self.entry, "from_tier", self.world.tiers)]
            for period in periods[:-1]:
                period.tier = before
        elif periods[-1].starts_on != self.completed_on:
            raise self.entry.where.error("the last period of this member must begin on the day of the last step.")
        if self.kind == ApplicationKind.REINSTATE:
            # The years between were spent outside of the League.
            del periods[1:-1]
        periods[-1].source = {
            ApplicationKind.JOIN: PeriodSource.ADMISSION,
            ApplicationKind.TIER: PeriodSource.TIER,
            ApplicationKind.REINSTATE: PeriodSource.REINSTATEMENT,
        }[self.kind]
        self.world.dues.give_period(periods[-1], actor=actor, at=self.at)
        self.book.note(
            "members.admit",
            actor=actor,
            subject=self.plan.membership,
            at=self.at,
            person=self.user,
            chapter=self.chapter,
            tier=self.tier.code,
            on=self.completed_on,
        )

    # What time does

    def _remind(self, _step: Entry) -> None:
        self.application.reminders += 1
        self.application.reminded_at = self.at

    def _expire_draft(self, _step: Entry) -> None:
        self._expire("expire_draft")

    def _expire_unanswered(self, _step: Entry) -> None:
        self._expire("expire_unanswered")

    def _expire_unpaid(self, step: Entry) -> None:
        self.world.dues.void(self._asked(step), actor=None, at=self.at)
        self._expire("expire_unpaid")

    def _expire(self, name: str) -> None:
        self._stop_clock()
        self._enter(ApplicationStatus.EXPIRED, name, actor=None)

    # What all transitions share

    def _actor(self, step: Entry, role: OfficeRole) -> User:
        if "by" in step:
            return self.world.person(step, "by")
        league = role == OfficeRole.REGISTRAR
        return self.world.officer(role, None if league else self.chapter)

    def _stop_clock(self) -> None:
        application = self.application
        application.clock_spent = application.time_on_clock(self.at)
        application.clock_started_at = None

    def _enter(
        self, target: ApplicationStatus, name: str, *, actor: User | None, reason_code: str = "", **detail: Any
    ) -> None:
        application = self.application
        source, application.status = application.status, target
        if source != target:
            application.status_at = self.at
            application.reminders, application.reminded_at = 0, None
        application.version += 1
        application.closed_at = None if application.is_open else self.at
        self._event(name, actor=actor, reason_code=reason_code, **{"from": source, "to": target, **detail})

    def _event(self, name: str, *, actor: User | None, reason_code: str = "", **detail: Any) -> None:
        self.book.note(
            f"members.application_{name}",
            actor=actor,
            subject=self.application,
            at=self.at,
            person=self.user,
            chapter=self.application.chapter,
            reason_code=reason_code,
            **detail,
        )
