"""How long data are kept unless the office says otherwise. A lawyer of each country has to confirm the numbers."""

import datetime as dt

from members.choices import RetentionKind

APPEAL_WINDOW = dt.timedelta(days=30)  # within it a rejected applicant may appeal
REVIVAL = dt.timedelta(days=183)  # for so long an approval stays valid although dues were not paid

DEFAULT_DAYS = {
    RetentionKind.REFUSED: 30,
    RetentionKind.DRAFTS: 30,
    RetentionKind.SCANS: 90,
    RetentionKind.PAYERS: 1826,
    RetentionKind.SANCTIONS: 1826,
    RetentionKind.ACCESS: 365,
    RetentionKind.EXPORTS: 7,
    RetentionKind.MESSAGES: 365,
}

# Data that belong to a chapter: a country's law may ask for another time.
BY_COUNTRY = frozenset(DEFAULT_DAYS) - {RetentionKind.ACCESS, RetentionKind.EXPORTS, RetentionKind.MESSAGES}

# Events of these actions say who looked at what; details of them have a time, those of decisions have none.
ACCESS_ACTION = r"(_|\.)(view|viewed|read|opened|export|exported|download|downloaded)$"
