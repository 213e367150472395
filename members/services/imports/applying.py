"""Writing a confirmed batch: 200 rows in each transaction, each row once, whatever crashes in between.

What a row wrote is kept as its trace, by which `undoing` takes it back. The accounts have no password: people set one
by the letter of “Forgot your password?”. Nobody is written to.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, models, transaction

from accounts.models import User
from audit.services import record
from members.choices import PeriodSource, RowDecision, RowState, RowVerdict
from members.models import (
    CardToken,
    Chapter,
    ImportBatch,
    ImportRow,
    Licence,
    Membership,
    MembershipPeriod,
    NumberCounter,
    Profile,
    Tier,
)
from members.models.profiles import DESCRIPTION
from members.models.relations import plain
from members.rules.standing import Facts, Period, next_change, standing_on
from members.rules.transitions import LIVING
from members.services.duplicates import index_people, note_birth_years
from members.services.imports.checking import (
    CHUNK,
    OWN_RECORD,
    Problem,
    Structure,
    find_held,
    find_obstacles,
)
from members.services.imports.records import Record, find_by_email, read_records
from members.services.imports.resource import MemberResource, MemberRow
from members.services.memberships import refresh_standing


class RowOutdated(Exception):
    """Raised when a row does not fit the records as they are now; carries what a row that stands alone is told."""

    def __init__(self, problems: Sequence[Problem] = (("changed_since", {}),)) -> None:
        super().__init__(", ".join(code for code, _params in problems))
        self.problems = list(problems)


def import_chunks(batch: ImportBatch, *, at: dt.datetime) -> Iterator[int]:
    """Write the waiting rows of a batch, a chunk in each transaction; yields how many rows are done after each."""
    while True:
        rows = list(batch.rows.filter(state=RowState.WAITING).order_by("number")[:CHUNK])
        if not rows:
            return
        try:
            import_rows(batch, rows, at=at)
        except (RowOutdated, IntegrityError):
            # One row spoils the chunk: each alone then, so that only that one fails.
            for row in rows:
                try:
                    import_rows(batch, [row], at=at)
                except (RowOutdated, IntegrityError) as error:
                    reason = error if isinstance(error, RowOutdated) else RowOutdated()
                    row.state, row.problems, row.trace = RowState.FAILED, reason.problems, {}
                    row.save(update_fields=["state", "problems", "trace"])
        batch.rows_done += len(rows)
        batch.save(update_fields=["rows_done"])
        yield batch.rows_done


@transaction.atomic
def import_rows(batch: ImportBatch, rows: Sequence[ImportRow], *, at: dt.datetime) -> None:
    """Write some rows of a batch, all of them or none. Raises RowOutdated and IntegrityError."""
    resource = MemberResource()
    updates = [row for row in rows if _action(row) == RowDecision.UPDATE]
    creations = [(row, resource.from_data(row.data)) for row in rows if _action(row) == RowDecision.CREATE]
    structure = Structure.load(batch)
    for row in rows:
        row.state, row.trace = RowState.LEFT_OUT, {"created": [], "changed": []}
    if any(row.candidate_id in structure.officers for row, _data in creations if row.candidate_id):
        raise RowOutdated([OWN_RECORD])
    held = find_held([data for _row, data in creations], structure) if creations else []
    for (row, _data), is_held in zip(creations, held, strict=True):
        row.state = RowState.HELD if is_held else row.state
    creations = [(row, data) for row, data in creations if row.state != RowState.HELD]
    if creations:
        _create(batch, creations, at=at)
    if updates:
        _update(batch, updates, resource, structure, at=at)
    ImportRow.objects.bulk_update(rows, ["state", "trace", "person"])
    index_people([row.person_id for row in rows if row.person_id], at=at)


def _action(row: ImportRow) -> str:
    if row.verdict == RowVerdict.DUPLICATE:
        return row.decision or RowDecision.SKIP
    return {RowVerdict.CREATE: RowDecision.CREATE, RowVerdict.UPDATE: RowDecision.UPDATE}.get(
        RowVerdict(row.verdict), RowDecision.SKIP
    )


def _create(batch: ImportBatch, creations: list[tuple[ImportRow, MemberRow]], *, at: dt.datetime) -> None:
    if find_by_email([data.email for _row, data in creations]):
        raise RowOutdated
    chapters = Chapter.objects.in_bulk({int(data.chapter) for _row, data in creations})
    tiers = Tier.objects.in_bulk({data.tier for _row, data in creations}, field_name="code")
    people = User.objects.bulk_create(
        [
            User(
                email=data.email,
                name_native=data.name,
                name_latin=data.name_latin,
                language=data.language,
                time_zone=chapters[int(data.chapter)].time_zone,
                password=make_password(None),
                joined_at=at,
            )
            for _row, data in creations
        ]
    )
    numbers = _numbers([data for _row, data in creations])
    profiles: list[Profile] = []
    memberships: list[Membership] = []
    periods: list[MembershipPeriod] = []
    licences: list[Licence] = []
    for (row, data), user, number in zip(creations, people, numbers, strict=True):
        chapter, tier = chapters[int(data.chapter)], tiers[data.tier]
        row.person, row.state = user, RowState.DONE
        profiles.append(Profile(user=user, chapter=chapter, city=data.city))
        memberships.append(_membership(user, number, chapter, tier, data))
        if data.licence_number:
            licences.append(_licence(user, data))
    Profile.objects.bulk_create(profiles)
    Membership.objects.bulk_create(memberships)
    for (_row, data), membership in zip(creations, memberships, strict=True):
        periods.append(_period(membership, data, at=at))
    MembershipPeriod.objects.bulk_create(periods)
    cards = [_card(membership, at=at) for membership in memberships if membership.standing in LIVING]
    CardToken.objects.bulk_create(cards)
    Licence.objects.bulk_create(licences)
    note_birth_years({user.pk: d.birth_year for (_row, d), user in zip(creations, people, strict=True) if d.birth_year})
    created: dict[int, list[models.Model]] = {user.pk: [user] for user in people}
    groups: tuple[Sequence[Profile | Membership | Licence], ...] = (profiles, memberships, licences)
    for group in groups:
        for thing in group:
            created[thing.user_id].append(thing)
    dependents: tuple[MembershipPeriod | CardToken, ...] = (*periods, *cards)
    for dependent in dependents:
        created[dependent.membership.user_id].append(dependent)
    for (row, data), membership in zip(creations, memberships, strict=True):
        row.trace["created"] = [trace_of(thing) for thing in created[membership.user_id]]
        _record("members.import_created", batch, membership, data, at=at)


def _update(
    batch: ImportBatch, rows: list[ImportRow], resource: MemberResource, structure: Structure, *, at: dt.datetime
) -> None:
    people = {row.candidate_id for row in rows if row.candidate_id is not None}
    # Locked in the order of their ids, as everything that locks several people does.
    list(User.objects.select_for_update().filter(pk__in=people).order_by("pk"))
    records = read_records(people)
    chapters = Chapter.objects.in_bulk({int(row.data["chapter"]) for row in rows})
    tiers = Tier.objects.in_bulk({row.data["tier"] for row in rows}, field_name="code")
    years = {}
    for row in rows:
        if row.candidate_id is None:
            raise RowOutdated
        data = resource.from_data(row.data)
        known = records[row.candidate_id]
        if problems := find_obstacles(data, known, structure):
            raise RowOutdated(problems)
        row.person, row.state = known.user, RowState.DONE
        membership = _update_person(row, known, data, chapters[int(data.chapter)], tiers[data.tier], at=at)
        if data.birth_year and data.birth_year != known.birth_year:
            years[known.user.pk] = data.birth_year
        _record("members.import_updated", batch, membership, data, at=at)
    note_birth_years(years)


def _update_person(
    row: ImportRow, known: Record, data: MemberRow, chapter: Chapter, tier: Tier, *, at: dt.datetime
) -> Membership:
    user, membership = known.user, known.membership
    row_is_own = row.verdict == RowVerdict.UPDATE
    values = {"name_native": data.name, "name_latin": data.name_latin, "language": data.language}
    # Of somebody recognised under another address the file may hold an older spelling: names stay as they are.
    _change(row, user, {name: value for name, value in values.items() if value} if row_is_own else {})
    profile, is_new = Profile.objects.get_or_create(user=user, defaults={"chapter": chapter, "city": data.city})
    if is_new:
        row.trace["created"].append(trace_of(profile))
    elif data.city:
        _change(row, profile, {"city": data.city})
    if membership is None:
        membership = _membership(user, _numbers([data])[0], chapter, tier, data)
        membership.save()
        row.trace["created"].append(trace_of(membership))
        period = _period(membership, data, at=at)
        period.save()
        row.trace["created"].append(trace_of(period))
        if membership.standing in LIVING:
            card = _card(membership, at=at)
            card.save()
            row.trace["created"].append(trace_of(card))
    else:
        _update_membership(row, known, data, chapter, tier, at=at)
    if data.licence_number:
        licence = known.licence(data.country, data.licence_number)
        if licence is None:
            licence = _licence(user, data)
            licence.save()
            row.trace["created"].append(trace_of(licence))
        else:
            values = {"body": data.licence_body, "territory": data.licence_territory}
            dates = {"issued_on": data.licence_issued_on, "valid_until": data.licence_valid_until}
            _change(row, licence, {name: value for name, value in (values | dates).items() if value})
    return membership


def _update_membership(
    row: ImportRow, known: Record, data: MemberRow, chapter: Chapter, tier: Tier, *, at: dt.datetime
) -> None:
    membership = Membership.objects.select_for_update().get(user=known.user)
    last = known.last_day
    if (membership.chapter_id, membership.tier_id) != (chapter.pk, tier.pk):
        raise RowOutdated
    _change(row, membership, {"joined_on": data.joined_on})
    if data.paid_until is not None and (last is None or data.paid_until > last):
        starts_on = data.paid_from if last is None and data.paid_from else _after(last, data)
        period = MembershipPeriod(membership=membership, tier=tier, starts_on=starts_on, ends_on=data.paid_until)
        period.source, period.created_at = PeriodSource.IMPORT, at
        period.save()
        refresh_standing(membership, on=chapter.today())
        row.trace["created"].append(trace_of(period))


def _after(last: dt.date | None, data: MemberRow) -> dt.date:
    follows = last + dt.timedelta(days=1) if last is not None else data.paid_from
    if follows is None:
        raise RowOutdated
    return max(follows, data.paid_from) if data.paid_from else follows


def _change(row: ImportRow, thing: models.Model, values: dict[str, Any]) -> None:
    """Set what differs and note what it was."""
    changed = []
    for name, value in values.items():
        before = getattr(thing, name)
        if value != before:
            setattr(thing, name, value)
            changed.append(name)
            row.trace["changed"].append([thing._meta.label, thing.pk, name, plain(before), plain(value)])
    if changed:
        thing.save(update_fields=changed)


def _membership(user: User, number: str, chapter: Chapter, tier: Tier, data: MemberRow) -> Membership:
    """Return a new membership with its standing: what `refresh_standing` would derive, without a query for each."""
    on, joined_on = chapter.today(), data.joined_on
    if joined_on is None or data.paid_from is None or data.paid_until is None:
        raise RowOutdated
    facts = Facts(periods=(Period(data.paid_from, data.paid_until, tier.grace_days),))
    return Membership(
        user=user,
        number=number,
        chapter=chapter,
        tier=tier,
        joined_on=joined_on,
        standing=standing_on(facts, on),
        standing_until=next_change(facts, on),
    )


def _period(membership: Membership, data: MemberRow, *, at: dt.datetime) -> MembershipPeriod:
    if data.paid_from is None or data.paid_until is None:
        raise RowOutdated
    return MembershipPeriod(
        membership=membership,
        tier=membership.tier,
        starts_on=data.paid_from,
        ends_on=data.paid_until,
        source=PeriodSource.IMPORT,
        created_at=at,
    )


def _card(membership: Membership, *, at: dt.datetime) -> CardToken:
    return CardToken(membership=membership, issued_at=at)


def _licence(user: User, data: MemberRow) -> Licence:
    if data.licence_issued_on is None:
        raise RowOutdated
    return Licence(
        user=user,
        country=data.country,
        number=data.licence_number,
        issued_on=data.licence_issued_on,
        body=data.licence_body,
        territory=data.licence_territory,
        valid_until=data.licence_valid_until,
    )


def _numbers(rows: list[MemberRow]) -> list[str]:
    """Return a number for each row: the file's own, else the next ones, which stay above all that files brought."""
    given: dict[str, int] = {}
    missing: dict[str, int] = {}
    for data in rows:
        if data.number:
            given[data.country] = max(given.get(data.country, 0), int(data.number.partition("-")[2]))
        else:
            missing[data.country] = missing.get(data.country, 0) + 1
    following: dict[str, int] = {}
    for country in sorted(given.keys() | missing.keys()):
        series = f"member:{country}"
        NumberCounter.objects.get_or_create(series=series)
        counter = NumberCounter.objects.select_for_update().get(series=series)
        counter.last = max(counter.last, given.get(country, 0))
        following[country] = counter.last + 1
        counter.last += missing.get(country, 0)
        counter.save()
    numbers = []
    for data in rows:
        if not data.number:
            numbers.append(f"{data.country}-{following[data.country]:05d}")
            following[data.country] += 1
        else:
            numbers.append(data.number)
    return numbers


# What a trace keeps of each kind of row: by these values it is known later whether somebody touched it.
TRACED = {
    "accounts.User": ("email", "name_native", "name_latin", "language", "is_active"),
    "members.Profile": (
        "chapter_id",
        *DESCRIPTION,
        "photo",
        "photo_small",
        "certificates",
        "pseudonym",
        "accepts_messages",
        "name_audience",
        "audiences",
    ),
    "members.Membership": ("number", "chapter_id", "tier_id", "joined_on", "resigned_on", "deceased_on"),
    "members.MembershipPeriod": ("membership_id", "tier_id", "starts_on", "ends_on"),
    "members.CardToken": ("membership_id", "shows_name", "revoked_at"),
    "members.Licence": ("country", "number", "issued_on", "valid_until", "body", "territory", "state"),
}


def trace_of(thing: models.Model) -> list[Any]:
    """Return what is needed to find a created row again and to see whether it is as it was."""
    label = thing._meta.label
    return [label, thing.pk, {name: plain(getattr(thing, name)) for name in TRACED[label]}]


def _record(action: str, batch: ImportBatch, membership: Membership, data: MemberRow, *, at: dt.datetime) -> None:
    record(
        action,
        actor=batch.confirmed_by,
        subject=membership,
        at=at,
        person=membership.user_id,
        chapter=membership.chapter_id,
        detail={"batch": batch.pk, "from": data.paid_from, "until": data.paid_until},
    )
