"""Committees and working groups, with who sat in them from when until when."""

from collections.abc import Iterable

from accounts.models import User
from demo.loader.world import World
from demo.sources import Entry, check_keys, choice
from members.choices import CommitteeKind, CommitteeRole, OfficeRole
from members.models import Committee, CommitteeMember

KEYS = (
    "name_ru",
    "name_en",
    "kind",
    "description_ru",
    "description_en",
    "chapter",
    "is_listed",
    "began_days_ago",
    "ended_days_ago",
    "members",
)


def load_committees(rows: Iterable[Entry], world: World) -> None:
    """Write the committees of the file into the book."""
    for row in rows:
        check_keys(row, *KEYS)
        _load(row, world)


def _load(row: Entry, world: World) -> None:
    book = world.book
    chapter = world.chapters[choice(row, "chapter", world.chapters)] if "chapter" in row else None
    actor = world.officer(OfficeRole.CHAPTER_OFFICER if chapter else OfficeRole.REGISTRAR, chapter)
    committee = Committee(
        name_ru=row["name_ru"],
        name_en=row["name_en"],
        kind=choice(row, "kind", CommitteeKind),
        description_ru=row["description_ru"],
        description_en=row["description_en"],
        chapter=chapter,
        is_listed=row.get("is_listed", True),
        starts_on=book.day(row["began_days_ago"]),
        ends_on=book.day(row["ended_days_ago"]) if "ended_days_ago" in row else None,
    )
    book.add(committee)

    def note(name: str, days_ago: int, number: int, person: User | None = None, role: str = "") -> None:
        book.note(
            f"members.committee_{name}",
            actor=actor,
            subject=committee,
            at=book.moment(days_ago, number),
            person=person,
            chapter=chapter,
            **({"role": role} if role else {}),
        )

    note("create", row["began_days_ago"], 0)
    for number, seat in enumerate(row["members"], 1):
        check_keys(seat, "email", "role", "from_days_ago", "until_days_ago")
        if seat["email"] not in world.plans:
            raise seat.where.error(f"“{seat['email']}” is no member.")
        person, role = world.person(seat, "email"), choice(seat, "role", CommitteeRole)
        place = world.plans[person.email].membership.chapter
        if chapter is not None and chapter.pk not in {place.pk, place.parent_id}:
            raise seat.where.error(f"“{person.email}” does not belong to this chapter.")
        until = seat.get("until_days_ago", row.get("ended_days_ago"))
        book.add(
            CommitteeMember(
                committee=committee,
                user=person,
                role=role,
                starts_on=book.day(seat["from_days_ago"]),
                ends_on=book.day(until) if until is not None else None,
            )
        )
        note("join", seat["from_days_ago"], number, person, role)
        committee.version += 1
        if "until_days_ago" in seat:
            note("leave", max(1, seat["until_days_ago"] - 1), number, person, role)
            committee.version += 1
    if "ended_days_ago" in row:
        note("dissolve", max(1, row["ended_days_ago"] - 1), 30)
        committee.version += 1
