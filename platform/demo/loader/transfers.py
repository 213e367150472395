"""Wishes to move to another chapter: waiting, agreed to by one side, refused, taken back."""

from collections.abc import Iterable
from typing import Any

from demo.loader.world import World
from demo.sources import Entry, check_keys, choice
from members.choices import OfficeRole
from members.models import Transfer

STEPS = ("new_agreed", "refused", "cancelled")
KEYS = ("email", "to", "reason", "asked_days_ago", "refusal", *(f"{step}_days_ago" for step in STEPS))


def load_transfers(rows: Iterable[Entry], world: World) -> None:
    """Write the transfers of the file into the book; nobody has moved by them."""
    for row in rows:
        check_keys(row, *KEYS)
        if row["email"] not in world.plans:
            raise row.where.error(f"“{row['email']}” is no member.")
        _load(row, world)


def _load(row: Entry, world: World) -> None:
    book, user = world.book, world.person(row, "email")
    membership = world.plans[user.email].membership
    transfer = Transfer(
        membership=membership,
        from_chapter=membership.chapter,
        to_chapter=world.chapters[choice(row, "to", world.chapters)],
        reason=row["reason"],
        asked_at=book.moment(row["asked_days_ago"]),
    )
    if transfer.from_chapter == transfer.to_chapter:
        raise row.where.error(f"“{user.email}” belongs to this chapter already.")
    book.add(transfer)
    officer = world.officer(OfficeRole.CHAPTER_OFFICER, transfer.to_chapter)
    detail: dict[str, Any] = {"from": transfer.from_chapter, "to": transfer.to_chapter}
    acts: dict[str, Any] = {"asked": user, "new_agreed": officer, "refused": officer, "cancelled": user}
    for step, actor in acts.items():
        if f"{step}_days_ago" not in row:
            continue
        at = book.moment(row[f"{step}_days_ago"])
        if step == "new_agreed":
            transfer.new_agreed_at, transfer.new_agreed_by = at, actor
        elif step != "asked":
            transfer.ended_at, transfer.ended_by = at, actor
            transfer.refusal = row["refusal"] if step == "refused" else ""
        book.note(
            f"members.transfer_{step.removeprefix('new_')}",
            actor=actor,
            subject=transfer,
            at=at,
            person=user,
            chapter=transfer.to_chapter,
            **detail,
        )
