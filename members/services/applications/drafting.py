"""The applicant's part: eligibility, the draft, documents, consents, submission, withdrawal."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.core.files.base import File
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from members import signals
from members.choices import (
    ApplicationKind,
    ApplicationStatus,
    ConsentKind,
    DocumentKind,
    LicenceState,
    ReferenceStatus,
    SanctionKind,
    Standing,
)
from members.models import (
    Application,
    ApplicationDocument,
    Consent,
    ConsentText,
    Licence,
    LicenceRule,
    Membership,
    Sanction,
    league_day,
)
from members.rules.admission import (
    MOST_DOCUMENTS,
    MOTIVES,
    REAPPLY_MONTHS,
    REINSTATE_MONTHS,
    documents_needed,
    references_needed,
)
from members.rules.standing import is_closed, standing_on
from members.services import telling
from members.services.documents import check_upload
from members.services.memberships import add_months
from members.services.numbers import next_number
from members.services.references import invite_referees, name_referees
from members.services.transitions import (
    TransitionRefused,
    day_of,
    enter,
    lock_application,
    note_event,
    refuse_unless_permitted,
    start_clock,
    stop_clock,
)

STEPS = ("person", "licence", "practice", "documents", "referees", "consents")
COLUMNS = ("chapter", "tier", "motivation", "hardship")  # kept beside `answers`, whichever step brings them
LICENCE_FIELDS = ("country", "body", "number", "territory", "issued_on", "valid_until")


class NotEligible(TransitionRefused):
    """Raised when a person may not begin this kind of application now; `sentence` says why and what to do."""


@dataclass(frozen=True)
class MissingItem:
    """Something without which a draft cannot be submitted: the step where it is given, and what it is."""

    step: str
    sentence: str


def why_not_start(user: User, *, kind: ApplicationKind | str, at: dt.datetime) -> str:
    """Return in a sentence why a person may not begin this kind of application now, or "" where nothing hinders."""
    if not EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists():
        return _("Confirm your e-mail address first: the link is in the letter that we sent you.")
    opened = Application.objects.filter(user=user).open().first()
    if opened is not None and (opened.status != ApplicationStatus.DRAFT or opened.kind != kind):
        return _("You have an open application already. Wait for the decision, or withdraw it first.")
    final = (
        Application.objects.filter(user=user, status=ApplicationStatus.REJECTED_FINAL).order_by("-status_at").first()
    )
    if final is not None:
        again_on = add_months(day_of(final, final.status_at), REAPPLY_MONTHS)
        if day_of(final, at) < again_on:
            return _("Your application was finally rejected. You can apply again from %(date)s.") % {
                "date": date_format(again_on, "j E Y")
            }
    return _standing_forbids(user, kind, league_day_of(at))


def league_day_of(at: dt.datetime) -> dt.date:
    """Return the date of a moment at the League's office."""
    return day_of(Application(), at)


def _standing_forbids(user: User, kind: str, on: dt.date) -> str:
    membership = Membership.objects.with_facts().filter(user=user).first()
    facts = membership.facts() if membership is not None else None
    standing = standing_on(facts, on) if facts is not None else Standing.NONE
    if standing == Standing.EXPELLED:
        if kind != ApplicationKind.REINSTATE:
            return _("You were expelled from the League: you can only ask to be reinstated.")
        expelled_on = (
            Sanction.objects.in_force(on)
            .filter(membership=membership, kind=SanctionKind.EXPULSION)
            .values_list("starts_on", flat=True)
            .latest("starts_on")
        )
        from_day = add_months(expelled_on, REINSTATE_MONTHS)
        if on < from_day:
            return _("You were expelled from the League. You can ask to be reinstated from %(date)s.") % {
                "date": date_format(from_day, "j E Y")
            }
        return ""
    has_ended = facts is not None and is_closed(facts, on)
    if kind == ApplicationKind.REINSTATE:
        if has_ended:
            return ""
        return _("Reinstatement is for members who were expelled or whose membership lapsed more than a year ago.")
    if kind == ApplicationKind.TIER:
        if standing in {Standing.ACTIVE, Standing.GRACE}:
            return ""
        return _("Only an active member can ask for another kind of membership.")
    if has_ended:
        return _("Your membership lapsed more than a year ago: ask to be reinstated.")
    if standing == Standing.LAPSED:
        return _("You are a member whose dues are late: renew the membership instead of applying again.")
    if standing in {Standing.ACTIVE, Standing.GRACE, Standing.SUSPENDED}:
        return _("You are a member of the League already.")
    if standing == Standing.DECEASED:
        return _("This membership has ended. Write to the League’s office if that is a mistake.")
    return ""


@transaction.atomic
def start_application(
    user: User, *, kind: ApplicationKind | str = ApplicationKind.JOIN, at: dt.datetime
) -> Application:
    """Begin a draft, or return the one that is open: A1. Raises NotEligible."""
    User.objects.select_for_update().get(pk=user.pk)  # two clicks at once make one draft
    sentence = why_not_start(user, kind=kind, at=at)
    if sentence:
        raise NotEligible(sentence)
    opened = Application.objects.filter(user=user).open().first()
    if opened is not None:
        return opened
    membership = Membership.objects.filter(user=user).first()
    application = Application.objects.create(
        user=user,
        kind=kind,
        chapter=membership.chapter if membership is not None else None,
        created_at=at,
        touched_at=at,
        status_at=at,
    )
    note_event(
        application, "start", actor=user, at=at, detail={"from": "", "to": ApplicationStatus.DRAFT, "kind": str(kind)}
    )
    return application


def _lock_draft(application: Application, actor: User) -> Application:
    locked = lock_application(application)
    if locked.user_id != actor.pk or locked.status != ApplicationStatus.DRAFT:
        raise TransitionRefused(_("Only your own draft can be changed, and only until it is submitted."))
    return locked


def _touch(application: Application, at: dt.datetime) -> None:
    """Note that the applicant worked on it: reminders begin anew."""
    application.touched_at, application.reminders, application.reminded_at = at, 0, None
    application.version += 1
    application.save()


@transaction.atomic
def save_step(
    application: Application, *, actor: User, step: str, data: Mapping[str, object], at: dt.datetime
) -> Application:
    """Keep what the applicant filled in on one page of the form, complete or not.

    `chapter`, `tier`, `motivation` and `hardship` go into their columns, the fields of a licence into its row,
    `referees` (a list of name, email, language) into references; everything else is kept as plain values in
    `answers[step]`. Raises TransitionRefused, also for a referee who cannot be one.
    """
    if step not in STEPS:
        raise ValueError(f"No step of the form is called {step}.")
    locked = _lock_draft(application, actor)
    rest = dict(data)
    for column in COLUMNS:
        if column in rest:
            setattr(locked, column, rest.pop(column))
    referees = rest.pop("referees", None)
    if referees is not None:
        name_referees(locked, referees)  # type: ignore[arg-type]  # the form's list of mappings
    if step == "licence":
        locked.licence = _keep_licence(locked, rest)
    locked.answers = {**locked.answers, step: _plain(rest)}
    _touch(locked, at)
    return locked


def _plain(data: Mapping[str, object]) -> dict[str, object]:
    """Return what JSON can hold: rows by their number, dates and decimals as text."""
    values = {
        name: value.pk
        if isinstance(value, models.Model)
        else [item.pk if isinstance(item, models.Model) else item for item in value]
        if isinstance(value, list | tuple | set | models.QuerySet)
        else value
        for name, value in data.items()
    }
    plain: dict[str, object] = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
    return plain


def _keep_licence(application: Application, data: Mapping[str, object]) -> Licence | None:
    """Return the row of the licence as it is stated now, or None while number or date of issue are missing.

    A row that was checked counts as checked only while what it states stays the same.
    """
    number, issued_on = str(data.get("number") or "").strip(), data.get("issued_on")
    country = str(data.get("country") or (application.chapter.country if application.chapter else ""))
    if not (number and country and isinstance(issued_on, dt.date)):
        return None
    valid_until = data.get("valid_until")
    if isinstance(valid_until, dt.date) and valid_until < issued_on:
        raise TransitionRefused(_("A licence cannot expire before it was issued. Check the two dates."))
    stated = {
        "body": str(data.get("body") or ""),
        "territory": str(data.get("territory") or ""),
        "issued_on": issued_on,
        "valid_until": valid_until or None,
    }
    user = application.user
    same = Licence.objects.filter(user=user, country=country, number=number).first()
    draft = application.licence if application.licence is not None and not application.licence.checks.exists() else None
    licence = same or draft or Licence(user=user)
    if licence.pk is not None and any(getattr(licence, name) != value for name, value in stated.items()):
        licence.state, licence.checked_on, licence.recheck_on = LicenceState.UNCHECKED, None, None
    licence.country, licence.number = country, number
    for name, value in stated.items():
        setattr(licence, name, value)
    licence.save()
    return licence


@transaction.atomic
def add_document(
    application: Application, *, actor: User, kind: DocumentKind | str, upload: File, at: dt.datetime
) -> ApplicationDocument:
    """Take a file from the applicant until the chapter takes the application, and while it asks something.

    Raises TransitionRefused, FileRefused.
    """
    locked = _lock_for_documents(application, actor, also_asked=True)
    if locked.documents.count() >= MOST_DOCUMENTS:
        raise TransitionRefused(
            ngettext(
                "An application holds at most %(count)s file. Remove one first.",
                "An application holds at most %(count)s files. Remove one first.",
                MOST_DOCUMENTS,
            )
            % {"count": MOST_DOCUMENTS}
        )
    checked = check_upload(upload)
    if locked.documents.filter(sha256=checked.sha256, purged_at__isnull=True).exists():
        raise TransitionRefused(_("You have handed in this very file already."))
    document = ApplicationDocument(
        application=locked,
        kind=kind,
        name=checked.name,
        content_type=checked.content_type,
        size=checked.size,
        sha256=checked.sha256,
        uploaded_at=at,
    )
    document.file.save(checked.name, checked.content, save=False)
    stored = document.file.name or ""
    try:
        with transaction.atomic():
            document.save()
    except Exception:
        document.file.storage.delete(stored)
        raise
    _touch(locked, at)
    note_event(locked, "document_added", actor=actor, at=at, detail={"kind": kind, "size": checked.size})
    return document


@transaction.atomic
def remove_document(document: ApplicationDocument, *, actor: User, at: dt.datetime) -> None:
    """Delete a file that the applicant handed in, until the chapter takes the application. Raises TransitionRefused."""
    locked = _lock_for_documents(document.application, actor, also_asked=False)
    row = locked.documents.filter(pk=document.pk).first()
    if row is None:
        return  # a second click
    storage, name = row.file.storage, row.file.name
    row.delete()
    if name:
        transaction.on_commit(lambda: storage.delete(name))
    _touch(locked, at)
    note_event(locked, "document_removed", actor=actor, at=at, detail={"kind": row.kind})


def _lock_for_documents(application: Application, actor: User, *, also_asked: bool) -> Application:
    locked = lock_application(application)
    allowed = {ApplicationStatus.DRAFT, ApplicationStatus.SUBMITTED}
    if also_asked:
        allowed.add(ApplicationStatus.INFO_REQUESTED)
    if locked.user_id != actor.pk or locked.status not in allowed:
        raise TransitionRefused(_("The chapter is working with these documents: they cannot be changed now."))
    return locked


def current_consent_texts(on: dt.date) -> list[ConsentText]:
    """Return what is agreed to on a day: of each kind the latest version that has begun."""
    latest: dict[str, ConsentText] = {}
    for text in ConsentText.objects.filter(starts_on__lte=on).order_by("version"):
        latest[text.kind] = text
    return [latest[kind] for kind in ConsentKind.values if kind in latest]


@transaction.atomic
def give_consents(
    application: Application, *, actor: User, texts: Iterable[ConsentText], at: dt.datetime
) -> list[Consent]:
    """Note that the applicant agreed to these versions of texts; again changes nothing. Raises TransitionRefused."""
    locked = _lock_draft(application, actor)
    kept = []
    for text in texts:
        consent, is_new = Consent.objects.get_or_create(
            user=actor, text=text, application=locked, defaults={"given_at": at}
        )
        kept.append(consent)
        if is_new:
            detail = {"kind": text.kind, "version": text.version}
            note_event(locked, "consent", actor=actor, at=at, detail=detail)
    _touch(locked, at)
    return kept


def missing_items(application: Application, *, on: dt.date | None = None) -> list[MissingItem]:
    """Return what an application lacks before it can be submitted, in the order of the form."""
    day = on or league_day()
    chapter, tier, kinds = (
        application.chapter,
        application.tier,
        set(application.documents.values_list("kind", flat=True)),
    )
    needs_licence = tier is None or tier.needs_licence
    missing: list[tuple[str, str]] = []
    if not application.user.name_native.strip():
        missing.append(("person", _("Write your name.")))
    if chapter is None:
        missing.append(("person", _("Choose the country whose chapter you want to join.")))
    if needs_licence:
        missing += [("licence", sentence) for sentence in _licence_lacks(application.licence, day)]
    if tier is None:
        missing.append(("practice", _("Choose the kind of membership.")))
    elif not tier.is_open:
        missing.append(("practice", _("This kind of membership is not open to applications. Choose another one.")))
    if not application.motivation.strip():
        missing.append(("practice", str(MOTIVES[ApplicationKind(application.kind)].missing)))
    missing += [
        ("documents", _("Upload this document: %(document)s.") % {"document": kind.label})
        for kind in documents_needed(needs_licence=needs_licence)
        if kind not in kinds
    ]
    lacking = references_needed(application.kind) - _named(application)
    if lacking > 0:
        missing.append(
            (
                "referees",
                ngettext("Name %(count)s more referee.", "Name %(count)s more referees.", lacking) % {"count": lacking},
            )
        )
    given = set(application.consents.values_list("text_id", flat=True))
    missing += [
        ("consents", _("Agree to this: %(text)s.") % {"text": text.get_kind_display()})
        for text in current_consent_texts(day)
        if text.pk not in given
    ]
    return [MissingItem(step, sentence) for step, sentence in missing]


def _licence_lacks(licence: Licence | None, on: dt.date) -> list[str]:
    if licence is None:
        return [_("State your licence: its number and the date of issue.")]
    rule = LicenceRule.objects.in_force(licence.country, on)
    sentences = []
    if rule is not None and rule.needs_territory and not licence.territory:
        sentences.append(_("Name the regional bar that you belong to."))
    if rule is not None and rule.needs_valid_until and licence.valid_until is None:
        sentences.append(_("State until when the licence is valid."))
    if licence.valid_until is not None and licence.valid_until < on:
        sentences.append(_("The licence has expired. State the one that is valid now."))
    return sentences


def _named(application: Application) -> int:
    return application.references.exclude(
        status__in=[ReferenceStatus.REPLACED, ReferenceStatus.DECLINED, ReferenceStatus.EXPIRED]
    ).count()


@transaction.atomic
def submit_application(application: Application, *, actor: User, version: int, at: dt.datetime) -> Application:
    """Hand a complete draft to the chapter: A2. It gets its number, referees are written to, reviewers told.

    Raises TransitionRefused, StaleApplication.
    """
    locked = lock_application(application, version=version)
    refuse_unless_permitted(locked, "submit", actor=actor)
    on = day_of(locked, at)
    missing = missing_items(locked, on=on)
    if missing:
        raise TransitionRefused(" ".join(item.sentence for item in missing))
    assert locked.chapter is not None  # noqa: S101 -- it is among what would be missing
    series = f"application:{on.year}-{locked.chapter.country}"
    locked.number = f"{on.year}-{locked.chapter.country}-A{next_number(series):05d}"
    locked.submitted_at = locked.touched_at = at
    start_clock(locked, at=at)
    enter(locked, ApplicationStatus.SUBMITTED, "submit", actor=actor, at=at)
    invite_referees(locked, at=at)
    telling.tell_applicant(locked, "submitted", at=at)
    telling.tell_chapter(locked, "submitted", actor=actor, at=at)
    signals.application_submitted.send(sender=Application, application=locked, at=at)
    return locked


@transaction.atomic
def withdraw_application(application: Application, *, actor: User, version: int, at: dt.datetime) -> Application:
    """Take one's own application back before it is decided: A3. Raises TransitionRefused, StaleApplication."""
    locked = lock_application(application, version=version)
    refuse_unless_permitted(locked, "withdraw", actor=actor)
    was_seen = locked.submitted_at is not None
    stop_clock(locked, at=at)
    enter(locked, ApplicationStatus.WITHDRAWN, "withdraw", actor=actor, at=at)
    if was_seen:
        telling.tell_chapter(locked, "withdrawn", actor=actor, at=at)
    return locked
