from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RoomKind(models.TextChoices):
    """What a room is for; who may do what in it stands in its rules."""

    OPEN = "open", _("for all members")
    CHAPTER = "chapter", _("of a chapter")
    COMMITTEE = "committee", _("of a committee or working group")
    RUN = "run", _("of a course group")


class Right(models.IntegerChoices):
    """What somebody may do in a room. Each right holds those before it."""

    SEE = 1, _("see that the room exists")
    READ = 2, pgettext_lazy("right in a room", "read")
    REPLY = 3, _("reply")
    START = 4, _("start threads")
    MODERATE = 5, _("moderate")


class Audience(models.TextChoices):
    """Whom a rule of a room is about."""

    MEMBERS = "members", _("all members in good standing")
    CHAPTER = "chapter", _("members of a chapter")
    OFFICERS = "officers", _("officers of a chapter, or of the League where none is named")
    COMMITTEE = "committee", _("members of a committee")
    GROUP = "group", _("a group of the site")
    SEATS = "seats", _("people with a seat in the room")


class ThreadKind(models.TextChoices):
    DISCUSSION = "discussion", _("Discussion")
    QUESTION = "question", _("Question")
    CASE = "case", _("Case discussion")


class ThreadState(models.TextChoices):
    LIVE = "live", pgettext_lazy("thread", "live")
    HELD = "held", pgettext_lazy("thread", "waits for a moderator")
    HIDDEN = "hidden", pgettext_lazy("thread", "hidden")
    REFUSED = "refused", pgettext_lazy("thread", "not published")
    MOVED = "moved", pgettext_lazy("thread", "merged into another")


class PostState(models.TextChoices):
    """A post has a number and a place on the clock from its publication on; held ones have neither."""

    HELD = "held", pgettext_lazy("post", "waits for a moderator")
    PUBLIC = "public", pgettext_lazy("post", "public")
    HIDDEN = "hidden", pgettext_lazy("post", "hidden by a moderator")
    DELETED = "deleted", pgettext_lazy("post", "deleted by its author")
    REFUSED = "refused", pgettext_lazy("post", "not published")


class Level(models.IntegerChoices):
    """How closely somebody follows a thread or a room."""

    MUTED = 0, pgettext_lazy("watch level", "Muted")
    NORMAL = 1, pgettext_lazy("watch level", "Normal")
    TRACKING = 2, pgettext_lazy("watch level", "Tracking")
    WATCHING = 3, pgettext_lazy("watch level", "Watching")


class LevelReason(models.TextChoices):
    """Why somebody follows a thread."""

    CHOSEN = "chosen", _("you chose it")
    STARTED = "started", _("you started this thread")
    POSTED = "posted", _("you wrote in this thread")
    MENTIONED = "mentioned", _("somebody mentioned you")
    MERGED = "merged", _("you followed a thread that was merged into this one")


class ReactionKind(models.TextChoices):
    USEFUL = "useful", _("Useful")
    AGREE = "agree", _("I agree")
    THANKS = "thanks", _("Thank you")


class Why(models.IntegerChoices):
    """Why a post is told to somebody by name; the strongest first."""

    MENTION = 1, _("mentioned")
    REPLY = 2, _("answered")
    QUOTE = 3, _("quoted")


class ReportReason(models.TextChoices):
    """What is wrong with a post, by who reports it."""

    NAMES = "names", _("it names a client or a case")
    INSULT = "insult", _("it insults somebody")
    OFF_TOPIC = "off_topic", _("it is not about law")
    ADVERTISING = "advertising", _("it is advertising")
    WORD = "word", _("it holds a word of the office’s list")  # said by the platform alone
    OTHER = "other", pgettext_lazy("report", "something else")


class ReportOutcome(models.TextChoices):
    """What became of a report."""

    DISMISSED = "dismissed", pgettext_lazy("report", "the post stays")
    HIDDEN = "hidden", pgettext_lazy("report", "the post is hidden")
    WARNED = "warned", pgettext_lazy("report", "the author is warned")
    BANNED = "banned", pgettext_lazy("report", "the author is barred from writing")
    GONE = "gone", pgettext_lazy("report", "the author took the post back")
