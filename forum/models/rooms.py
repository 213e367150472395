"""Rooms, and who may do what in them: `RoomRule` rows, asked by one condition, `RoomRuleQuerySet.met_by`."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Viewer
from forum.choices import Audience, Level, Right, RoomKind
from forum.models.rights import Rights, StrongestRight
from members.choices import LISTED_STANDINGS, OfficeRole
from members.models import Chapter, Committee, CommitteeMember, Membership, OfficeTerm, league_day
from notifications.choices import Floor

# Who keeps a treasury or reviews applications answers for no room.
ROOM_OFFICES = (OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR, OfficeRole.BOARD, OfficeRole.ETHICS)


class RoomQuerySet(models.QuerySet["Room"]):
    def permitting(self, user: Viewer, right: Right) -> Self:
        """Keep the rooms in which a person has a right."""
        return self.filter(rooms_permitting(user, right, "pk"))

    def visible_to(self, user: Viewer) -> Self:
        """Keep the rooms that a person may know of; who may not read one learns its name and what it is for."""
        return self.permitting(user, Right.SEE)

    def with_right(self, user: Viewer) -> Self:
        """Annotate `my_right`, the strongest right of a person in each room; None where there is none."""
        return self.annotate(my_right=strongest_right(user, "pk"))

    def for_index(self, user: Viewer) -> Self:
        """Return what the forum's first page shows: the rooms that a person may know of, in the order of the office."""
        return self.visible_to(user).with_right(user).filter(is_archived=False).order_by("position", "pk")


class Room(models.Model):
    """A place for threads, two levels deep, curated by the League's office.

    The counters are of what is public; `forum.services` alone moves them, and `recount_forum` repairs them.
    """

    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("above it")
    )
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=RoomKind.choices, default=RoomKind.OPEN)
    name_ru = models.CharField(_("name in Russian"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80)
    description_ru = models.CharField(_("what it is for, in Russian"), max_length=300, blank=True)
    description_en = models.CharField(_("what it is for, in English"), max_length=300, blank=True)
    guidelines_ru = models.TextField(_("how to write here, in Russian"), max_length=3000, blank=True)
    guidelines_en = models.TextField(_("how to write here, in English"), max_length=3000, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    level_default = models.SmallIntegerField(
        _("how closely members follow it at first"), choices=Level.choices, default=Level.NORMAL
    )
    floor = models.SmallIntegerField(_("what letters may say of it"), choices=Floor.choices, default=Floor.TITLE)
    holds_first_posts = models.BooleanField(_("the first post of a new member waits for a moderator"), default=True)
    is_archived = models.BooleanField(_("closed and out of the list"), default=False)

    thread_count = models.PositiveIntegerField(default=0, editable=False)
    post_count = models.PositiveIntegerField(default=0, editable=False)
    last_seq = models.BigIntegerField(default=0, editable=False)
    last_thread = models.ForeignKey(
        "forum.Thread", on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    last_at = models.DateTimeField(null=True, editable=False)

    objects = RoomQuerySet.as_manager()

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")

    def __str__(self) -> str:
        return self.name_in(get_language())

    def get_absolute_url(self) -> str:
        return reverse("forum:room_detail", args=[self.slug])

    def clean(self) -> None:
        """Refuse a third level."""
        if self.parent is not None and self.parent.parent_id is not None:
            raise ValidationError({"parent": _("Rooms have two levels: choose a room that stands on the first.")})

    def name_in(self, language: str | None) -> str:
        """Return the name in English for English, else in Russian."""
        return self.name_en if language == "en" else self.name_ru

    @property
    def description(self) -> str:
        return self.description_en if get_language() == "en" else self.description_ru

    @property
    def guidelines(self) -> str:
        return self.guidelines_en if get_language() == "en" else self.guidelines_ru


class RoomRuleQuerySet(models.QuerySet["RoomRule"]):
    def met_by(self, user: Viewer) -> Self:
        """Keep the rules whose audience a person belongs to today: one condition, no query of its own."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.met_on(league_day(), user.pk)

    def met_on(self, today: dt.date, person: int) -> Self:
        """Keep the rules whose audience somebody belongs to on a day; `RIGHTS` compiles this once."""
        member = Membership.objects.filter(user=person, standing__in=LISTED_STANDINGS)
        of_chapter = member.filter(Q(chapter=OuterRef("chapter")) | Q(chapter__parent=OuterRef("chapter")))
        terms = OfficeTerm.objects.held(today).filter(user=person, role__in=ROOM_OFFICES)
        seats = CommitteeMember.objects.filter(committee=OuterRef("committee")).seated(User(pk=person), today)
        groups = User.groups.through.objects.filter(user=person, group=OuterRef("group"))
        own_seat = RoomSeat.objects.filter(room=OuterRef("room"), user=person)
        return self.filter(
            (Q(audience=Audience.MEMBERS) & Exists(member))
            | (Q(audience=Audience.CHAPTER) & Exists(of_chapter))
            | (Q(audience=Audience.OFFICERS) & Exists(terms.filter(chapter=OuterRef("chapter"))))
            | (Q(audience=Audience.OFFICERS, chapter__isnull=True) & Exists(terms.filter(chapter__isnull=True)))
            | (Q(audience=Audience.COMMITTEE) & Exists(member) & Exists(seats))
            | (Q(audience=Audience.GROUP) & Exists(groups))
            | (Q(audience=Audience.SEATS) & Exists(own_seat))
        )


class RoomRule(models.Model):
    """Who has which right in a room. The strongest of the rules that somebody meets decides."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="rules", verbose_name=_("room"))
    audience = models.CharField(_("who"), max_length=10, choices=Audience.choices)
    right = models.SmallIntegerField(_("may"), choices=Right.choices)
    chapter = models.ForeignKey(
        Chapter, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("chapter")
    )
    committee = models.ForeignKey(
        Committee, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("committee")
    )
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("group")
    )

    objects = RoomRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule of a room")
        verbose_name_plural = _("rules of rooms")
        constraints = [
            models.CheckConstraint(
                condition=~Q(audience=Audience.CHAPTER, chapter__isnull=True)
                & ~Q(audience=Audience.COMMITTEE, committee__isnull=True)
                & ~Q(audience=Audience.GROUP, group__isnull=True),
                name="forum_roomrule_names_its_audience",
                violation_error_message=_("Name the chapter, the committee or the group that the rule is about."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.room}: {self.get_audience_display()}, {self.get_right_display()}"


class RoomSeat(models.Model):
    """Somebody's place in a room that has a list of its own, such as that of a course group."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="seats", verbose_name=_("room"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="room_seats", verbose_name=_("person")
    )

    class Meta:
        verbose_name = _("seat in a room")
        verbose_name_plural = _("seats in rooms")
        constraints = [
            models.UniqueConstraint(
                fields=["room", "user"],
                name="forum_roomseat_once",
                violation_error_message=_("This person has a seat in the room already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.room}: {self.user}"


RIGHTS = Rights(lambda person, day: RoomRule.objects.met_on(day, person).values("room_id", "right"))


def rooms_permitting(user: Viewer, right: Right, room: str = "room") -> Q:
    """Return the condition that a person has a right in the room which a column names."""
    if not user.is_authenticated or not user.is_active:
        return Q(pk__in=[])
    return Q(**{f"{room}__in": RIGHTS.rooms(user.pk, league_day(), right)})


def strongest_right(user: Viewer, room: str) -> StrongestRight | Value:
    """Return the expression of a person's strongest right in the room that a column names."""
    if not user.is_authenticated or not user.is_active:
        return Value(None, output_field=models.SmallIntegerField(null=True))
    return RIGHTS.strongest(user.pk, league_day(), room)


def readers_of(room_id: int, right: Right = Right.READ) -> models.QuerySet[User]:
    """Return the people who have a right in a room: `met_by` asked from the other side, for letters to many."""
    today = league_day()
    terms = OfficeTerm.objects.held(today).filter(user=OuterRef("pk"), role__in=ROOM_OFFICES)
    listed = Q(membership__standing__in=LISTED_STANDINGS)
    reached = Q(pk__in=[])
    for rule in RoomRule.objects.filter(room=room_id, right__gte=right):
        if rule.audience == Audience.MEMBERS:
            reached |= listed
        elif rule.audience == Audience.CHAPTER:
            inside = Q(membership__chapter=rule.chapter_id) | Q(membership__chapter__parent=rule.chapter_id)
            reached |= listed & inside
        elif rule.audience == Audience.OFFICERS:
            reached |= Q(Exists(terms.filter(chapter=rule.chapter_id)))
        elif rule.audience == Audience.COMMITTEE:
            seats = CommitteeMember.objects.current(today).filter(committee=rule.committee_id, user=OuterRef("pk"))
            is_on = Q(committee__ends_on__isnull=True) | Q(committee__ends_on__gte=today)
            reached |= listed & Q(Exists(seats.filter(is_on)))
        elif rule.audience == Audience.GROUP:
            reached |= Q(Exists(User.groups.through.objects.filter(user=OuterRef("pk"), group=rule.group_id)))
        else:
            reached |= Q(Exists(RoomSeat.objects.filter(room=room_id, user=OuterRef("pk"))))
    return User.objects.filter(reached, is_active=True)
