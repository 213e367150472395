from django.db import models
from django.utils.translation import gettext_lazy as _


class Urgency(models.IntegerChoices):
    """What is worked on first; what waits for quiet hours and what does not."""

    BROADCAST = 0, _("announcement")
    DIGESTABLE = 1, _("can wait for a digest")
    NORMAL = 2, _("normal")
    DIRECT = 3, _("concerns one person directly")
    SECURITY = 4, _("security or a legal deadline")


class Channel(models.TextChoices):
    SITE = "site", _("On the site")
    MAIL = "mail", _("E-mail")
    PUSH = "push", _("Browser push")


class Mode(models.TextChoices):
    OFF = "off", _("off")
    INSTANT = "instant", _("at once")
    DIGEST = "digest", _("in the digest")


class Floor(models.IntegerChoices):
    """How much of a thing may leave the site; of several floors the lowest decides."""

    BARE = 0, _("only that there is news")
    TITLE = 1, _("what it is about, without names and text")
    FULL = 2, _("everything")


class EventState(models.TextChoices):
    NEW = "new", _("waiting")
    EXPANDING = "expanding", _("being told")
    DONE = "done", _("told")
    CANCELLED = "cancelled", _("withdrawn")
    DEAD = "dead", _("given up")


class MessageState(models.TextChoices):
    """From `OPEN` to one of the last five, which are final."""

    OPEN = "open", _("collecting")
    CLAIMED = "claimed", _("being checked")
    SENDING = "sending", _("being sent")
    RETRY = "retry", _("waiting for another try")
    UNKNOWN = "unknown", _("perhaps sent")
    SENT = "sent", _("sent")
    SUPPRESSED = "suppressed", _("not sent, with a reason")
    EXPIRED = "expired", _("not sent in time")
    FAILED = "failed", _("refused")
    CANCELLED = "cancelled", _("withdrawn")


FINAL_STATES = (
    MessageState.SENT,
    MessageState.SUPPRESSED,
    MessageState.EXPIRED,
    MessageState.FAILED,
    MessageState.CANCELLED,
)


class Verdict(models.TextChoices):
    """What became of one event for one person on one channel, in words the person reads."""

    WAITING = "waiting", _("waiting to be sent")
    DIGEST = "digest", _("waiting for your next digest")
    SENT = "sent", _("sent")
    UNKNOWN = "unknown", _("perhaps sent: the connection broke before the other side answered")
    OFF = "off", _("not sent: you turned this off")
    READ = "read", _("not sent: you had already read it on the site")
    MUTED = "muted", _("not sent: you muted this")
    NOT_VISIBLE = "not_visible", _("not sent: you could no longer see it")
    INACTIVE = "inactive", _("not sent: the account was closed")
    NO_ADDRESS = "no_address", _("not sent: there was no address or device to send it to")
    COOLING = "cooling", _("not sent: letters to your address had come back")
    EXPIRED = "expired", _("not sent: it could not be sent in time")
    REFUSED = "refused", _("not sent: the other side refused it")
    BROKEN = "broken", _("not sent: an error on our side, the office was told")
    CANCELLED = "cancelled", _("not sent: it was withdrawn")


class DigestFrequency(models.TextChoices):
    DAILY = "daily", _("every day")
    WEEKLY = "weekly", _("once a week")
    OFF = "off", _("no digest")


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")
