"""The trial run: every row of a file gets its verdict, in chunks, and nothing else is written."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import models, transaction

from accounts.choices import Language
from accounts.models import User
from members.choices import RowVerdict, Standing
from members.models import (
    Chapter,
    ImportBatch,
    ImportRow,
    Membership,
    Tier,
    import_chapters,
    in_chapters,
)
from members.services.duplicates import Sign, email_sign, find_people, licence_sign, name_sign
from members.services.imports.reading import FileRefused, open_table
from members.services.imports.records import Record, find_by_email, read_records
from members.services.imports.resource import MemberResource, MemberRow, check_cells, read_heading
from members.services.memberships import add_months

CHUNK = 200
# An import never changes these of somebody who is on record; the end of a period speaks for its beginning.
UNCHANGED = ("email", "country", "chapter", "tier", "paid_from")
CLOSED = (Standing.RESIGNED, Standing.DECEASED, Standing.EXPELLED)

Problem = tuple[str, dict[str, object]]
OWN_RECORD: Problem = ("own_record", {})
NOT_YOURS: Problem = ("not_yours", {})


@dataclass
class Structure:
    """The League's chapters and kinds of membership, read once for a batch."""

    chapters: list[Chapter]
    tiers: list[Tier]
    scope: frozenset[int | None]
    officers: frozenset[int | None] = frozenset()  # whose batch it is: nobody imports what concerns himself

    @classmethod
    def load(cls, batch: ImportBatch) -> "Structure":
        """Read what a batch may touch: what its chapter holds, and its uploader still has the office for."""
        reach = import_chapters(batch.uploaded_by)
        if batch.chapter_id is not None:
            reach = frozenset({batch.chapter_id}) if _reaches(reach, batch.chapter) else frozenset()
        officers = frozenset({batch.uploaded_by_id, batch.confirmed_by_id})
        return cls(list(Chapter.objects.order_by("pk")), list(Tier.objects.order_by("position", "pk")), reach, officers)

    def chapter(self, country: str, name: str) -> Chapter | None:
        wanted = name.casefold()
        for chapter in self.chapters:
            if chapter.country != country:
                continue
            names = {chapter.name_ru.casefold(), chapter.name_en.casefold()}
            if chapter.parent_id is not None:
                names.add(chapter.city.casefold())
            if (not wanted and chapter.parent_id is None) or wanted in names:
                return chapter
        return None

    def tier(self, name: str) -> Tier | None:
        wanted = name.casefold()
        return next((t for t in self.tiers if wanted in {t.code, t.name_ru.casefold(), t.name_en.casefold()}), None)

    def reaches(self, chapter: Chapter) -> bool:
        return _reaches(self.scope, chapter)


def _reaches(scope: frozenset[int | None], chapter: Chapter | None) -> bool:
    return None in scope or (chapter is not None and (chapter.pk in scope or chapter.parent_id in scope - {None}))


@dataclass
class Seen:
    """In which line an address, a licence or a number stood first: small strings, whatever the size of the file."""

    lines: dict[str, int] = field(default_factory=dict)

    def add(self, row: MemberRow, line: int) -> None:
        """Note a row and add the problems that it has with the rows before."""
        licence = licence_sign(row.country, row.licence_number)
        for code, key in (
            ("email_in_file", f"@{row.email}" if row.email else ""),
            ("licence_in_file", f"#{licence[1]}" if licence else ""),
            ("number_in_file", f"n{row.number}" if row.number else ""),
        ):
            if key and self.lines.setdefault(key, line) != line:
                row.problems.append((code, {"line": self.lines[key]}))


def check_chunks(batch: ImportBatch, *, on: dt.date) -> Iterator[int]:
    """Give rows their verdict, a chunk in each transaction; yields how many are done after each.

    Begins after the last row that has one: a worker that died is followed by one that goes on. Raises FileRefused.
    """
    try:
        file = batch.file.open("rb")
    except (FileNotFoundError, ValueError) as error:
        raise FileRefused("gone") from error
    with file:
        table = open_table(file)
        if not batch.rows_total:
            total = sum(1 for _row in table) - 1
            if total < 0:
                raise FileRefused("empty")
            if total == 0:
                raise FileRefused("no_rows")
            read_heading(next(iter(table))[1])
            batch.rows_total = total
            batch.save(update_fields=["rows_total"])
        structure = Structure.load(batch)
        resource = MemberResource()
        seen, done = _replay(batch, resource)
        rows = iter(table)
        heading = read_heading(next(rows)[1])
        chunk: list[tuple[int, dict[str, str]]] = []
        for line, cells in rows:
            if line <= done:
                continue
            chunk.append((line, dict(zip(heading, cells, strict=False))))
            if len(chunk) == CHUNK:
                yield _store(batch, judge_rows(chunk, structure, seen, on=on))
                chunk = []
        if chunk:
            yield _store(batch, judge_rows(chunk, structure, seen, on=on))


def _replay(batch: ImportBatch, resource: MemberResource) -> tuple[Seen, int]:
    seen, last = Seen(), 0
    for number, data in batch.rows.order_by("number").values_list("number", "data").iterator(chunk_size=1000):
        seen.add(resource.from_data(data), number)
        last = number
    return seen, last


@transaction.atomic
def _store(batch: ImportBatch, rows: list[ImportRow]) -> int:
    for row in rows:
        row.batch = batch
    ImportRow.objects.bulk_create(rows)
    batch.rows_done += len(rows)
    batch.save(update_fields=["rows_done"])
    return batch.rows_done


def judge_rows(
    chunk: list[tuple[int, dict[str, str]]], structure: Structure, seen: Seen, *, on: dt.date
) -> list[ImportRow]:
    """Return the rows of a chunk with their verdicts: a constant number of queries for a chunk."""
    people = find_by_email([cells.get("email", "") for _line, cells in chunk])
    records = read_records(user.pk for user in people.values())
    people = {email: user for email, user in people.items() if not _is_hidden(records[user.pk], structure)}
    cells_of = {User.objects.normalize_email(cells.get("email", "")): cells for _line, cells in chunk}
    resource = MemberResource({email: records[user.pk].row_for(cells_of[email]) for email, user in people.items()})
    judged: list[tuple[ImportRow, MemberRow, User | None]] = []
    for line, cells in chunk:
        result = resource.import_row(cells, None, dry_run=True, row_number=line)
        if result.errors:
            raise result.errors[0].error  # a fault of ours: problems of cells are no exceptions
        row: MemberRow = result.instance
        check_cells(row, on=on)
        user = people.get(row.email)
        _check_structure(row, structure, on=on)
        _check_record(row, records[user.pk] if user else None, structure)
        seen.add(row, line)
        changes = [c for c in resource.changes(result.original, row) if c[0] not in UNCHANGED] if user else []
        stored = ImportRow(number=line, data=resource.as_data(row), problems=row.problems, candidate=user)
        if row.problems:
            stored.verdict, stored.candidate = RowVerdict.ERROR, None
        elif user is None:
            stored.verdict = RowVerdict.CREATE
        elif not changes:
            stored.verdict = RowVerdict.SKIP
        else:
            stored.verdict, stored.changes = RowVerdict.UPDATE, changes
        judged.append((stored, row, user))
    _check_numbers(judged)
    _find_lookalikes(judged, structure)
    return [stored for stored, _row, _user in judged]


def _check_structure(row: MemberRow, structure: Structure, *, on: dt.date) -> None:
    problem = row.problems.append
    tier = structure.tier(row.tier)
    if row.tier and tier is None:
        problem(("tier", {"value": row.tier, "known": ", ".join(tier.code for tier in structure.tiers)}))
    if tier is not None:
        row.tier = tier.code
        if row.paid_until is not None and row.paid_from is None:
            # Who is a member and paid for years ahead is one today already.
            start = min(on, add_months(row.paid_until + dt.timedelta(days=1), -tier.period_months))
            row.paid_from = max(start, row.joined_on) if row.joined_on and row.joined_on <= row.paid_until else start
    if row.paid_from and row.paid_until and row.paid_until < row.paid_from:
        problem(("period_order", {}))
    if len(row.country) != 2:
        return
    chapter = structure.chapter(row.country, row.chapter)
    if chapter is None:
        problem(("chapter", {"value": row.chapter}) if row.chapter else ("no_chapter", {}))
    elif not structure.reaches(chapter):
        problem(("not_your_chapter", {}))
    else:
        row.chapter = str(chapter.pk)


def _is_hidden(record: Record, structure: Structure) -> bool:
    """Whether a batch must not learn that a person is on record: who is not the chapter's own is a stranger to it."""
    if None in structure.scope or record.user.pk in structure.officers:
        return False
    return record.chapter is None or record.is_shielded or not structure.reaches(record.chapter)


def _hidden_lookalikes(records: dict[int, Record], structure: Structure) -> set[int]:
    """Return those of these people of whom a batch must not learn; any record of another chapter hides a person."""
    if None in structure.scope:
        return set()
    rows: models.QuerySet[User] = User.objects.filter(pk__in=records)
    own = set(rows.filter(in_chapters("pk", structure.scope)).values_list("pk", flat=True))
    hidden = {user for user, record in records.items() if user not in own or _is_hidden(record, structure)}
    return hidden - structure.officers


def find_held(rows: list[MemberRow], structure: Structure) -> list[bool]:
    """Return for each new member whether somebody hidden from the batch has the address or a sign of the row.

    Only the League can tell who that is: such a row waits for it, and the chapter is not told why.
    """
    if None in structure.scope:
        return [False] * len(rows)
    by_email = find_by_email([row.email for row in rows])
    signs = [signs_of_row(row) for row in rows]
    by_sign = find_people(set().union(*signs))
    records = read_records({user.pk for user in by_email.values()}.union(*by_sign.values()))
    addressed = {email for email, user in by_email.items() if _is_hidden(records[user.pk], structure)}
    alike = _hidden_lookalikes(records, structure)
    return [
        row.email in addressed or any(alike.intersection(by_sign.get(sign, ())) for sign in own)
        for row, own in zip(rows, signs, strict=True)
    ]


def _check_record(row: MemberRow, record: Record | None, structure: Structure) -> None:
    """Add what stands in the way of an update."""
    if record is None:
        row.language = row.language or Language.RUSSIAN
        return
    problems = find_obstacles(row, record, structure)
    row.problems = problems if problems == [OWN_RECORD] else row.problems + problems
    last = record.last_day
    if last is None or row.paid_until is None or row.paid_until == last:
        row.paid_from = row.paid_from if last is None else None
    elif row.paid_from is not None and row.paid_from <= last < row.paid_until:
        row.paid_from = last + dt.timedelta(days=1)


def find_obstacles(row: MemberRow, record: Record, structure: Structure) -> list[Problem]:
    """Return what keeps a row from changing what is on record of a person.

    It is asked at the trial run, when somebody decides that two are one person, and under the lock before the writing.
    """
    if record.user.pk in structure.officers:
        return [OWN_RECORD]
    if _is_hidden(record, structure):
        return [NOT_YOURS]
    found: list[Problem] = []
    if not record.user.is_active:
        found.append(("closed_account", {}))
    membership = record.membership
    if membership is None:
        return found
    if row.chapter.isdecimal() and int(row.chapter) != membership.chapter_id:
        found.append(("chapter_differs", {}))
    if row.tier and row.tier != membership.tier.code:
        found.append(("tier_differs", {}))
    if row.number and row.number != membership.number:
        found.append(("number_differs", {"value": membership.number}))
    if membership.standing in CLOSED:
        found.append(("standing_closed", {}))
    last = record.last_day
    if last is not None and row.paid_until is not None and row.paid_until < last:
        found.append(("paid_earlier", {"value": last.isoformat()}))
    return found


def _check_numbers(judged: list[tuple[ImportRow, MemberRow, User | None]]) -> None:
    numbers = {row.number: (stored, user) for stored, row, user in judged if row.number}
    taken = Membership.objects.filter(number__in=numbers).values_list("number", "user")
    for number, owner in taken:
        stored, user = numbers[number]
        if user is None or user.pk != owner:
            stored.verdict, stored.candidate = RowVerdict.ERROR, None
            stored.problems = [*stored.problems, ("number_taken", {"value": number})]


def signs_of_row(row: MemberRow) -> set[Sign]:
    """Return the signs of the person whom a row describes."""
    signs = {
        email_sign(row.email),
        name_sign(row.name, row.birth_year),
        name_sign(row.name_latin, row.birth_year),
        licence_sign(row.country, row.licence_number),
    }
    return {sign for sign in signs if sign is not None}


def _find_lookalikes(judged: list[tuple[ImportRow, MemberRow, User | None]], structure: Structure) -> None:
    """Turn new members who look like somebody into possible duplicates, unless the batch must not learn of him."""
    fresh = [(stored, row, signs_of_row(row)) for stored, row, _user in judged if stored.verdict == RowVerdict.CREATE]
    found = find_people(set().union(*(signs for _stored, _row, signs in fresh))) if fresh else {}
    if not found:
        return
    records = read_records(user for users in found.values() for user in users)
    visible = set(records) - _hidden_lookalikes(records, structure)
    for stored, row, signs in fresh:
        likeness: dict[int, set[str]] = {}
        for sign in signs & set(found):
            for user in visible.intersection(found[sign]):
                likeness.setdefault(user, set()).add(sign[0])
        if not likeness:
            continue
        if structure.officers & set(likeness):
            stored.verdict, stored.problems = RowVerdict.ERROR, [OWN_RECORD]
            continue
        best = max(likeness, key=lambda user: (len(likeness[user]), -user))
        stored.verdict, stored.candidate = RowVerdict.DUPLICATE, records[best].user
        stored.problems = [("looks_like", {"why": sorted(likeness[best])})]
        stored.problems += find_obstacles(row, records[best], structure)
