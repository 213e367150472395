from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Country(models.TextChoices):
    """The five countries of the League (ISO 3166-1 alpha-2)."""

    KAZAKHSTAN = "KZ", _("Kazakhstan")
    KYRGYZSTAN = "KG", _("Kyrgyzstan")
    TAJIKISTAN = "TJ", _("Tajikistan")
    TURKMENISTAN = "TM", _("Turkmenistan")
    UZBEKISTAN = "UZ", _("Uzbekistan")


class Currency(models.TextChoices):
    """The currencies in which dues are charged (ISO 4217)."""

    KGS = "KGS", _("Kyrgyz som")
    KZT = "KZT", _("Kazakhstani tenge")
    TJS = "TJS", _("Tajikistani somoni")
    UZS = "UZS", _("Uzbekistani som")
    TMT = "TMT", _("Turkmenistani manat")
    USD = "USD", _("US dollar")
    EUR = "EUR", _("euro")


class OfficeRole(models.TextChoices):
    """Offices that people hold for a term."""

    CHAPTER_REVIEWER = "chapter_reviewer", _("chapter reviewer")
    CHAPTER_OFFICER = "chapter_officer", _("chapter officer")
    TREASURER = "treasurer", _("treasurer")
    REGISTRAR = "registrar", _("registrar")
    BOARD = "board", _("board member")
    ETHICS = "ethics", _("ethics committee member")


# A treasurer serves one chapter, or the League where no chapter is named.
CHAPTER_ROLES = (OfficeRole.CHAPTER_REVIEWER, OfficeRole.CHAPTER_OFFICER)
LEAGUE_ROLES = (OfficeRole.REGISTRAR, OfficeRole.BOARD, OfficeRole.ETHICS)

# The groups whose permissions an office brings for as long as its term runs (`members.backends`).
OFFICE_GROUPS = {
    OfficeRole.CHAPTER_REVIEWER: "Chapter officers",
    OfficeRole.CHAPTER_OFFICER: "Chapter officers",
    OfficeRole.TREASURER: "Treasurers",
    OfficeRole.REGISTRAR: "League office",
    OfficeRole.BOARD: "Board",
    OfficeRole.ETHICS: "Ethics committee",
}


class ApplicationKind(models.TextChoices):
    JOIN = "join", _("membership")
    REINSTATE = "reinstate", _("reinstatement")
    TIER = "tier", _("another kind of membership")


class ApplicationStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    UNDER_REVIEW = "under_review", _("under review")
    INFO_REQUESTED = "info_requested", _("waiting for answers")
    RECOMMENDED = "recommended", _("recommended by the chapter")
    NOT_RECOMMENDED = "not_recommended", _("not recommended by the chapter")
    APPROVED = "approved", _("approved")
    AWAITING_DUES = "awaiting_dues", _("waiting for dues")
    COMPLETED = "completed", _("completed")
    REJECTED = "rejected", _("rejected")
    APPEALED = "appealed", _("under appeal")
    REJECTED_FINAL = "rejected_final", _("finally rejected")
    WITHDRAWN = "withdrawn", _("withdrawn")
    EXPIRED = "expired", _("expired")


CLOSED_STATUSES = (
    ApplicationStatus.COMPLETED,
    ApplicationStatus.REJECTED,
    ApplicationStatus.REJECTED_FINAL,
    ApplicationStatus.WITHDRAWN,
    ApplicationStatus.EXPIRED,
)
OPEN_STATUSES = tuple(status for status in ApplicationStatus if status not in CLOSED_STATUSES)


class DocumentKind(models.TextChoices):
    LICENCE = "licence", _("licence or certificate of an advocate")
    IDENTITY = "identity", _("identity document")
    DIPLOMA = "diploma", _("law degree")
    MEMBERSHIP = "membership", _("proof of membership in the national bar")
    OTHER = "other", _("other document")


class ReferenceStatus(models.TextChoices):
    INVITED = "invited", _("invited")
    CONFIRMED = "confirmed", _("confirmed")
    DECLINED = "declined", _("declined")
    EXPIRED = "expired", _("expired")
    REPLACED = "replaced", _("replaced")


class DecisionStep(models.TextChoices):
    CHAPTER = "chapter", _("chapter’s recommendation")
    LEAGUE = "league", _("League’s decision")
    APPEAL = "appeal", _("decision on the appeal")


class DecisionReason(models.TextChoices):
    """Why an application is not recommended or rejected: the code that reports count."""

    LICENCE_NOT_CONFIRMED = "licence_not_confirmed", _("The licence could not be confirmed")
    NOT_ELIGIBLE = "not_eligible", _("The conditions of this kind of membership are not met")
    REFERENCES_MISSING = "references_missing", _("The references do not support the application")
    INCOMPLETE = "incomplete", _("Documents or answers are missing")
    CONFLICT_OF_INTEREST = "conflict_of_interest", _("A conflict of interest stands in the way")
    CONDUCT = "conduct", _("Conduct against the League’s code")
    DUPLICATE = "duplicate", _("The person is a member already")
    OTHER = "other", _("Another reason")


class ConsentKind(models.TextChoices):
    DATA = "data", _("processing of personal data")
    CODE = "code", _("the League’s code of conduct")
    ACCURACY = "accuracy", _("truth of what was stated")


class LicenceState(models.TextChoices):
    """What a check of a national licence found."""

    UNCHECKED = "unchecked", _("not checked")
    VERIFIED = "verified", _("verified")
    FAILED = "failed", _("not confirmed")
    UNVERIFIABLE = "unverifiable", _("cannot be verified")
    SUSPENDED = "suspended", _("suspended by the state")
    TERMINATED = "terminated", _("terminated by the state")


class CheckMethod(models.TextChoices):
    REGISTER = "register", _("public register")
    BODY = "body", _("confirmation of the bar")
    QR = "qr", _("QR code of the document")
    DOCUMENT = "document", _("document seen")
    OTHER = "other", _("another way")


class Standing(models.TextChoices):
    """What a person is to the League on a day: derived from rows, never set by hand."""

    NONE = "none", pgettext_lazy("standing", "not a member")
    ACTIVE = "active", pgettext_lazy("standing", "active")
    GRACE = "grace", pgettext_lazy("standing", "in the grace period")
    LAPSED = "lapsed", pgettext_lazy("standing", "lapsed")
    SUSPENDED = "suspended", pgettext_lazy("standing", "suspended")
    EXPELLED = "expelled", pgettext_lazy("standing", "expelled")
    RESIGNED = "resigned", pgettext_lazy("standing", "resigned")
    DECEASED = "deceased", pgettext_lazy("standing", "deceased")


class PeriodSource(models.TextChoices):
    """What a period of membership came from."""

    ADMISSION = "admission", _("admission")
    RENEWAL = "renewal", _("renewal")
    REINSTATEMENT = "reinstatement", _("reinstatement")
    TIER = "tier", _("change of the kind of membership")
    IMPORT = "import", _("import")


class SanctionKind(models.TextChoices):
    SUSPENSION = "suspension", _("suspension")
    LICENCE = "licence", _("suspension because of the licence")
    EXPULSION = "expulsion", _("expulsion")


class SanctionGround(models.TextChoices):
    CODE_OF_CONDUCT = "code_of_conduct", _("breach of the League’s code of conduct")
    CONFIDENTIALITY = "confidentiality", _("breach of confidentiality")
    FALSE_STATEMENT = "false_statement", _("false statement to the League")
    LICENCE = "licence", _("the licence is suspended or terminated")
    INTERIM = "interim", _("interim measure until the decision")
    OTHER = "other", _("another ground")


class InvoicePurpose(models.TextChoices):
    ADMISSION = "admission", _("admission")
    RENEWAL = "renewal", _("renewal")
    TIER = "tier", _("change of the kind of membership")


class PaymentMethod(models.TextChoices):
    BANK = "bank", _("bank transfer")
    CASH = "cash", _("cash")
    PROVIDER = "provider", _("payment provider")


class WaiverKind(models.TextChoices):
    HARDSHIP = "hardship", _("hardship")
    HONORARY = "honorary", _("honorary membership")
    BOARD = "board", _("decision of the board")


class Audience(models.IntegerChoices):
    """Who sees a field of a profile; each includes those before it."""

    NOBODY = 0, _("nobody")
    CHAPTER = 1, _("members of my chapter")
    MEMBERS = 2, _("all members of the League")
    PUBLIC = 3, _("everybody, without signing in")


class ProfileField(models.TextChoices):
    """What of a profile has an audience of its own. Who does not see the name sees nothing."""

    NAME = "name", _("name, country and chapter")
    PHOTO = "photo", _("photograph")
    REGION = "region", _("region")
    CITY = "city", _("city")
    LANGUAGES = "languages", _("working languages")
    AREAS = "areas", _("practice areas")
    COURTS = "courts", _("courts")
    BIO = "bio", _("about the practice")
    PUBLICATIONS = "publications", _("publications")
    JURY = "jury", _("experience of jury trials")
    PRO_BONO = "pro_bono", _("takes cases pro bono")
    REFERRALS = "referrals", _("accepts referrals")
    TEACHING = "teaching", _("trainer, mentor")
    ADMITTED = "admitted", _("year of admission")
    CERTIFICATES = "certificates", _("completed courses")
    PHONE = "phone", _("phone")
    TELEGRAM = "telegram", "Telegram"
    EMAIL = "email", _("e-mail")


class PracticeArea(models.TextChoices):
    """What advocates do, as they name it in applications and profiles."""

    CRIMINAL = "criminal", _("Criminal defence")
    JURY = "jury", _("Jury trials")
    EVIDENCE = "evidence", _("Evidence and expert opinions")
    VICTIMS = "victims", _("Representation of victims")
    HUMAN_RIGHTS = "human_rights", _("Human rights, United Nations bodies")
    ASSEMBLY = "assembly", _("Peaceful assembly, speech, association")
    ADMINISTRATIVE = "administrative", _("Administrative cases")
    CIVIL = "civil", _("Civil disputes")
    FAMILY = "family", _("Family law")
    LABOUR = "labour", _("Labour law")
    MIGRATION = "migration", _("Migration and asylum")
    BUSINESS = "business", _("Business and contracts")
    TAX = "tax", _("Taxes and customs")
    LAND = "land", _("Land and property")
    ARBITRATION = "arbitration", _("Arbitration and mediation")
    CORRUPTION = "corruption", _("Economic and corruption cases")
    DIGITAL = "digital", _("Data and digital rights")
    CONSTITUTIONAL = "constitutional", _("Constitutional review")


class WorkLanguage(models.TextChoices):
    """Languages in which members work, each in its own spelling: ISO 639."""

    RUSSIAN = "ru", "Русский"
    KAZAKH = "kk", "Қазақша"
    KYRGYZ = "ky", "Кыргызча"
    TAJIK = "tg", "Тоҷикӣ"
    UZBEK = "uz", "Oʻzbekcha"
    TURKMEN = "tk", "Türkmençe"
    KARAKALPAK = "kaa", "Qaraqalpaqsha"
    ENGLISH = "en", "English"
    GERMAN = "de", "Deutsch"
    FRENCH = "fr", "Français"
    TURKISH = "tr", "Türkçe"
    PERSIAN = "fa", "Fārsī"
    CHINESE = "zh", "Zhōngwén"


class TagKind(models.TextChoices):
    """What a row of the directory's index says of a profile."""

    WORD = "word"
    CITY = "city"
    REGION = "region"
    LANGUAGE = "language"
    AREA = "area"
    TRAIT = "trait"


class Trait(models.TextChoices):
    """What one can be looked for by yes or no."""

    JURY = "jury", _("experience of jury trials")
    PRO_BONO = "pro_bono", _("takes cases pro bono")
    REFERRALS = "referrals", _("accepts referrals")
    TRAINER = "trainer", _("trainer of the League")
    MENTOR = "mentor", _("mentor")


# Who is shown in the directory, and who sees more in it than a visitor.
LISTED_STANDINGS = (Standing.ACTIVE, Standing.GRACE)


class ReminderText(models.TextChoices):
    """What a reminder of dues says; the plan of each kind of membership names one for each step."""

    OPENED = "opened", _("renewal is open")
    SOON = "soon", _("the period ends soon")
    ENDS = "ends", _("the period ends today")
    GRACE = "grace", _("the period has ended, the grace period runs")
    LAPSED = "lapsed", _("the membership has lapsed and can be renewed")


class RequestKind(models.TextChoices):
    """What a person may ask about the own data."""

    EXPORT = "export", _("a copy of the data")
    ERASURE = "erasure", _("erasure")


class RequestState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    BUILDING = "building", _("being prepared")
    READY = "ready", _("ready")
    FAILED = "failed", _("could not be prepared")
    DELETED = "deleted", _("deleted")
    DONE = "done", _("done")


class RetentionKind(models.TextChoices):
    """Data whose time ends."""

    REFUSED = "refused", _("files of rejected and expired applications, after the time for an appeal")
    DRAFTS = "drafts", _("files of drafts and withdrawn applications")
    SCANS = "scans", _("scans of identity documents and licences, after the check")
    PAYERS = "payers", _("names of payers on invoices and receipts")
    SANCTIONS = "sanctions", _("texts of sanctions, after their end")
    ACCESS = "access", _("details of who looked at what")
    EXPORTS = "exports", _("copies of personal data")
    MESSAGES = "messages", _("messages between members, reported ones after the report")


class CardRevocation(models.TextChoices):
    """Why a card stopped to be the current one."""

    LOST = "lost", _("reported lost by the member")
    OFFICE = "office", _("revoked by the office")


class CpdActivity(models.TextChoices):
    """What somebody did for professional development."""

    COURSE = "course", pgettext_lazy("professional development", "course")
    SEMINAR = "seminar", pgettext_lazy("professional development", "seminar or webinar")
    CONFERENCE = "conference", pgettext_lazy("professional development", "conference")
    TEACHING = "teaching", pgettext_lazy("professional development", "teaching")
    PUBLICATION = "publication", pgettext_lazy("professional development", "publication")
    MONITORING = "monitoring", pgettext_lazy("professional development", "court monitoring")
    OTHER = "other", pgettext_lazy("professional development", "another activity")


class CpdTopic(models.TextChoices):
    """Subjects that rules on professional development may ask about."""

    ETHICS = "ethics", _("professional ethics")
    CRIMINAL = "criminal", _("criminal law and procedure")
    CIVIL = "civil", _("civil law and procedure")
    ADMINISTRATIVE = "administrative", _("administrative law")
    JURY = "jury", _("jury trials")
    HUMAN_RIGHTS = "human_rights", _("human rights and international bodies")
    SKILLS = "skills", _("advocacy skills")
    PRACTICE = "practice", _("management of a practice")
    SECURITY = "security", _("protection of data and personal safety")
    OTHER = "other", _("another subject")


class CpdSource(models.TextChoices):
    """Where an entry of the ledger came from."""

    COURSE = "course", _("course of the League")
    EXTERNAL = "external", _("accepted claim")
    TEACHING = "teaching", _("accepted claim: teaching")
    MONITORING = "monitoring", _("accepted claim: court monitoring")
    REVERSAL = "reversal", _("correction")


class CpdClaimStatus(models.TextChoices):
    CLAIMED = "claimed", _("waits for a decision")
    ACCEPTED = "accepted", pgettext_lazy("claim", "accepted")
    REFUSED = "refused", pgettext_lazy("claim", "refused")


class CpdRefusal(models.TextChoices):
    """Why claimed hours are not recorded: the code that reports count."""

    NO_EVIDENCE = "no_evidence", _("The evidence is missing or does not show the activity")
    NOT_PROFESSIONAL = "not_professional", _("The activity is not professional development of an advocate")
    HOURS_TOO_HIGH = "hours_too_high", _("The evidence shows fewer hours than were claimed")
    RECORDED_ALREADY = "recorded_already", _("The activity is recorded already")
    OTHER = "other", _("Another reason")


class CommitteeKind(models.TextChoices):
    COMMITTEE = "committee", _("committee")
    WORKING_GROUP = "working_group", _("working group")


class CommitteeRole(models.TextChoices):
    CHAIR = "chair", pgettext_lazy("committee", "chair")
    SECRETARY = "secretary", pgettext_lazy("committee", "secretary")
    MEMBER = "member", pgettext_lazy("committee", "member")


class BatchStatus(models.TextChoices):
    """How far an import is."""

    CHECKING = "checking", pgettext_lazy("import", "being checked")
    CHECKED = "checked", pgettext_lazy("import", "waits for your confirmation")
    IMPORTING = "importing", pgettext_lazy("import", "being imported")
    DONE = "done", pgettext_lazy("import", "imported")
    UNDOING = "undoing", pgettext_lazy("import", "being undone")
    UNDONE = "undone", pgettext_lazy("import", "undone")
    FAILED = "failed", pgettext_lazy("import", "refused")

    @classmethod
    def running(cls) -> tuple["BatchStatus", ...]:
        """Return those in which a task is at work."""
        return (cls.CHECKING, cls.IMPORTING, cls.UNDOING)


class RowVerdict(models.TextChoices):
    """What an import will do with a row."""

    CREATE = "create", pgettext_lazy("row", "new member")
    UPDATE = "update", pgettext_lazy("row", "update")
    SKIP = "skip", pgettext_lazy("row", "nothing to do")
    DUPLICATE = "duplicate", pgettext_lazy("row", "possible duplicate")
    ERROR = "error", pgettext_lazy("row", "error")


class RowDecision(models.TextChoices):
    """What an officer decided about a possible duplicate."""

    CREATE = "create", _("another person: create")
    UPDATE = "update", _("the same person: update")
    SKIP = "skip", _("leave this row out")


class RowState(models.TextChoices):
    """What became of a row."""

    WAITING = "waiting", pgettext_lazy("row", "waiting")
    DONE = "done", pgettext_lazy("row", "done")
    LEFT_OUT = "left_out", pgettext_lazy("row", "left out")
    HELD = "held", pgettext_lazy("row", "held for the League")  # a registrar compares and imports it
    FAILED = "failed", pgettext_lazy("row", "failed")
    UNDONE = "undone", pgettext_lazy("row", "undone")
    KEPT = "kept", pgettext_lazy("row", "could not be undone")


class ExportFormat(models.TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "XLSX"


class ExportStatus(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("export", "being made")
    DONE = "done", pgettext_lazy("export", "ready")
    FAILED = "failed", pgettext_lazy("export", "failed")
    EXPIRED = "expired", pgettext_lazy("export", "deleted")


class IdentitySign(models.TextChoices):
    """By what two records of one person are recognised."""

    NAME = "name", _("the same name and year of birth")
    LICENCE = "licence", _("the same licence")
    EMAIL = "email", _("addresses that look the same")


class CaseStatus(models.TextChoices):
    OPEN = "open", pgettext_lazy("duplicate", "to be looked at")
    PROPOSED = "proposed", pgettext_lazy("duplicate", "merge proposed")
    MERGED = "merged", pgettext_lazy("duplicate", "merged")
    DISMISSED = "dismissed", pgettext_lazy("duplicate", "two people")
