"""Posts with what hangs on them: versions, mentions, reactions, and where moved ones went."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.models import Viewer
from forum.choices import PostState, ReactionKind, Right, Why
from forum.models.rooms import rooms_permitting
from forum.models.threads import Thread


class PostQuerySet(models.QuerySet["Post"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep the posts whose text a person may read: public ones, his own that wait, and moderators’ charges."""
        if not user.is_authenticated:
            return self.none()
        kept_back = Q(state__in=[PostState.HELD, PostState.HIDDEN, PostState.REFUSED])
        return self.filter(
            Q(state=PostState.PUBLIC)
            | (kept_back & Q(author=user.pk))
            | (kept_back & rooms_permitting(user, Right.MODERATE, "thread__room")),
            thread__in=Thread.objects.visible_to(user),
        )

    def public(self) -> Self:
        return self.filter(state=PostState.PUBLIC)

    def held(self) -> Self:
        return self.filter(state=PostState.HELD)

    def window(self, page: int, size: int) -> Self:
        """Keep the numbers of one page, tombstones included, in order: no counting and no offset."""
        return self.filter(no__gt=(page - 1) * size, no__lte=page * size).order_by("no")

    def unread_in(self, thread: Thread) -> Self:
        """Keep what is unread in a thread that carries the marks of a person (`with_reading`)."""
        marks: dict[str, int] = {"no__gt": thread.my_read_no, "seq__gt": thread.my_mark}  # type: ignore[attr-defined]  # annotated
        return self.filter(thread=thread, state=PostState.PUBLIC, **marks).order_by("no")


class Post(models.Model):
    """What somebody wrote. Number and place on the clock are given at publication; what waits has neither."""

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="posts", verbose_name=_("thread"))
    no = models.PositiveIntegerField(_("number"), null=True, editable=False)
    seq = models.BigIntegerField(null=True, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="posts", verbose_name=_("author")
    )
    state = models.CharField(_("state"), max_length=10, choices=PostState.choices, default=PostState.HELD)
    source = models.TextField(_("text"))
    html = models.TextField(editable=False)
    reply_to = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="replies", verbose_name=_("answers")
    )
    written_at = models.DateTimeField(_("written"))
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    edited_at = models.DateTimeField(_("changed"), null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    reason = models.CharField(
        _("why it is not shown"), max_length=500, blank=True, editable=False
    )  # its author reads it
    client_token = models.CharField(max_length=40, blank=True, editable=False)  # of the form; a second send is no post

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            models.UniqueConstraint(fields=["thread", "no"], name="forum_post_number_once"),
            models.UniqueConstraint(
                fields=["author", "client_token"], condition=~Q(client_token=""), name="forum_post_sent_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[PostState.HELD, PostState.REFUSED], no__isnull=True, seq__isnull=True)
                | (~Q(state__in=[PostState.HELD, PostState.REFUSED]) & Q(no__isnull=False, seq__isnull=False)),
                name="forum_post_numbered_at_publication",
            ),
        ]
        indexes = [
            models.Index(fields=["author", "-seq"], name="forum_post_activity", condition=Q(state=PostState.PUBLIC)),
            models.Index(fields=["thread"], name="forum_post_held", condition=Q(state=PostState.HELD)),
        ]

    def __str__(self) -> str:
        return f"{self.thread_id}/{self.no or '–'}"

    def get_absolute_url(self) -> str:
        """Return the address that stays right when the post moves."""
        return reverse("forum:post_detail", args=[self.pk])

    def kept_address(self) -> str:
        """Return the address for a text that is kept and read in every language: that of the site's own."""
        with translation.override(settings.LANGUAGE_CODE):
            return self.get_absolute_url()

    @property
    def is_public(self) -> bool:
        return self.state == PostState.PUBLIC


class PostVersion(models.Model):
    """The text of a post before a change."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="versions", verbose_name=_("post"))
    version = models.PositiveIntegerField(_("version"))
    source = models.TextField(_("text"))
    replaced_at = models.DateTimeField(_("replaced"))
    replaced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("replaced by")
    )

    class Meta:
        verbose_name = _("version of a post")
        verbose_name_plural = _("versions of posts")
        constraints = [models.UniqueConstraint(fields=["post", "version"], name="forum_postversion_once")]

    def __str__(self) -> str:
        return f"{self.post}, {self.version}"


class PostRedirect(models.Model):
    """Where a number of a thread went when its post moved to another one: old links keep working."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="redirects", verbose_name=_("thread"))
    no = models.PositiveIntegerField(_("number"))
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+", verbose_name=_("post"))

    class Meta:
        verbose_name = _("moved post")
        verbose_name_plural = _("moved posts")
        constraints = [models.UniqueConstraint(fields=["thread", "no"], name="forum_postredirect_once")]

    def __str__(self) -> str:
        return f"{self.thread_id}/{self.no} → {self.post_id}"


class Mention(models.Model):
    """Somebody whom a post concerns by name: mentioned, answered or quoted. One row for each, the strongest reason."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="mentions", verbose_name=_("post"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    why = models.SmallIntegerField(_("why"), choices=Why.choices)

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        constraints = [models.UniqueConstraint(fields=["post", "user"], name="forum_mention_once")]

    def __str__(self) -> str:
        return f"{self.post}: {self.user}"


class Reaction(models.Model):
    """One of three things to say to a post without writing."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="reactions", verbose_name=_("post"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    kind = models.CharField(_("reaction"), max_length=10, choices=ReactionKind.choices)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("reaction")
        verbose_name_plural = _("reactions")
        constraints = [models.UniqueConstraint(fields=["post", "user", "kind"], name="forum_reaction_once")]

    def __str__(self) -> str:
        return f"{self.post}: {self.get_kind_display()}"


def latest_public(thread_id: int) -> Post | None:
    """Return the public post with the highest number of a thread."""
    return Post.objects.filter(thread=thread_id, state=PostState.PUBLIC).order_by(F("no").desc()).first()
