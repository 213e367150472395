from forum.models.drafts import Draft
from forum.models.moderation import FlaggedWord, Ignored, PostingBan, PostWarning, Report, ReportQuerySet
from forum.models.posts import Mention, Post, PostQuerySet, PostRedirect, PostVersion, Reaction, latest_public
from forum.models.reading import ReaderMark, RoomMark, ThreadRead
from forum.models.rooms import Room, RoomQuerySet, RoomRule, RoomSeat, readers_of, strongest_right
from forum.models.threads import MOST_MINUTES, PAGE, Clock, ClockDay, Tag, Thread, ThreadQuerySet

__all__ = [
    "MOST_MINUTES",
    "PAGE",
    "Clock",
    "ClockDay",
    "Draft",
    "FlaggedWord",
    "Ignored",
    "Mention",
    "Post",
    "PostQuerySet",
    "PostRedirect",
    "PostVersion",
    "PostWarning",
    "PostingBan",
    "Reaction",
    "ReaderMark",
    "Report",
    "ReportQuerySet",
    "Room",
    "RoomMark",
    "RoomQuerySet",
    "RoomRule",
    "RoomSeat",
    "Tag",
    "Thread",
    "ThreadQuerySet",
    "ThreadRead",
    "latest_public",
    "readers_of",
    "strongest_right",
]
