"""Reads the table of who may open what."""

from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parent / "table.txt"
ROLES = (
    "anonymous",
    "applicant",
    "member",
    "member elsewhere",
    "suspended",
    "officer",
    "officer elsewhere",
    "registrar",
    "treasurer",
    "board",
    "superuser",
)
ANY = "*"


@dataclass(frozen=True)
class Row:
    """A route, or all below a prefix that ends with `**`, with one outcome for each role."""

    route: str
    outcomes: tuple[str, ...]

    def covers(self, route: str) -> bool:
        if self.route.endswith("**"):
            return route.startswith(self.route[:-2])
        return route == self.route


def read_table() -> list[Row]:
    """Return the rows in the order of the file."""
    rows = []
    for number, line in enumerate(TABLE.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        route, *outcomes = line.split()
        if len(outcomes) != len(ROLES):
            raise ValueError(f"Line {number} of the table names {len(outcomes)} outcomes, not {len(ROLES)}.")
        rows.append(Row(route, tuple(outcomes)))
    return rows
