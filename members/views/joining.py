"""Membership for everybody: what it is, what it costs, and the one next step of whoever looks."""

import datetime as dt
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from moneyed.l10n import format_money

from accounts.http import signed_in
from accounts.models import User
from members.choices import ApplicationKind, ApplicationStatus, Standing
from members.models import Application, Membership, Tier, TierPrice, league_day
from members.rules.admission import APPEAL_WINDOW, CHAPTER_TIME, REAPPLY_MONTHS
from members.rules.standing import is_closed
from members.services import applications as services
from members.views.story import appeal_until, may_appeal, may_revive, status_sentence

# What an application without an end asks of the applicant: nothing, but where the word is another.
PENDING = {
    ApplicationStatus.DRAFT: "draft",
    ApplicationStatus.INFO_REQUESTED: "questions",
    ApplicationStatus.AWAITING_DUES: "dues",
}
# What a membership means here. One that has lapsed is renewed, or, after a year, asked for again.
CODES = {
    Standing.NONE: "none",
    Standing.ACTIVE: "member",
    Standing.GRACE: "member",
    Standing.SUSPENDED: "suspended",
    Standing.RESIGNED: "resigned",
    Standing.EXPELLED: "expelled",
    Standing.DECEASED: "deceased",
}
NOTHING_TO_APPLY_FOR = frozenset({"renewable", "suspended", "deceased"})


@dataclass(frozen=True)
class Situation:
    """Where a person stands with the League, and so what the page offers."""

    code: str
    application: Application | None = None
    membership: Membership | None = None
    obstacle: str = ""  # why no application can be begun now

    @property
    def kind(self) -> ApplicationKind:
        """What an application of this person would ask for."""
        standing = self.membership.standing if self.membership is not None else Standing.NONE
        if standing in {Standing.ACTIVE, Standing.GRACE}:
            return ApplicationKind.TIER
        return ApplicationKind.REINSTATE if standing in {Standing.LAPSED, Standing.EXPELLED} else ApplicationKind.JOIN


def situation_of(user: User | None, *, on: dt.date, at: dt.datetime) -> Situation:
    """Return where a person stands: an open application counts first, then the membership, then what has ended."""
    if user is None:
        return Situation("visitor")
    application = Application.objects.visible_to(user).filter(user=user).order_by("-created_at", "-pk").first()
    membership = Membership.objects.visible_to(user).filter(user=user).select_related("tier").first()
    if application is not None and application.is_open:
        return Situation(PENDING.get(ApplicationStatus(application.status), "pending"), application, membership)
    if application is not None and may_appeal(application, at=at):
        return Situation("rejected", application, membership)
    if application is not None and may_revive(application, at=at):
        return Situation("unpaid", application, membership)
    found = Situation("none" if membership is None else _code(membership, on), application, membership)
    is_rejected = application is not None and application.status == ApplicationStatus.REJECTED_FINAL
    if found.code in {"none", "expelled"} or (is_rejected and found.code not in NOTHING_TO_APPLY_FOR):
        # Where nothing can be in the way the question is saved: the service asks it again before it begins.
        return replace(found, obstacle=services.why_not_start(user, kind=found.kind, at=at))
    return found


def _code(membership: Membership, on: dt.date) -> str:
    if membership.standing == Standing.LAPSED:
        facts = Membership.objects.with_facts().get(pk=membership.pk).facts()
        return "lapsed" if is_closed(facts, on) else "renewable"
    return CODES[Standing(membership.standing)]


@require_safe
def membership_home(request: HttpRequest) -> HttpResponse:
    """Say what membership is, what it costs and how one joins, with the right next step for this person."""
    user, on = signed_in(request), league_day()
    situation = situation_of(user, on=on, at=timezone.now())
    tiers = list(Tier.objects.open_to_applicants())
    context = {
        "situation": situation,
        "tiers": [(tier, tier.description_en if get_language() == "en" else tier.description_ru) for tier in tiers],
        "tier_names": [str(tier) for tier in tiers],
        "dues": dues_table(tiers, on),
        "dues_url": optional_url("dues:home"),
        "review_days": CHAPTER_TIME.days,
        "appeal_days": APPEAL_WINDOW.days,
        "reapply_months": REAPPLY_MONTHS,
        "status_sentence": status_sentence(situation.application) if situation.application else "",
        "appeal_until": appeal_until(situation.application) if situation.application else None,
    }
    return render(request, "members/application/home.html", context)


def dues_table(tiers: list[Tier], on: dt.date) -> list[tuple[str, list[str]]]:
    """Return a row for each chapter that has prices: its name and the dues of each kind, in words where nothing."""
    prices = TierPrice.objects.filter(tier__in=tiers, starts_on__lte=on).select_related("chapter")
    in_force: dict[tuple[int, int], TierPrice] = {}
    for price in prices.order_by("starts_on", "pk"):
        in_force[price.chapter_id, price.tier_id] = price
    chapters = {price.chapter_id: price.chapter for price in in_force.values()}
    ordered = sorted(chapters.values(), key=lambda chapter: (chapter.country, chapter.parent_id or 0, chapter.pk))
    return [(str(chapter), [_amount(in_force.get((chapter.pk, tier.pk))) for tier in tiers]) for chapter in ordered]


def _amount(price: TierPrice | None) -> str:
    if price is None:
        return "–"
    if not price.amount:
        return _("free")
    pattern = "#,##0 ¤¤" if price.amount == int(price.amount) else "#,##0.00 ¤¤"
    return format_money(price.money, pattern, locale=get_language() or "ru", currency_digits=False)


def optional_url(name: str, *args: int) -> str:
    """Return the address of a page, empty where the site does not have it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
