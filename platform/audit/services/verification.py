"""Proving the chain: reads every event once, in the order of numbers, without keeping any."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q

from audit.models import AuditEvent, ChainHead
from audit.services.erasing import ERASED
from audit.services.recording import hash_detail
from audit.services.sealing import GENESIS, link_hash

MOST_WAITING = dt.timedelta(minutes=5)  # the beat seals every minute
CHUNK = 2000


class Problem(StrEnum):
    """What is wrong with the first broken link."""

    GAP = "gap"  # an event is missing before this one, or its number was changed
    CHANGED = "changed"  # a field of the event was changed
    DETAIL = "detail"  # its details were changed
    EMPTIED = "emptied"  # its details were emptied, and no later event says so
    REMOVED = "removed"  # events at the end were removed
    HEAD = "head"  # the head does not match the last event
    UNSEALED = "unsealed"  # an event has waited for too long


@dataclass(frozen=True)
class Verification:
    """The result: how far the chain holds, and the first thing that is wrong with it."""

    count: int
    head_hash: str
    problem: Problem | None = None
    number: int | None = None  # of the broken link
    event_id: int | None = None
    has_known_head: bool | None = None  # None: no earlier head was named

    @property
    def is_whole(self) -> bool:
        return self.problem is None and self.has_known_head is not False


class _Ids:
    """A set of ids at one bit each: a million emptied details cost 125 kB."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        if number // 8 >= len(self._bits):
            self._bits.extend(bytes(number // 8 + 1 - len(self._bits)))
        self._bits[number // 8] |= 1 << number % 8

    def discard(self, number: object) -> None:
        if isinstance(number, int) and 0 <= number // 8 < len(self._bits):
            self._bits[number // 8] &= ~(1 << number % 8)

    def first(self) -> int | None:
        for index, byte in enumerate(self._bits):
            if byte:
                return index * 8 + (byte & -byte).bit_length() - 1
        return None


def verify(*, at: dt.datetime, known_head: str = "") -> Verification:
    """Read the whole log and return whether every event is as it was written, with the first one that is not.

    `known_head`: a hash that was noted earlier; the result says whether it is part of the chain, which nobody who
    rewrites the whole log can bring about.
    """
    last, previous = 0, GENESIS
    emptied = _Ids()
    is_known = (known_head == GENESIS) if known_head else None

    def broken(problem: Problem, event: AuditEvent | None = None, number: int | None = None) -> Verification:
        return Verification(last, previous, problem, number, event.pk if event is not None else None, is_known)

    while True:
        begun_at = last
        rows = AuditEvent.objects.filter(number__gt=last) if last else AuditEvent.objects.sealed()
        for event in rows.order_by("number").iterator(chunk_size=CHUNK):
            number = event.number or 0
            if number != last + 1:
                return broken(Problem.GAP, event, number)
            if link_hash(previous, event) != event.hash:
                return broken(Problem.CHANGED, event, number)
            if event.salt == "" and event.detail == {}:
                emptied.add(event.pk)
            elif hash_detail(event.detail, event.salt) != event.detail_hash:
                return broken(Problem.DETAIL, event, number)
            _cross_off(event, emptied)
            last, previous = number, event.hash
            if is_known is False and previous == known_head:
                is_known = True
        head = ChainHead.objects.filter(pk=ChainHead.ONLY).first() or ChainHead()
        if head.number <= last or last == begun_at:
            break  # else somebody sealed more meanwhile: read on
    if head.number > last:
        return broken(Problem.REMOVED, number=last + 1)
    if head.number < last or head.hash != previous:
        return broken(Problem.HEAD, number=last)
    # What was erased a moment ago is named by an event that is not sealed yet.
    rest = AuditEvent.objects.filter(Q(number__isnull=True) | Q(number__gt=last), action=ERASED)
    for event in rest.order_by("pk").iterator(chunk_size=CHUNK):
        if hash_detail(event.detail, event.salt) == event.detail_hash:
            _cross_off(event, emptied)
    if (emptied_id := emptied.first()) is not None:
        found = AuditEvent.objects.get(pk=emptied_id)
        return broken(Problem.EMPTIED, found, found.number)
    waiting = AuditEvent.objects.unsealed().filter(at__lt=at - MOST_WAITING).first()
    if waiting is not None:
        return broken(Problem.UNSEALED, waiting)
    return Verification(last, previous, has_known_head=is_known)


def _cross_off(event: AuditEvent, emptied: _Ids) -> None:
    if event.action == ERASED:
        for number in event.detail.get("events", []):
            emptied.discard(number)
