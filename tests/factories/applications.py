"""A world for applications: a chapter with officers, a League with registrar and board, and a complete draft."""

import datetime as dt
import io
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from django.core.files.base import ContentFile
from PIL import Image

from accounts.models import User
from members.choices import ApplicationKind, CheckMethod, Country, DocumentKind, LicenceState, OfficeRole, Standing
from members.models import Application, Chapter, Membership, Reference, Tier
from members.rules.standing import standing_on
from members.services import applications, licences, references
from members.services.memberships import refresh_standing
from members.tokens import reference_token
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import MembershipFactory, PeriodFactory, TierFactory, TierPriceFactory

NOW = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def upload(content: bytes = PDF, name: str = "document.pdf") -> ContentFile[bytes]:
    """Return a file as a form hands it over."""
    return ContentFile(content, name=name)


def picture(format_: str = "PNG", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """Return the bytes of a small picture."""
    output = io.BytesIO()
    Image.new("RGB", size, "teal").save(output, format_, **options)
    return output.getvalue()


def officer(role: OfficeRole, chapter: Chapter | None) -> User:
    """Return a person who holds an office."""
    return OfficeTermFactory(role=role, chapter=chapter, user=UserFactory(is_verified=True)).user


def member_at(at: dt.datetime, user: User | None = None) -> User:
    """Return a person whose paid year of membership began a month before a moment."""
    membership = MembershipFactory(user=user or UserFactory(is_verified=True), paid=-1)
    PeriodFactory(membership=membership, starts_on=at.date() - dt.timedelta(days=30))
    refresh_standing(membership, on=at.date())
    return membership.user


def standing_at(user: User, at: dt.datetime) -> Standing:
    """Return a person's standing at a moment, whatever day it is today."""
    return standing_on(Membership.objects.with_facts().get(user=user).facts(), at.date())


@dataclass
class World:
    """People and rows that an application meets; `dues` is what a year costs."""

    dues: Decimal = Decimal(30000)
    needs_board: bool = False
    chapter: Chapter = field(init=False)
    tier: Tier = field(init=False)

    def __post_init__(self) -> None:
        self.chapter = ChapterFactory()
        self.tier = TierFactory(needs_board=self.needs_board)
        TierPriceFactory(tier=self.tier, chapter=self.chapter, amount=self.dues)
        self.applicant = UserFactory(is_verified=True, name_native="Динара Ахметова", name_latin="Dinara Akhmetova")
        self.reviewer = officer(OfficeRole.CHAPTER_REVIEWER, self.chapter)
        self.officer = officer(OfficeRole.CHAPTER_OFFICER, self.chapter)
        self.registrar = officer(OfficeRole.REGISTRAR, None)
        self.board = [officer(OfficeRole.BOARD, None) for _number in range(3)]
        self.referees = [member_at(NOW) for _number in range(2)]

    @cached_property
    def treasurer(self) -> User:
        return officer(OfficeRole.TREASURER, self.chapter)

    @cached_property
    def stranger(self) -> User:
        """An officer of another country's chapter."""
        return officer(OfficeRole.CHAPTER_OFFICER, ChapterFactory(country=Country.UZBEKISTAN))

    @cached_property
    def superuser(self) -> User:
        return UserFactory(is_superuser=True, is_verified=True)

    def draft(self, at: dt.datetime = NOW, kind: ApplicationKind = ApplicationKind.JOIN) -> Application:
        """Return a draft that lacks nothing."""
        application = applications.start_application(self.applicant, kind=kind, at=at)
        actor = self.applicant
        applications.save_step(
            application, actor=actor, step="person", data={"chapter": self.chapter, "birth_year": 1985}, at=at
        )
        licence = {"country": "KZ", "number": "0001234", "issued_on": dt.date(2015, 3, 12), "valid_until": None}
        applications.save_step(application, actor=actor, step="licence", data=licence, at=at)
        practice = {"tier": self.tier, "motivation": "I want to learn.", "areas": ["criminal"]}
        applications.save_step(application, actor=actor, step="practice", data=practice, at=at)
        for number, kind_ in enumerate((DocumentKind.IDENTITY, DocumentKind.LICENCE)):
            content = upload(PDF + b"%" * number + b"\n")
            applications.add_document(application, actor=actor, kind=kind_, upload=content, at=at)
        named = [{"name": user.name_native, "email": user.email, "language": "en"} for user in self.referees]
        applications.save_step(application, actor=actor, step="referees", data={"referees": named}, at=at)
        texts = applications.current_consent_texts(at.date())
        applications.give_consents(application, actor=actor, texts=texts, at=at)
        return fresh(application)

    def submitted(self, at: dt.datetime = NOW) -> Application:
        draft = self.draft(at)
        return applications.submit_application(draft, actor=self.applicant, version=draft.version, at=at)

    def under_review(self, at: dt.datetime = NOW) -> Application:
        row = self.submitted(at)
        return applications.take_application(row, actor=self.reviewer, version=row.version, at=at)

    def supported(self, at: dt.datetime = NOW) -> Application:
        """Return an application under review that can be recommended."""
        row = self.under_review(at)
        for reference, referee in zip(row.references.order_by("pk"), self.referees, strict=True):
            confirm(reference, referee, at=at)
        check(row, self.officer, at=at)
        return fresh(row)

    def recommended(self, at: dt.datetime = NOW) -> Application:
        row = self.supported(at)
        applications.recommend_application(row, actor=self.officer, version=row.version, internal_note="Good", at=at)
        return fresh(row)

    def not_recommended(self, at: dt.datetime = NOW) -> Application:
        row = self.under_review(at)
        applications.advise_against(
            row, actor=self.officer, version=row.version, reason_code="conduct", internal_note="Secret", at=at
        )
        return fresh(row)

    def approved(self, at: dt.datetime = NOW) -> Application:
        """Return an application after the approval: waiting for dues, or completed where nothing is due."""
        row = self.recommended(at)
        applications.approve_application(row, actor=self.registrar, version=row.version, at=at)
        return fresh(row)

    def rejected(self, at: dt.datetime = NOW) -> Application:
        row = self.recommended(at)
        applications.reject_application(
            row,
            actor=self.registrar,
            version=row.version,
            reason_code="other",
            text_for_applicant="Not now.",
            internal_note="Secret",
            at=at,
        )
        return fresh(row)

    def appealed(self, at: dt.datetime = NOW) -> Application:
        row = self.rejected(at)
        return applications.appeal_rejection(row, actor=self.applicant, text="Please read it again.", at=at)

    def info_requested(self, at: dt.datetime = NOW) -> Application:
        row = self.under_review(at)
        applications.request_information(row, actor=self.reviewer, version=row.version, questions=["Where?"], at=at)
        return fresh(row)


def fresh(application: Application) -> Application:
    """Return the row as it stands."""
    return Application.objects.select_related("user", "chapter", "tier", "licence").get(pk=application.pk)


def confirm(reference: Reference, referee: User | None = None, *, at: dt.datetime = NOW) -> Reference:
    """Let a referee confirm by the link."""
    found = references.find_reference(reference_token(reference), at=at)
    return references.confirm_reference(
        found, referee_user=referee, known_years=5, statement="A careful lawyer.", conflict="", at=at
    )


def check(application: Application, actor: User, state: str = LicenceState.VERIFIED, *, at: dt.datetime = NOW) -> None:
    """Let an officer record a check of the licence."""
    assert application.licence is not None
    licences.check_licence(
        application.licence, actor=actor, state=state, method=CheckMethod.REGISTER, evidence="Register, no. 5", at=at
    )
