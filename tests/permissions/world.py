"""The small world in which every address is asked for: one person for each role, and things of theirs."""

from dataclasses import dataclass, field

from django.utils import timezone

from accounts.models import User
from courses.models import CourseIndexPage
from courses.services import setup
from forum.choices import Audience, Right, ThreadKind
from forum.models import FlaggedWord, Ignored, PostingBan, Tag
from forum.services import edit_post
from members.choices import ApplicationStatus, Country, OfficeRole
from members.models import Chapter, Transfer, league_day
from members.services.memberships import refresh_standing
from tests.factories.accounts import UserFactory
from tests.factories.forum import RoomFactory, grant, reply, start
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


def furnish_forum(world: World, here: Chapter) -> None:
    """Open a room for all members, moderated by the officers of Kazakhstan, with a question of the member.

    The post of the addresses is the member's own reply to it; its text was changed once.
    """
    member = world.people["member"]
    assert member is not None
    room = RoomFactory(slug="criminal-defence")
    grant(room, Right.MODERATE, Audience.OFFICERS, chapter=here)
    thread = start(room, author=member, kind=ThreadKind.QUESTION)
    post = reply(thread, author=member)
    edit_post(post, actor=member, text="С момента протокола.", version=1, at=timezone.now())
    ignored = Ignored.objects.create(user=member, ignored=UserFactory(), at=timezone.now())
    ban = PostingBan.objects.create(
        user=UserFactory(), room=room, until=league_day(), reason="other", text="Спор", by=member, at=timezone.now()
    )
    world.values |= {"ignored_id": ignored.pk, "ban_id": ban.pk}
    world.values |= {"slug": room.slug, "thread_id": thread.pk, "post_id": post.pk, "no": 1}
    world.numbers |= {
        "admin/forum/rooms/": room.pk,
        "admin/forum/words/": FlaggedWord.objects.create(word="знакомый").pk,
        "admin/forum/tags/": Tag.objects.create(slug="detention", name_ru="Задержание", name_en="Detention").pk,
    }


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
    furnish_forum(world, here)
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
