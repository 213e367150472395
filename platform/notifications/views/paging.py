"""Where a page of a long list begins: after a row, by its moment and number. Nothing is counted or skipped over."""

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
PATTERN = re.compile(r"([a-z]+)-(\d{1,17})-(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Cursor:
    """The last row of a page; `kind` says of which of several lists."""

    kind: str
    moment: dt.datetime
    pk: int

    def __str__(self) -> str:
        return f"{self.kind}-{(self.moment - EPOCH) // MICROSECOND}-{self.pk}"


def read_cursor(text: str, *, kinds: Collection[str]) -> Cursor | None:
    """Return the cursor of an address; None, the first page, for none and for one that we never made."""
    match = PATTERN.fullmatch(text)
    if match is None or match[1] not in kinds:
        return None
    try:
        return Cursor(match[1], EPOCH + int(match[2]) * MICROSECOND, int(match[3]))
    except OverflowError:
        return None
