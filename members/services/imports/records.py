"""What is on record of the people whom the rows of an import may be about."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from allauth.account.models import EmailAddress

from accounts.models import User
from members.models import Chapter, Licence, Membership
from members.services.duplicates import licence_sign
from members.services.imports.resource import MemberRow


def find_by_email(emails: list[str]) -> dict[str, User]:
    """Return the accounts with these addresses, the second addresses that people proved included."""
    wanted = {User.objects.normalize_email(email) for email in emails}
    found = {
        address.email.lower(): address.user
        for address in EmailAddress.objects.filter(email__in=wanted, verified=True).select_related("user")
    }
    found |= {user.email: user for user in User.objects.filter(email__in=wanted)}
    return found


@dataclass
class Record:
    """What is on record of one person."""

    user: User
    membership: Membership | None
    chapter: Chapter | None
    city: str
    licences: list[Licence]
    birth_year: int | None
    is_shielded: bool  # holds an office or works for the site

    @property
    def last_day(self) -> dt.date | None:
        if self.membership is None:
            return None
        return max((period.ends_on for period in self.membership.periods.all()), default=None)

    def row_for(self, cells: dict[str, str]) -> MemberRow:
        """Return the record as a row: of several licences the one that the row is about."""
        licence = self.licence(cells.get("country", ""), cells.get("licence_number", ""))
        row = MemberRow(
            email=self.user.email,
            name=self.user.name_native,
            name_latin=self.user.name_latin,
            language=self.user.language,
            city=self.city,
            birth_year=self.birth_year,
            country=cells.get("country", ""),
            chapter=cells.get("chapter", ""),
            tier=cells.get("tier", ""),
        )
        if self.membership is not None:
            row.number, row.joined_on = self.membership.number, self.membership.joined_on
            row.paid_until = self.last_day
        if licence is not None:
            row.licence_number, row.licence_issued_on = licence.number, licence.issued_on
            row.licence_body, row.licence_territory = licence.body, licence.territory
            row.licence_valid_until = licence.valid_until
        return row

    def licence(self, country: str, number: str) -> Licence | None:
        """Return the licence with this number, however it is spelled; in the only country that a row can mean."""
        wanted = licence_sign("", number)
        same = [licence for licence in self.licences if wanted and licence_sign("", licence.number) == wanted]
        return next((licence for licence in same if licence.country == country.upper()), same[0] if same else None)


def read_records(ids: Iterable[int]) -> dict[int, Record]:
    """Return what is on record of these people, in a constant number of queries."""
    users = User.objects.filter(pk__in=set(ids)).select_related(
        "profile__chapter", "membership__tier", "membership__chapter", "identity_index"
    )
    found = {}
    for user in users.prefetch_related("membership__periods", "licences", "office_terms", "groups"):
        membership, profile = getattr(user, "membership", None), getattr(user, "profile", None)
        chapter = membership.chapter if membership else profile.chapter if profile else None
        index = getattr(user, "identity_index", None)
        found[user.pk] = Record(
            user,
            membership,
            chapter,
            profile.city if profile else "",
            list(user.licences.all()),
            index.birth_year if index else None,
            user.is_superuser or bool(user.groups.all()) or bool(user.office_terms.all()),
        )
    return found
