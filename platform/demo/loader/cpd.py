"""Hours of professional development: claims in every state, and the ledger that came of them."""

import hashlib
import uuid
from typing import Any

from accounts.models import User
from demo.loader.papers import PDF, make_pdf
from demo.loader.world import World
from demo.sources import Entry, check_keys, choice, codes
from members.choices import (
    CpdActivity,
    CpdClaimStatus,
    CpdRefusal,
    CpdSource,
    CpdTopic,
    OfficeRole,
)
from members.models import Chapter, CpdClaim, CpdEntry
from members.services.cpd import entry_like, source_of

WHAT = ("activity", "provider", "title", "hours", "topics", "is_self_study")


def load_cpd(files: dict[str, Any], world: World) -> None:
    """Write the particular claims of the file, and accepted ones by turns for every other member."""
    for row in files["claims"]:
        check_keys(row, "email", "days_ago", "evidence", "decision", *WHAT)
        if row["email"] not in world.plans:
            raise row.where.error(f"“{row['email']}” is no member.")
        _Claim(row, world, world.person(row, "email"), row["days_ago"]).tell(row.get("decision"))
    activities = files["activities"]
    for row in activities:
        check_keys(row, *WHAT)
    for number, (email, plan) in enumerate(world.plans.items()):
        joined_ago = (world.book.today - plan.periods[0].starts_on).days
        if number % 2 or plan.sanction is not None or plan.membership.deceased_on is not None:
            continue
        for turn in range(number % 4 + 1):
            days_ago = 30 + (number * 17 + turn * 61) % 300
            if days_ago < joined_ago:
                row = activities[(number * 3 + turn) % len(activities)]
                _Claim(row, world, world.people[email], days_ago).accept(days_ago - 9)


class _Claim:
    def __init__(self, row: Entry, world: World, user: User, days_ago: int) -> None:
        self.row, self.world, self.book, self.user = row, world, world.book, user
        self.chapter: Chapter = world.plans[user.email].membership.chapter
        at = self.book.moment(days_ago)
        self.claim = CpdClaim(
            user=user,
            activity=choice(row, "activity", CpdActivity),
            provider=row["provider"],
            title=row["title"],
            done_on=self.book.day(days_ago + 3),
            minutes=round(row["hours"] * 60),
            topics=codes(row, "topics", CpdTopic.values),
            is_self_study=row.get("is_self_study", False),
            claimed_at=at,
        )
        if "evidence" in row:
            self._attach(row["evidence"])
        self.book.add(self.claim)
        self.book.note(
            "members.cpd_claim",
            actor=user,
            subject=self.claim,
            at=at,
            person=user,
            chapter=self.chapter,
            minutes=self.claim.minutes,
        )

    def _attach(self, name: str) -> None:
        content = make_pdf("Certificate of attendance", self.user.name_latin, "DEMO: everything is invented.")
        self.claim.evidence = f"cpd/{uuid.uuid4().hex}"
        self.claim.evidence_name, self.claim.evidence_type = name, PDF
        self.claim.evidence_sha256 = hashlib.sha256(content).hexdigest()
        self.book.keep_file(self.claim.evidence.name or "", content)

    def tell(self, decision: Entry | None) -> None:
        """Decide as the file says."""
        if decision is None:
            return
        check_keys(decision, "days_ago", "is_accepted", "reason", "text", "reversed_days_ago", "why_reversed")
        if not decision["is_accepted"]:
            self.claim.refusal = choice(decision, "reason", CpdRefusal)
            self.claim.text_for_member = decision["text"]
            self._decide(CpdClaimStatus.REFUSED, decision["days_ago"])
            return
        entry = self.accept(decision["days_ago"])
        if "reversed_days_ago" in decision:
            self._write_entry(
                decision["reversed_days_ago"],
                minutes=-entry.minutes,
                source=CpdSource.REVERSAL,
                reverses=entry,
                reason=decision["why_reversed"],
            )

    def accept(self, days_ago: int) -> CpdEntry:
        self._decide(CpdClaimStatus.ACCEPTED, days_ago)
        source = source_of(self.claim)
        return self._write_entry(days_ago, minutes=self.claim.minutes, source=source, claim=self.claim)

    def _actor(self) -> User:
        """Return who decides: the officer of the country, or the registrar about that officer's own hours."""
        officer = self.world.officer(OfficeRole.CHAPTER_OFFICER, self.chapter)
        return officer if officer != self.user else self.world.officer(OfficeRole.REGISTRAR, None)

    def _decide(self, status: CpdClaimStatus, days_ago: int) -> None:
        claim = self.claim
        claim.status, claim.decided_by, claim.decided_at = status, self._actor(), self.book.moment(days_ago)
        claim.version += 1
        self.book.note(
            f"members.cpd_claim_{status}",
            actor=claim.decided_by,
            subject=claim,
            at=claim.decided_at,
            person=self.user,
            chapter=self.chapter,
            reason_code=claim.refusal,
        )

    def _write_entry(self, days_ago: int, **values: Any) -> CpdEntry:
        actor, at = self._actor(), self.book.moment(days_ago)
        entry = entry_like(self.claim, recorded_at=at, recorded_by=actor, **values)
        self.book.add(entry)
        self.book.note(
            "members.cpd_entry",
            actor=actor,
            subject=entry,
            at=at,
            person=self.user,
            chapter=self.chapter,
            reason_code=entry.source,
            minutes=entry.minutes,
            reverses=entry.reverses,
            reason=entry.reason,
        )
        return entry
