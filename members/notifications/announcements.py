"""What the League's office announces to its members."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from members.models import Announcement, AnnouncementQuerySet, OfficeTerm, Profile, league_day
from notifications.choices import Channel, Mode, Urgency
from notifications.registry import Kind, Notice, Pulled, Subject, register

MOST_PULLED = 20


@dataclass(frozen=True)
class AnnouncementSubject(Subject):
    """An announcement in one person's language."""

    paragraphs: tuple[str, ...] = ()


def people_in_segment(announcement: Announcement) -> QuerySet[User]:
    """Return everybody who may sign in and is in the chapters, offices and languages of an announcement."""
    people = User.objects.filter(is_active=True)
    chapters = announcement.chapters.values("pk")
    if chapters.exists():
        people = people.filter(Exists(Profile.objects.filter(user=OuterRef("pk"), chapter__in=chapters)))
    if announcement.roles:
        terms = OfficeTerm.objects.held(league_day()).filter(user=OuterRef("pk"), role__in=announcement.roles)
        people = people.filter(Exists(terms))
    if announcement.languages:
        people = people.filter(language__in=announcement.languages)
    return people


def announcement_recipients(subject_id: str) -> QuerySet[User]:
    """Return who is told about an announcement: nobody once it is recalled."""
    announcement = Announcement.objects.current().filter(pk=subject_id).first()
    return people_in_segment(announcement) if announcement is not None else User.objects.none()


def announcement_readers(subject_id: str, people: list[User]) -> set[int]:
    """Return the ids of those of many people to whom an announcement is addressed now."""
    ids = [person.pk for person in people]
    return set(announcement_recipients(subject_id).filter(pk__in=ids).values_list("pk", flat=True))


def load_addressed(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return current announcements to this person in their language: one query."""
    return _load(Announcement.objects.addressed_to(user), user, ids)


def load_visible(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return announcements that this person may see, drafts of the office too."""
    return _load(Announcement.objects.visible_to(user), user, ids)


def _load(announcements: AnnouncementQuerySet, user: User, ids: Iterable[str]) -> dict[str, Subject]:
    language = user.interface_language
    return {
        str(row.pk): AnnouncementSubject(
            title=row.title_in(language), url=row.get_absolute_url(), paragraphs=tuple(row.paragraphs_in(language))
        )
        for row in announcements.filter(pk__in=list(ids))
    }


def pull_announcements(user: User, since: dt.datetime) -> list[Pulled]:
    """Return the latest announcements to this person after a moment: one query."""
    rows = Announcement.objects.addressed_to(user).filter(published_at__gt=since).for_list()
    return [Pulled(str(pk), at) for pk, at in rows.values_list("pk", "published_at")[:MOST_PULLED] if at is not None]


def _line(notice: Notice) -> str:
    return _("The League announces: %(title)s") % {"title": notice.subject.title}


def _test_line(notice: Notice) -> str:
    return _("Test, sent to you alone: %(title)s") % {"title": notice.subject.title}


def _paragraphs(notice: Notice) -> list[str]:
    return list(notice.subject.paragraphs) if isinstance(notice.subject, AnnouncementSubject) else []


ANNOUNCEMENT = register(
    Kind(
        name="members.announcement",
        label=gettext_lazy("Announcements of the League’s office"),
        group=gettext_lazy("The League"),
        load=load_addressed,
        line=_line,
        paragraphs=_paragraphs,
        action=gettext_lazy("Read it on the site"),
        reason=gettext_lazy("You get this letter because you have an account with the League."),
        urgency=Urgency.BROADCAST,
        modes={Channel.MAIL: Mode.DIGEST, Channel.PUSH: Mode.OFF},
        lifetime=dt.timedelta(days=7),
        icon="flag",
        recipients=announcement_recipients,
        visible_among=announcement_readers,
        pull=pull_announcements,
    )
)

ANNOUNCEMENT_TEST = register(
    Kind(
        name="members.announcement_test",
        label=gettext_lazy("Announcements that you send to yourself as a test"),
        group=gettext_lazy("The League"),
        load=load_visible,
        line=_test_line,
        paragraphs=_paragraphs,
        action=gettext_lazy("Read it on the site"),
        reason=gettext_lazy("You get this letter because you sent yourself a test in the office’s area."),
        urgency=Urgency.DIRECT,
        modes={Channel.SITE: Mode.INSTANT, Channel.MAIL: Mode.INSTANT},
        locked=frozenset({Channel.SITE, Channel.MAIL}),
        window=dt.timedelta(0),
        icon="flag",
        is_listed=False,
    )
)
