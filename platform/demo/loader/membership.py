"""The members of the demo world: 160 fictional people over five chapters who reach every standing."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle, product
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts.models import User
from demo.loader.people import DEMO_PASSWORD
from members.choices import LicenceState, PeriodSource, SanctionGround, SanctionKind, Standing
from members.models import (
    Chapter,
    Licence,
    LicenceRule,
    Membership,
    MembershipPeriod,
    NumberCounter,
    Profile,
    Sanction,
    Tier,
    TierPrice,
)
from members.rules.standing import Facts, Period, SanctionFact, next_change, standing_on
from members.services.memberships import add_months

DAY = dt.timedelta(days=1)
PRICES_SINCE = dt.date(2026, 1, 1)
TIERS = ("full", "full", "full", "trainee", "full", "associate", "full", "student")
# By turns: how many days before today the last period began, and what happened besides.
FATES = (
    (40, ""),
    (120, ""),
    (200, ""),
    (310, ""),
    (385, ""),  # in grace
    (15, ""),
    (90, "suspended"),
    (260, ""),
    (470, ""),  # lapsed
    (340, ""),
    (150, "resigned"),
    (30, ""),
    (220, "expelled"),
    (180, ""),
    (250, "deceased"),
    (1000, ""),  # lapsed and closed
    (70, "licence proposed"),
    (330, ""),
)


@dataclass(frozen=True)
class Person:
    """A fictional member of a country."""

    native: str
    latin: str
    language: str
    city: str


def load_members(files: dict[str, Any], chapters: dict[str, Chapter], accounts: list[User], *, at: dt.datetime) -> None:
    """Create the prices, the memberships of the demo accounts and the fictional members, unless they exist."""
    if Membership.objects.exists():
        return
    tiers = {tier.code: tier for tier in Tier.objects.all()}
    _load_prices(files["prices"], chapters, tiers)
    writer = Writer(chapters, tiers, at)
    for user in accounts:
        profile = Profile.objects.filter(user=user).select_related("chapter").first()
        if profile is not None:
            writer.add(user, profile.chapter, days_ago=120, fate="", tier="full", years=3)
    users, plans = [], []
    password = make_password(DEMO_PASSWORD)  # once: one of these takes as long as a page
    for country, row in files["countries"].items():
        for number, (person, (days_ago, fate), tier) in enumerate(
            zip(make_people(row), cycle(FATES), cycle(TIERS), strict=False), 1
        ):
            user = User(
                email=f"{country.lower()}{number:03d}@example.org",
                name_native=person.native,
                name_latin=person.latin,
                language=person.language,
                time_zone=row["time_zone"],
                password=password,
            )
            users.append(user)
            plans.append((user, country, person, days_ago, fate, tier, number))
    User.objects.bulk_create(users)
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users]
    )
    Profile.objects.bulk_create(
        [
            Profile(user=user, chapter=writer.chapter_of(country, person.city), city=person.city)
            for user, country, person, *_rest in plans
        ]
    )
    for user, country, person, days_ago, fate, tier, number in plans:
        chapter = writer.chapter_of(country, person.city)
        writer.add(user, chapter, days_ago=days_ago, fate=fate, tier=tier, years=1 + number % 4)
    writer.write(files["countries"])


def make_people(row: dict[str, Any]) -> Iterator[Person]:
    """Yield as many people of a country as its row says, men and women by turns."""
    cities, languages = cycle(row["cities"]), cycle(row["languages"])
    pairs = zip(product(row["surnames"], row["men"]), product(row["surnames"], row["women"]), strict=True)
    names = []
    for (man_surname, man), (woman_surname, woman) in pairs:
        names.append((f"{woman[0]} {woman_surname[1]}", f"{woman[1]} {woman_surname[3]}"))
        names.append((f"{man[0]} {man_surname[0]}", f"{man[1]} {man_surname[2]}"))
    for (native, latin), city, language in zip(names[: row["count"]], cities, languages, strict=False):
        yield Person(native, latin, language, city)


def _load_prices(rows: dict[str, Any], chapters: dict[str, Chapter], tiers: dict[str, Tier]) -> None:
    TierPrice.objects.bulk_create(
        TierPrice(
            tier=tiers[code],
            chapter=chapters[country],
            currency=chapters[country].currency,
            amount=Decimal(amount),
            hardship_amount=Decimal(hardship),
            starts_on=PRICES_SINCE,
        )
        for country, prices in rows.items()
        for code, (amount, hardship) in prices.items()
    )


class Writer:
    """Collects memberships with what belongs to them, and writes each table once."""

    def __init__(self, chapters: dict[str, Chapter], tiers: dict[str, Tier], at: dt.datetime) -> None:
        self.chapters, self.tiers, self.at = chapters, tiers, at
        self.today = at.date()
        self.memberships: list[Membership] = []
        self.periods: list[MembershipPeriod] = []
        self.sanctions: list[Sanction] = []
        self.numbers: dict[str, int] = {}

    def chapter_of(self, country: str, city: str) -> Chapter:
        """Return the chapter of a city where it has one, else of the country."""
        return next(
            (one for one in self.chapters.values() if one.parent_id and one.country == country and one.city == city),
            self.chapters[country],
        )

    def add(self, user: User, chapter: Chapter, *, days_ago: int, fate: str, tier: str, years: int) -> None:
        """Plan the membership of a person whose last period began some days ago."""
        self.numbers[chapter.country] = self.numbers.get(chapter.country, 0) + 1
        last = self.today - days_ago * DAY
        starts = [add_months(last, -12 * back) for back in range(years - 1, -1, -1)]
        membership = Membership(
            user=user,
            number=f"{chapter.country}-{self.numbers[chapter.country]:05d}",
            chapter=chapter,
            tier=self.tiers[tier],
            joined_on=starts[0],
            resigned_on=self.today - 20 * DAY if fate == "resigned" else None,
            deceased_on=self.today - 35 * DAY if fate == "deceased" else None,
        )
        periods = [
            MembershipPeriod(
                membership=membership,
                tier=membership.tier,
                starts_on=start,
                ends_on=add_months(start, 12) - DAY,
                source=PeriodSource.RENEWAL if number else PeriodSource.ADMISSION,
                created_at=self.at,
            )
            for number, start in enumerate(starts)
        ]
        sanctions = [sanction for sanction in [self._sanction(membership, fate)] if sanction is not None]
        facts = Facts(
            tuple(Period(row.starts_on, row.ends_on, membership.tier.grace_days) for row in periods),
            tuple(SanctionFact(row.kind, row.starts_on, row.ends_on) for row in sanctions if row.confirmed_at),
            membership.resigned_on,
            membership.deceased_on,
        )
        membership.standing = standing_on(facts, self.today)
        membership.standing_until = next_change(facts, self.today)
        if membership.standing == Standing.DECEASED:
            User.objects.filter(pk=user.pk).update(is_active=False)
        self.memberships.append(membership)
        self.periods += periods
        self.sanctions += sanctions

    def _sanction(self, membership: Membership, fate: str) -> Sanction | None:
        if fate == "suspended":
            return Sanction(
                membership=membership,
                kind=SanctionKind.SUSPENSION,
                ground=SanctionGround.CONFIDENTIALITY,
                text_for_member="Учебный пример: обсуждение чужого дела вне Лиги.",
                decision_reference="Решение комиссии по этике № 7",
                starts_on=self.today - 12 * DAY,
                ends_on=self.today + 48 * DAY,
                confirmed_at=self.at,
            )
        if fate == "expelled":
            return Sanction(
                membership=membership,
                kind=SanctionKind.EXPULSION,
                ground=SanctionGround.FALSE_STATEMENT,
                text_for_member="Учебный пример: недостоверные сведения о лицензии.",
                decision_reference="Решение правления № 2",
                starts_on=self.today - 60 * DAY,
                confirmed_at=self.at,
            )
        if fate == "licence proposed":
            return Sanction(
                membership=membership,
                kind=SanctionKind.LICENCE,
                ground=SanctionGround.LICENCE,
                starts_on=self.today - 3 * DAY,
                proposed_at=self.at,
            )
        return None

    def write(self, countries: dict[str, Any]) -> None:
        """Write everything that was planned."""
        Membership.objects.bulk_create(self.memberships)
        MembershipPeriod.objects.bulk_create(self.periods)
        Sanction.objects.bulk_create(self.sanctions)
        NumberCounter.objects.bulk_create(
            NumberCounter(series=f"member:{country}", last=last) for country, last in self.numbers.items()
        )
        rules = {rule.country: rule for rule in LicenceRule.objects.all()}
        Licence.objects.bulk_create(
            self._licence(membership, rules[membership.chapter.country], countries[membership.chapter.country], number)
            for number, membership in enumerate(self.memberships, 1)
            if membership.tier.needs_licence
        )

    def _licence(self, membership: Membership, rule: LicenceRule, country: dict[str, Any], number: int) -> Licence:
        checked_on = self.today - (20 + number * 7 % 400) * DAY
        issued_on = self.today - (1200 + number * 37 % 400) * DAY
        is_proposed = any(row.membership is membership and row.proposed_at for row in self.sanctions)
        return Licence(
            user=membership.user,
            country=membership.chapter.country,
            body=rule.body_ru,
            number=f"{number * 7919 % 1000000:06d}",
            territory=country["territory"],
            issued_on=issued_on,
            valid_until=issued_on + dt.timedelta(days=1826) if rule.needs_valid_until else None,
            state=LicenceState.SUSPENDED if is_proposed else LicenceState.VERIFIED,
            checked_on=checked_on,
            recheck_on=checked_on + dt.timedelta(days=rule.recheck_days),
        )
