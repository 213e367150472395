"""Threads and the clock on which they stand."""

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, FilteredRelation, Q, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Viewer
from forum.choices import Level, Right, ThreadKind, ThreadState
from forum.models.rooms import Room, rooms_permitting, strongest_right

if TYPE_CHECKING:
    from forum.models.posts import Post

HORIZON = dt.timedelta(days=90)  # what is older is nobody's unread any more; the list says so
MOST_MINUTES = 24 * 60  # between two replies of one person, where moderators slow a thread down
PAGE = 20  # numbers of posts in the window of one page


class Clock(models.Model):
    """One row: the number of publications so far.

    It is raised last within the transaction that publishes, so that its order is the order of the commits, which that
    of automatic ids is not.
    """

    ONLY = 1
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.seq)


class ClockDay(models.Model):
    """Where the clock stood when a day began: turns “90 days ago” into a place on it."""

    day = models.DateField(primary_key=True)
    seq = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.day}: {self.seq}"


class Tag(models.Model):
    """A subject that the office curates: an article of a code, a topic."""

    slug = models.SlugField(_("address"), max_length=60, unique=True)
    name_ru = models.CharField(_("name in Russian"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name_en if get_language() == "en" else self.name_ru


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep the threads that a person may open: the live ones of rooms he reads, his own that wait or were refused,
        and for moderators all that is kept back in their rooms. Merged ones lead to another thread.
        """
        if not user.is_authenticated:
            return self.none()
        waiting = [ThreadState.HELD, ThreadState.REFUSED]
        kept_back = Q(state__in=[*waiting, ThreadState.HIDDEN])
        return self.filter(
            Q(state__in=[ThreadState.LIVE, ThreadState.MOVED])
            | Q(state__in=waiting, starter=user.pk)
            | (kept_back & rooms_permitting(user, Right.MODERATE)),
            rooms_permitting(user, Right.READ),
        )

    def live(self) -> Self:
        return self.filter(state=ThreadState.LIVE)

    def with_right(self, user: Viewer) -> Self:
        """Annotate `my_right`, the person's right in the thread's room."""
        return self.annotate(my_right=strongest_right(user, "room"))

    def with_reading(self, user: User, on: dt.date) -> Self:
        """Annotate `my_read_no`, `my_mark` and `my_level`: how far a person has read and how closely he follows.

        A post is unread whose number is above the first and whose place on the clock is above the second.
        """
        return self.annotate(
            mine=FilteredRelation("reads", condition=Q(reads__user=user.pk)),
            my_room=FilteredRelation("room__marks", condition=Q(room__marks__user=user.pk)),
        ).annotate(
            my_read_no=Coalesce(F("mine__read_no"), Value(0)),
            my_mark=Greatest(Coalesce(F("my_room__read_seq"), Value(0)), everywhere_mark(user, on)),
            my_level=Coalesce(F("mine__level"), F("my_room__level"), F("room__level_default")),
        )

    def unread(self) -> Self:
        """Keep what is unread for the person of `with_reading`; what he muted never is."""
        return self.filter(last_public_no__gt=F("my_read_no"), last_seq__gt=F("my_mark"), my_level__gt=Level.MUTED)


class Thread(models.Model):
    """A conversation. Numbers are given to its posts at publication, rise, and are never given again."""

    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="threads", verbose_name=_("room"))
    kind = models.CharField(_("kind"), max_length=10, choices=ThreadKind.choices, default=ThreadKind.DISCUSSION)
    title = models.CharField(_("title"), max_length=160)
    state = models.CharField(_("state"), max_length=10, choices=ThreadState.choices, default=ThreadState.LIVE)
    starter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("started by")
    )
    created_at = models.DateTimeField(_("started"))
    tags = models.ManyToManyField(Tag, blank=True, related_name="threads", verbose_name=_("tags"))

    last_no = models.PositiveIntegerField(default=0, editable=False)  # the last one handed out; only ever grows
    last_public_no = models.PositiveIntegerField(default=0, editable=False)
    visible_count = models.PositiveIntegerField(default=0, editable=False)
    last_seq = models.BigIntegerField(default=0, editable=False)  # of the last public post
    bump_seq = models.BigIntegerField(default=0, editable=False)  # of the last publication, whatever became of it
    last_at = models.DateTimeField(null=True, editable=False)
    last_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    pinned_until = models.DateField(_("pinned until"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    close_reason = models.CharField(_("why it is closed"), max_length=200, blank=True)
    slow_minutes = models.PositiveSmallIntegerField(_("minutes between two replies of one person"), default=0)
    answer = models.ForeignKey("forum.Post", on_delete=models.SET_NULL, null=True, editable=False, related_name="+")
    moved_to = models.ForeignKey("self", on_delete=models.PROTECT, null=True, editable=False, related_name="+")

    objects = ThreadQuerySet.as_manager()

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")
        constraints = [
            models.CheckConstraint(
                condition=Q(slow_minutes__lte=MOST_MINUTES), name="forum_thread_slow_for_a_day_at_most"
            )
        ]
        indexes = [
            models.Index(
                fields=["room", "-bump_seq"], name="forum_thread_room_list", condition=Q(state=ThreadState.LIVE)
            ),
            models.Index(fields=["-last_seq"], name="forum_thread_latest", condition=Q(state=ThreadState.LIVE)),
            models.Index(
                fields=["room", "pinned_until"], name="forum_thread_pinned", condition=Q(pinned_until__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("forum:thread_detail", args=[self.pk])

    def page_of(self, no: int) -> int:
        """Return the page on which a number stands; pages are windows of numbers, whatever became of the posts."""
        return max(1, (no + PAGE - 1) // PAGE)

    @property
    def page_count(self) -> int:
        return self.page_of(self.last_no)

    def is_pinned(self, on: dt.date) -> bool:
        return self.pinned_until is not None and self.pinned_until >= on

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    def address_of(self, post: "Post") -> str:
        """Return the address of a post that is on a page."""
        page = self.page_of(post.no or 0)
        return f"{self.get_absolute_url()}{f'?page={page}' if page > 1 else ''}#post-{post.pk}"


def everywhere_mark(user: User, on: dt.date) -> Greatest:
    """Return the expression of the place on the clock up to which everything is read for a person.

    It is what he marked as read everywhere, or where the clock stood 90 days ago or on the day he joined.
    """
    from forum.models.reading import ReaderMark  # noqa: PLC0415 -- circular: marks are of rooms and threads

    since = max(on - HORIZON, user.joined_at.date())
    marked = ReaderMark.objects.filter(user=user.pk).values("read_seq")[:1]
    day = ClockDay.objects.filter(day__lte=since).order_by("-day").values("seq")[:1]
    return Greatest(Coalesce(Subquery(marked), Value(0)), Coalesce(Subquery(day), Value(0)))
