"""What the applicant does, and what time does to who waits."""

import hashlib
import uuid

from demo.loader.papers import PDF, PNG, make_pdf, make_png
from demo.loader.steps.referees import RefereeSteps
from demo.sources import Entry, check_keys, codes
from members.choices import (
    ApplicationStatus,
    DocumentKind,
    PracticeArea,
    WorkLanguage,
)
from members.models import (
    ApplicationDocument,
    Consent,
    Licence,
)

PARTS = ("licence", "practice", "documents", "referees", "consents")
TITLES = {
    DocumentKind.LICENCE: ("Лицензия.pdf", "Licence of an advocate"),
    DocumentKind.IDENTITY: ("Удостоверение личности.png", "Identity document"),
    DocumentKind.DIPLOMA: ("Диплом юриста.pdf", "Law degree"),
    DocumentKind.MEMBERSHIP: ("Справка из коллегии.pdf", "Proof of membership in the national bar"),
    DocumentKind.OTHER: ("Рекомендательное письмо.pdf", "Another document"),
}


class ApplicantSteps(RefereeSteps):
    """Steps of the applicant."""

    agrees = False

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
                "languages": codes(entry, "languages", WorkLanguage.values),
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
        self.agrees = "consents" not in left_out
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

    def _submit(self, _step: Entry) -> None:
        application = self.application
        if self.agrees:  # as on the site, with the submission: to what is in force on its day
            for text in self.world.texts_on(self.at.date()):
                self.book.add(Consent(user=self.user, text=text, application=application, given_at=self.at))
                self._event("consent", actor=self.user, kind=text.kind, version=text.version)
            application.version += 1
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
