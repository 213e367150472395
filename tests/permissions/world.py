"""The small world in which every address is asked for: one person for each role, and things of theirs."""

from dataclasses import dataclass, field

from django.utils import timezone

from accounts.models import User
from courses.models import CourseIndexPage
from courses.services import setup
from members.choices import ApplicationStatus, Country, OfficeRole
from members.models import Chapter, Transfer
from members.services.memberships import refresh_standing
from tests.factories.accounts import UserFactory
from tests.factories.members import AnnouncementFactory, ChapterFactory, OfficeTermFactory
from tests.factories.membership import (
    ApplicationFactory,
    InvoiceFactory,
    LicenceFactory,
    MembershipFactory,
    SanctionFactory,
)


@dataclass
class World:
    """People by role and the values of routes' parameters: things of the member and the applicant of Kazakhstan."""

    people: dict[str, User | None]
    values: dict[str, object] = field(default_factory=dict)
    numbers: dict[str, object] = field(default_factory=dict)  # what `pk` means below a prefix
    names: dict[str, str] = field(default_factory=dict)  # what `name`, `kind` or `code` means below a prefix

    def values_for(self, route: str) -> dict[str, object]:
        """Return the values of a route's parameters."""
        number = next((value for prefix, value in self.numbers.items() if route.startswith(prefix)), 1)
        name = next((value for prefix, value in self.names.items() if route.startswith(prefix)), "unknown")
        return {"pk": number, "name": name, "kind": name, "code": name, **self.values}


def make_member(chapter: Chapter, **fields: object) -> User:
    user: User = UserFactory(**fields)
    MembershipFactory(user=user, chapter=chapter)
    return user


def make_officer(role: OfficeRole, chapter: Chapter, *, is_league: bool = False) -> User:
    user = make_member(chapter)
    OfficeTermFactory(user=user, role=role, chapter=None if is_league else chapter)
    return user


def make_world(catalogues: dict[str, CourseIndexPage]) -> World:
    """Create one person for each role, and what the addresses name."""
    setup.create_roles(catalogues)
    here, elsewhere = ChapterFactory(), ChapterFactory(country=Country.UZBEKISTAN)
    suspended = MembershipFactory(chapter=here)
    SanctionFactory(membership=suspended)
    refresh_standing(suspended, on=here.today())
    people: dict[str, User | None] = {
        "anonymous": None,
        "applicant": UserFactory(),
        "member": make_member(here),
        "member elsewhere": make_member(elsewhere),
        "suspended": suspended.user,
        "officer": make_officer(OfficeRole.CHAPTER_OFFICER, here),
        "officer elsewhere": make_officer(OfficeRole.CHAPTER_OFFICER, elsewhere),
        "registrar": make_officer(OfficeRole.REGISTRAR, elsewhere, is_league=True),
        "treasurer": make_officer(OfficeRole.TREASURER, here),
        "board": make_officer(OfficeRole.BOARD, elsewhere, is_league=True),
        "superuser": UserFactory(is_superuser=True),
    }
    world = World(people)
    member, applicant = people["member"], people["applicant"]
    assert member is not None
    assert applicant is not None
    application = ApplicationFactory(user=applicant, chapter=here, status=ApplicationStatus.SUBMITTED)
    transfer = Transfer.objects.create(
        membership=member.membership, from_chapter=here, to_chapter=elsewhere, asked_at=timezone.now()
    )
    announcement = AnnouncementFactory(is_published=True)
    world.values |= {
        "announcement_id": announcement.pk,
        "application_id": application.pk,
        "transfer_id": transfer.pk,
        "invoice_id": InvoiceFactory(membership=member.membership).pk,
        "licence_id": LicenceFactory(user=member).pk,
        "membership_id": member.membership.pk,
    }
    world.names |= {
        "admin/applications/": "take",
        "admin/memberships/": "suspend",
        "admin/dues/settings/": "prices",
        "admin/membership-reports/": "members",
        "admin/retention/": "scans",
    }
    world.numbers |= {
        "admin/applications/": application.pk,
        "admin/memberships/": member.membership.pk,
        "admin/transfers/": transfer.pk,
        "admin/licences/": world.values["licence_id"],
        "admin/announcement/": announcement.pk,
        "admin/chapter/": here.pk,
        "admin/officeterm/": OfficeTermFactory(chapter=here).pk,
    }
    return world
