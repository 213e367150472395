"""Professional development: what is written into the ledger, claims and their decisions, transcripts."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.files.base import File
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from members.choices import CpdActivity, CpdClaimStatus, CpdRefusal, CpdSource
from members.models import CpdClaim, CpdEntry, CpdRule, Membership, Transcript
from members.notifications.cpd import CLAIM_DECIDED, ENTRY_REVERSED
from members.rules.cpd import Period, Row, Totals, rule_period, totals, whole_quarters
from members.services.documents import check_upload
from notifications.services import notify

SALT = "members.cpd.transcript"


class NoMembership(Exception):
    """Raised when somebody claims hours whom no chapter knows: nobody could decide."""


class ClaimDecided(Exception):
    """Raised when a claim that was decided is to be decided again, or the page on which one decides is stale."""


class OwnClaim(Exception):
    """Raised when an officer is to decide about hours of his or her own."""


class EntryNotReversible(Exception):
    """Raised when a correction, or what was corrected already, is to be corrected."""


class TranscriptNotCurrent(Exception):
    """Raised when a transcript that was withdrawn is to be withdrawn again."""


@dataclass(frozen=True)
class Summary:
    """What the ledger holds of a period, with the rule of the country so far as it is known."""

    period: Period
    totals: Totals
    rule: CpdRule | None


@transaction.atomic
def record_course(user: User, *, key: str, title: str, minutes: int, on: dt.date, at: dt.datetime) -> CpdEntry | None:
    """Record a completed course of the League, in whole quarters of an hour; the same key again changes nothing.

    Returns None where there is nothing to credit.
    """
    counted = whole_quarters(minutes)
    if not counted:
        return None
    entry, is_new = CpdEntry.objects.get_or_create(
        user=user,
        key=key,
        defaults={
            "activity": CpdActivity.COURSE,
            "title": title,
            "done_on": on,
            "minutes": counted,
            "source": CpdSource.COURSE,
            "recorded_at": at,
        },
    )
    if is_new:
        _audit_entry(entry, actor=None, at=at)
    return entry


@transaction.atomic
def reverse_course(user: User, *, key: str, reason: str, actor: User | None, at: dt.datetime) -> CpdEntry | None:
    """Take back what a completed course brought; again, or where it brought nothing, changes nothing."""
    entry = CpdEntry.objects.select_for_update(of=("self",)).filter(user=user, key=key).first()
    if entry is None or CpdEntry.objects.filter(reverses=entry).exists():
        return None
    return reverse_entry(entry, reason=reason, actor=actor, at=at)


def source_of(claim: CpdClaim) -> CpdSource:
    """Return as what the hours of a claim stand in the ledger."""
    sources = {CpdActivity.TEACHING: CpdSource.TEACHING, CpdActivity.MONITORING: CpdSource.MONITORING}
    return sources.get(CpdActivity(claim.activity), CpdSource.EXTERNAL)


def entry_like(done: CpdClaim | CpdEntry, **values: Any) -> CpdEntry:
    """Return a row for the ledger, not saved, about what a claim or another row tells of."""
    return CpdEntry(
        user_id=done.user_id,
        activity=done.activity,
        provider=done.provider,
        title=done.title,
        done_on=done.done_on,
        topics=done.topics,
        is_self_study=done.is_self_study,
        **values,
    )


@transaction.atomic
def reverse_entry(entry: CpdEntry, *, reason: str, actor: User | None, at: dt.datetime) -> CpdEntry:
    """Correct the ledger: write a row that takes another one back, and tell the person. Raises EntryNotReversible."""
    locked = CpdEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    if actor is not None and locked.user_id == actor.pk:
        raise OwnClaim
    if locked.reverses_id is not None or CpdEntry.objects.filter(reverses=locked).exists():
        raise EntryNotReversible
    correction = entry_like(
        locked,
        minutes=-locked.minutes,
        source=CpdSource.REVERSAL,
        reverses=locked,
        reason=reason,
        recorded_at=at,
        recorded_by=actor,
    )
    correction.save()
    _audit_entry(correction, actor=actor, at=at)
    key = f"{ENTRY_REVERSED.name}:{locked.pk}"
    notify(ENTRY_REVERSED, subject_id=correction.pk, key=key, recipients=[locked.user_id], at=at)
    return correction


@transaction.atomic
def claim_hours(
    user: User,
    *,
    activity: str,
    provider: str,
    title: str,
    done_on: dt.date,
    minutes: int,
    topics: Sequence[str],
    is_self_study: bool,
    evidence: File | None,
    at: dt.datetime,
) -> CpdClaim:
    """Ask for hours done elsewhere to be recorded. Raises NoMembership, FileRefused."""
    if not Membership.objects.filter(user=user).exists():
        raise NoMembership
    claim = CpdClaim(
        user=user,
        activity=activity,
        provider=provider,
        title=title,
        done_on=done_on,
        minutes=minutes,
        topics=list(topics),
        is_self_study=is_self_study,
        claimed_at=at,
    )
    if evidence is not None:
        checked = check_upload(evidence)
        claim.evidence_name, claim.evidence_type = checked.name, checked.content_type
        claim.evidence_sha256 = checked.sha256
        claim.evidence.save(checked.name, checked.content, save=False)
    claim.save()
    record(
        "members.cpd_claim",
        actor=user,
        subject=claim,
        at=at,
        person=user,
        chapter=_chapter_of(user.pk),
        detail={"minutes": minutes},
    )
    return claim


@transaction.atomic
def accept_claim(claim: CpdClaim, *, version: int, actor: User, at: dt.datetime) -> CpdEntry:
    """Accept a claim, write its one entry and tell the claimant. Raises ClaimDecided, OwnClaim."""
    locked = _lock_claim(claim, version=version, actor=actor)
    _decide(locked, status=CpdClaimStatus.ACCEPTED, actor=actor, at=at)
    source = source_of(locked)
    entry = entry_like(locked, minutes=locked.minutes, source=source, claim=locked, recorded_at=at, recorded_by=actor)
    entry.save()
    _audit_entry(entry, actor=actor, at=at)
    return entry


@transaction.atomic
def refuse_claim(
    claim: CpdClaim, *, version: int, reason: CpdRefusal, text: str, actor: User, at: dt.datetime
) -> CpdClaim:
    """Refuse a claim with a reason that the claimant reads, and say so. Raises ClaimDecided, OwnClaim."""
    locked = _lock_claim(claim, version=version, actor=actor)
    locked.refusal, locked.text_for_member = reason, text
    _decide(locked, status=CpdClaimStatus.REFUSED, actor=actor, at=at)
    return locked


@transaction.atomic
def view_evidence(claim: CpdClaim, *, actor: User, at: dt.datetime) -> None:
    """Note that somebody of the office opened the evidence of a claim."""
    record(
        "members.cpd_evidence_view",
        actor=actor,
        subject=claim,
        at=at,
        person=claim.user_id,
        chapter=_chapter_of(claim.user_id),
    )


@transaction.atomic
def save_rule(rule: CpdRule, *, actor: User, at: dt.datetime) -> CpdRule:
    """Write down what is known about the rule of a country."""
    rule.save()
    record(
        "members.cpd_rule",
        actor=actor,
        subject=rule,
        at=at,
        detail={
            "country": rule.country,
            "from": rule.starts_on,
            "until": rule.ends_on,
            "months": rule.period_months,
            "minutes": rule.minutes_required,
            "ethics": rule.ethics_minutes,
            "self_study": rule.self_study_minutes,
            "carry_over": rule.carry_over_minutes,
        },
    )
    return rule


def summarise(user: User, period: Period, *, rule: CpdRule | None) -> Summary:
    """Add up a person's ledger of a period in one query. It counts and does not judge."""
    rows = CpdEntry.objects.filter(user=user).between(period.starts_on, period.ends_on)
    found = rows.values_list("done_on", "minutes", "topics", "is_self_study")
    cap = rule.self_study_minutes if rule is not None else None
    counted = totals(
        (Row(done_on, minutes, tuple(topics), is_self_study) for done_on, minutes, topics, is_self_study in found),
        period,
        self_study_at_most=cap,
    )
    return Summary(period=period, totals=counted, rule=rule)


def rule_for(user: User, on: dt.date) -> CpdRule | None:
    """Return the rule of a member's country on a day, or None for who belongs to no chapter."""
    country = Membership.objects.filter(user=user).values_list("chapter__country", flat=True).first()
    return CpdRule.objects.all().for_country(country, on) if country else None


def period_of_rule(rule: CpdRule | None, on: dt.date) -> Period | None:
    """Return the period of a rule that holds a day, or None where the length is not known."""
    if rule is None or rule.period_months is None:
        return None
    return rule_period(rule.starts_on, rule.period_months, on)


def years_of(user: User, *, until: int) -> list[int]:
    """Return the years of which a person's ledger has entries, with this one, the latest first."""
    years = {day.year for day in CpdEntry.objects.filter(user=user).dates("done_on", "year")}
    return sorted(years | {until}, reverse=True)


@transaction.atomic
def issue_transcript(user: User, period: Period, *, shows_entries: bool, language: str, at: dt.datetime) -> Transcript:
    """Copy a person's ledger of a period into a transcript that never changes, hashed and signed."""
    rows = list(
        CpdEntry.objects.filter(user=user)
        .between(period.starts_on, period.ends_on)
        .select_for_update(of=("self",))
        .order_by("done_on", "pk")
    )
    printed = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(printed):
        entries = [_as_printed(row) for row in rows]
    transcript = Transcript(
        user=user,
        language=printed,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        holder_name=user.name_for_english if printed == "en" else user.name_native,
        total_minutes=sum(row.minutes for row in rows),
        entries=entries,
        shows_entries=shows_entries,
        issued_at=at,
    )
    transcript.sha256 = _hash(transcript)
    transcript.signature = signing.Signer(salt=SALT).signature(transcript.sha256)
    transcript.save()
    _audit_transcript("members.cpd_transcript_issue", transcript, at=at)
    return transcript


@transaction.atomic
def revoke_transcript(transcript: Transcript, *, at: dt.datetime) -> Transcript:
    """Withdraw a transcript; its verification page says so from now on. Raises TranscriptNotCurrent."""
    locked = Transcript.objects.select_for_update().get(pk=transcript.pk)
    if locked.revoked_at is not None:
        raise TranscriptNotCurrent
    locked.revoked_at = at
    locked.save(update_fields=["revoked_at"])
    _audit_transcript("members.cpd_transcript_revoke", locked, at=at)
    return locked


def is_genuine(transcript: Transcript) -> bool:
    """Whether a transcript says what it said when it was issued: the hash is true and the signature ours."""
    expected = signing.Signer(salt=SALT).signature(transcript.sha256)
    return constant_time_compare(expected, transcript.signature) and _hash(transcript) == transcript.sha256


def verification_address(transcript: Transcript) -> str:
    """Return the whole address that is printed on a transcript and coded in its square code, in its language."""
    with translation.override(transcript.language):
        path = reverse("cpd:verify", args=[transcript.public_id])
    return f"{settings.WAGTAILADMIN_BASE_URL.rstrip('/')}{path}"


def _as_printed(row: CpdEntry) -> dict[str, object]:
    kind = str(row.get_activity_display())
    if row.source == CpdSource.REVERSAL:
        kind = str(CpdSource.REVERSAL.label)
    elif row.is_self_study:
        kind = _("%(activity)s, self-study") % {"activity": kind}
    return {
        "on": row.done_on.isoformat(),
        "title": row.title,
        "kind": kind,
        "provider": row.provider_name,
        "minutes": row.minutes,
    }


def _hash(transcript: Transcript) -> str:
    spelled = json.dumps(transcript.content(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(spelled.encode()).hexdigest()


def _lock_claim(claim: CpdClaim, *, version: int, actor: User) -> CpdClaim:
    locked = CpdClaim.objects.select_for_update(of=("self",)).get(pk=claim.pk)
    if locked.user_id == actor.pk:
        raise OwnClaim
    if locked.status != CpdClaimStatus.CLAIMED or locked.version != version:
        raise ClaimDecided
    return locked


def _decide(claim: CpdClaim, *, status: CpdClaimStatus, actor: User, at: dt.datetime) -> None:
    claim.status, claim.decided_by, claim.decided_at = status, actor, at
    claim.version += 1
    claim.save(update_fields=["status", "refusal", "text_for_member", "decided_by", "decided_at", "version"])
    record(
        f"members.cpd_claim_{status}",
        actor=actor,
        subject=claim,
        at=at,
        person=claim.user_id,
        chapter=_chapter_of(claim.user_id),
        reason_code=claim.refusal,
    )
    key = f"{CLAIM_DECIDED.name}:{claim.pk}"
    notify(CLAIM_DECIDED, subject_id=claim.pk, key=key, recipients=[claim.user_id], at=at)


def _audit_entry(entry: CpdEntry, *, actor: User | None, at: dt.datetime) -> None:
    record(
        "members.cpd_entry",
        actor=actor,
        subject=entry,
        at=at,
        person=entry.user_id,
        chapter=_chapter_of(entry.user_id),
        reason_code=entry.source,
        detail={"minutes": entry.minutes, "reverses": entry.reverses_id, "reason": entry.reason},
    )


def _audit_transcript(action: str, transcript: Transcript, *, at: dt.datetime) -> None:
    record(
        action,
        actor=transcript.user,
        subject=transcript,
        at=at,
        person=transcript.user_id,
        chapter=_chapter_of(transcript.user_id),
        detail={"from": transcript.starts_on, "until": transcript.ends_on},
    )


def _chapter_of(user_id: int) -> int | None:
    return Membership.objects.filter(user=user_id).values_list("chapter_id", flat=True).first()
