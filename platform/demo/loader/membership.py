"""The members of the demo world: 160 fictional people over five chapters who reach every standing."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle, product
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings

from accounts.models import User
from demo.loader.applications import load_applications
from demo.loader.book import DAY, OPENS, Book, Plan
from demo.loader.committees import load_committees
from demo.loader.cpd import load_cpd
from demo.loader.dues import Dues, Renewals
from demo.loader.people import hashed_password
from demo.loader.profiles import FIELDS, fill_profiles
from demo.loader.steps.base import StoryBase
from demo.loader.transfers import load_transfers
from demo.loader.world import World
from demo.sources import Entry
from members.choices import LicenceState, OfficeRole, PeriodSource, SanctionGround, SanctionKind
from members.models import (
    Chapter,
    ConsentText,
    Licence,
    LicenceCheck,
    LicenceRule,
    Membership,
    MembershipPeriod,
    NumberCounter,
    OfficeTerm,
    Profile,
    Sanction,
    Tier,
    TierPrice,
)
from members.rules.standing import Facts, Period, SanctionFact, next_change, standing_on
from members.services.memberships import add_months
from members.services.profiles import index_profiles

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


@dataclass
class MemberFiles:
    """What the files say about members."""

    members: dict[str, Any]
    applications: list[Entry]
    dues: dict[str, Any]
    cpd: dict[str, Any]
    committees: list[Entry]
    transfers: list[Entry]
    profiles: dict[str, Any]


@dataclass(frozen=True)
class Person:
    """A fictional member of a country."""

    native: str
    latin: str
    language: str
    city: str


def load_members(
    files: MemberFiles, chapters: dict[str, Chapter], accounts: dict[str, User], *, at: dt.datetime
) -> None:
    """Create members and what they did: applications, dues, hours, committees; unless there are members already."""
    if Membership.objects.exists():
        return
    countries = files.members["countries"]
    book = Book(at=at)
    tiers = {tier.code: tier for tier in Tier.objects.all()}
    rules = {rule.country: rule for rule in LicenceRule.objects.all()}
    _load_prices(files.members["prices"], chapters, tiers)
    writer = Writer(chapters, tiers, countries, rules, at)

    users, profiles = dict(accounts), list(Profile.objects.filter(user__in=accounts.values()).order_by("pk"))
    people = {user.pk: user for user in accounts.values()}
    plans: dict[str, Plan] = {}
    for profile in profiles:
        profile.user, profile.chapter = people[profile.user_id], writer.by_pk[profile.chapter_id]
        plans[profile.user.email] = writer.add(
            profile.user, profile.chapter, days_ago=120, fate="", tier="full", years=3
        )
    existing = len(profiles)
    for user, country, person, days_ago, fate, tier, number in _fictional(countries):
        chapter = writer.chapter_of(country, person.city)
        users[user.email] = user
        profiles.append(Profile(user=user, chapter=chapter, city=person.city))
        plans[user.email] = writer.add(user, chapter, days_ago=days_ago, fate=fate, tier=tier, years=1 + number % 4)
    users.update({user.email: user for user in _applicants(files.applications, countries)})
    _save_people([user for user in users.values() if user.pk is None])

    officers = _appoint(countries, chapters, users, at=at)
    dues = Dues(book, files.members["prices"], officers[OfficeRole.TREASURER, ""])

    def admit(story: StoryBase) -> Plan:
        days_ago = (book.today - story.at.date()).days
        profiles.append(Profile(user=story.user, chapter=story.chapter, city=story.entry["city"]))
        return writer.add(
            story.user, story.chapter, days_ago=days_ago, fate="", tier=story.tier.code, years=1, licence=story.licence
        )

    texts = list(ConsentText.objects.filter(starts_on__lte=book.today).order_by("version", "pk"))
    world = World(book, dues, chapters, tiers, users, plans, officers, rules, texts, admit)
    load_applications(files.applications, world)
    Renewals(dues, plans, users).load(files.dues, chapters, since=PRICES_SINCE)
    load_cpd(files.cpd, world)
    load_committees(files.committees, world)
    load_transfers(files.transfers, world)

    fill_profiles(files.profiles, profiles, year=book.today.year)
    Profile.objects.bulk_create(profiles[existing:])
    Profile.objects.bulk_update(profiles[:existing], FIELDS)
    index_profiles(profiles)
    writer.write(officers)
    book.write()


def _fictional(countries: dict[str, Any]) -> Iterator[tuple[User, str, "Person", int, str, str, int]]:
    """Yield the fictional members with their country, fate, kind of membership and number within the country."""
    for country, row in countries.items():
        for number, (person, (days_ago, fate), tier) in enumerate(
            zip(make_people(row), cycle(FATES), cycle(TIERS), strict=False), 1
        ):
            user = User(
                email=f"{country.lower()}{number:03d}@example.org",
                name_native=person.native,
                name_latin=person.latin,
                language=person.language,
                time_zone=row["time_zone"],
                is_active=fate != "deceased",
            )
            yield user, country, person, days_ago, fate, tier, number


def _applicants(rows: list[Entry], countries: dict[str, Any]) -> Iterator[User]:
    """Yield the people who exist because they apply."""
    for row in rows:
        if "name_native" in row:
            country = str(row["chapter"])[:2]
            if country not in countries:
                raise row.where.error(f"“{row['chapter']}” is no chapter.")
            yield User(
                email=row["email"],
                name_native=row["name_native"],
                name_latin=row["name_latin"],
                language=row["language"],
                time_zone=countries[country]["time_zone"],
            )


def _save_people(users: list[User]) -> None:
    for user in users:
        user.password = hashed_password()
    User.objects.bulk_create(users)
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users]
    )


def _appoint(
    countries: dict[str, Any], chapters: dict[str, Chapter], users: dict[str, User], *, at: dt.datetime
) -> dict[tuple[str, str], User]:
    """Give the fictional members their offices; return who holds which one, by office and country."""
    OfficeTerm.objects.bulk_create(
        OfficeTerm(
            user=users[f"{country.lower()}{number:03d}@example.org"],
            role=role,
            chapter=chapters[country],
            starts_on=at.date() - 200 * DAY,
        )
        for country, row in countries.items()
        for role, number in row.get("offices", {}).items()
    )
    return {
        (term.role, term.chapter.country if term.chapter is not None else ""): users[term.user.email]
        for term in OfficeTerm.objects.select_related("user", "chapter").order_by("-pk")
        if term.user.email in users
    }


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

    def __init__(
        self,
        chapters: dict[str, Chapter],
        tiers: dict[str, Tier],
        countries: dict[str, Any],
        rules: dict[str, LicenceRule],
        at: dt.datetime,
    ) -> None:
        self.chapters, self.tiers, self.countries, self.rules, self.at = chapters, tiers, countries, rules, at
        self.by_pk = {chapter.pk: chapter for chapter in chapters.values()}
        self.today = at.date()
        self.plans: list[Plan] = []
        self.licences: list[Licence] = []
        self.numbers: dict[str, int] = {}

    def chapter_of(self, country: str, city: str) -> Chapter:
        """Return the chapter of a city where it has one, else of the country."""
        return next(
            (one for one in self.chapters.values() if one.parent_id and one.country == country and one.city == city),
            self.chapters[country],
        )

    def add(
        self,
        user: User,
        chapter: Chapter,
        *,
        days_ago: int,
        fate: str,
        tier: str,
        years: int,
        licence: Licence | None = None,
    ) -> Plan:
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
        sanction = self._sanction(membership, fate)
        if licence is None and membership.tier.needs_licence:
            licence = self._licence(membership, len(self.plans) + 1, is_proposed=fate == "licence proposed")
            self.licences.append(licence)
        plan = Plan(membership, periods, licence, sanction)
        self.plans.append(plan)
        return plan

    def _derive_standing(self, plan: Plan) -> None:
        membership, sanction = plan.membership, plan.sanction
        in_force = sanction is not None and sanction.confirmed_at is not None
        facts = Facts(
            tuple(Period(row.starts_on, row.ends_on, row.tier.grace_days) for row in plan.periods),
            (SanctionFact(sanction.kind, sanction.starts_on, sanction.ends_on),) if sanction and in_force else (),
            membership.resigned_on,
            membership.deceased_on,
        )
        membership.joined_on = plan.periods[0].starts_on
        membership.standing = standing_on(facts, self.today)
        membership.standing_until = next_change(facts, self.today)

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

    def write(self, officers: dict[tuple[str, str], User]) -> None:
        """Write everything that was planned."""
        for plan in self.plans:
            self._derive_standing(plan)
        Membership.objects.bulk_create(plan.membership for plan in self.plans)
        MembershipPeriod.objects.bulk_create(period for plan in self.plans for period in plan.periods)
        Sanction.objects.bulk_create(plan.sanction for plan in self.plans if plan.sanction is not None)
        NumberCounter.objects.bulk_create(
            NumberCounter(series=f"member:{country}", last=last) for country, last in self.numbers.items()
        )
        Licence.objects.bulk_create(self.licences)
        LicenceCheck.objects.bulk_create(self._check(licence, officers) for licence in self.licences)

    def _check(self, licence: Licence, officers: dict[tuple[str, str], User]) -> LicenceCheck:
        """Return the check by which a licence came to its state."""
        assert licence.checked_on is not None  # noqa: S101 -- all of ours were checked
        by = [officers[role, licence.country] for role in (OfficeRole.CHAPTER_REVIEWER, OfficeRole.CHAPTER_OFFICER)]
        return LicenceCheck(
            licence=licence,
            state=licence.state,
            method=self.rules[licence.country].methods[0],
            evidence=self.countries[licence.country]["evidence"],
            checked_by=next(officer for officer in by if officer != licence.user),
            checked_at=dt.datetime.combine(licence.checked_on, OPENS, tzinfo=ZoneInfo(settings.TIME_ZONE)),
        )

    def _licence(self, membership: Membership, number: int, *, is_proposed: bool) -> Licence:
        country = membership.chapter.country
        rule = self.rules[country]
        checked_on = self.today - (20 + number * 7 % 400) * DAY
        issued_on = self.today - (1200 + number * 37 % 400) * DAY
        return Licence(
            user=membership.user,
            country=country,
            body=rule.body_ru,
            number=f"{number * 7919 % 1000000:06d}",
            territory=self.countries[country]["territory"],
            issued_on=issued_on,
            valid_until=issued_on + dt.timedelta(days=1826) if rule.needs_valid_until else None,
            state=LicenceState.SUSPENDED if is_proposed else LicenceState.VERIFIED,
            checked_on=checked_on,
            recheck_on=checked_on + dt.timedelta(days=rule.recheck_days),
        )
