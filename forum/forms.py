"""What people write and what moderators decide. A form of a text keeps it whatever is wrong with it."""

import datetime as dt
import re
import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from forum.choices import ReactionKind, ReportReason, Right, ThreadKind
from forum.models import MOST_MINUTES, Draft, Post, Room, Tag, Thread
from forum.rules.text import UNSEEN
from members.models import league_day

SAID_BY_PEOPLE = [choice for choice in ReportReason.choices if choice[0] != ReportReason.WORD]
MOST_PINNED = dt.timedelta(days=366)
MOST_ID = 2**63 - 1
ADDRESS = re.compile(r"(?:.*/threads/)?#?(\d{1,18})(?:[/?#].*)?")


def plain(text: str) -> str:
    """Return a text as it may be kept: lines end in one way, and no sign in it that a database refuses."""
    text = text.encode("utf-8", "replace").decode()
    return UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class PlainField(forms.CharField):
    """A text without the signs that nobody sees."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(plain(str(value)) if value is not None else value))


class LenientInteger(forms.IntegerField):
    """A number that the page itself brings. A spoilt one counts as none: a text is worth more than it."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, min_value=0, max_value=MOST_ID, **kwargs)

    def clean(self, value: Any) -> int:
        try:
            return super().clean(value) or 0
        except forms.ValidationError:
            return 0


class DateInput(forms.DateInput):
    """The browser's own chooser of a day."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ComposerForm(forms.Form):
    """A text on its way: `scope` says where its draft belongs, `revision` on which draft the window goes on.

    `other` is the draft of another window that was saved meanwhile.
    """

    text = PlainField(
        label=gettext_lazy("Text"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": gettext_lazy("There is no text to read yet.")},
    )
    # Some browsers bring old values back at a reload: those of the text are welcome, those of these two are not.
    token = PlainField(required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}))
    revision = LenientInteger(widget=forms.HiddenInput(attrs={"autocomplete": "off"}))

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        scope: str,
        draft: Draft | None = None,
        initial: dict[str, object] | None = None,
    ) -> None:
        first = {"token": str(uuid.uuid4()), "revision": 0, **(initial or {})}
        if draft is not None:
            first |= {"text": draft.source, "title": draft.title, "revision": draft.revision}
        super().__init__(data, initial=first)
        self.scope, self.draft = scope, draft
        self.other: Draft | None = None

    def clean_token(self) -> str:
        """Return the token of the page, or a new one for a page that brings none."""
        token: str = self.cleaned_data["token"]
        try:
            return str(uuid.UUID(token))
        except ValueError:
            return str(uuid.uuid4())

    def written(self, name: str = "text") -> str:
        """Return what somebody wrote, whether it is valid or not."""
        return plain(self.data.get(name, ""))

    @property
    def has_text(self) -> bool:
        return bool(self.written().strip())

    @property
    def known_revision(self) -> int:
        return self.fields["revision"].clean(self.data.get("revision"))

    def renew(self, **values: object) -> None:
        """Go on with other values of hidden fields; what was written stays."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        for name, value in values.items():
            data[name] = str(value)
        self.data = data


class ReplyForm(ComposerForm):
    """A reply, and the post that it answers."""

    reply_to = LenientInteger()


class EditForm(ComposerForm):
    """Another text of a post; `version` is the one that was changed."""

    version = LenientInteger()


class ThreadForm(ComposerForm):
    """A thread with its opening post."""

    title = PlainField(label=gettext_lazy("Title"), max_length=160)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=ThreadKind.choices,
        initial=ThreadKind.DISCUSSION,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "A question can have an accepted answer. In a case discussion name no clients, judges and case numbers."
        ),
    )
    tags = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Tags"),
        queryset=Tag.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ["title", "kind", "tags", "text"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tags = Tag.objects.order_by("name_ru", "pk")
        if tags.exists():
            self.fields["tags"].queryset = tags  # type: ignore[attr-defined]  # a ModelMultipleChoiceField
        else:
            del self.fields["tags"]


def draft_of(user: User, scope: str) -> Draft | None:
    """Return what somebody has written and not sent."""
    return Draft.objects.filter(user=user, scope=scope).first()


def reply_form(user: User, thread: Thread) -> ReplyForm:
    """Return the composer at the foot of a thread with the reader's draft in it: one query."""
    scope = f"thread:{thread.pk}"
    return ReplyForm(scope=scope, draft=draft_of(user, scope))


class DraftForm(forms.Form):
    """What a window saves by itself."""

    scope = forms.RegexField(r"^(room|thread|post):\d{1,18}$", max_length=40)
    title = PlainField(required=False)
    text = PlainField(required=False, strip=False)
    revision = LenientInteger()


class ReactionForm(forms.Form):
    kind = forms.ChoiceField(choices=ReactionKind.choices)


# Moderating


def _day_ahead(day: dt.date) -> dt.date:
    """Return a day that is today or within a year. Raises ValidationError."""
    today = league_day()
    if day < today:
        raise forms.ValidationError(_("Choose today or a later day."))
    if day > today + MOST_PINNED:
        raise forms.ValidationError(_("Choose a day within a year."))
    return day


class ReasonForm(forms.Form):
    """Why a moderator does something."""

    reason = PlainField(label=gettext_lazy("Reason"), max_length=200)

    def __init__(self, *args: Any, readers: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = readers


class PinForm(forms.Form):
    """Until when a thread stays at the top."""

    until = forms.DateField(label=gettext_lazy("Through this day"), widget=DateInput)

    def clean_until(self) -> dt.date:
        return _day_ahead(self.cleaned_data["until"])


class SlowForm(forms.Form):
    """How much time lies between two replies of one person."""

    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes between two replies of one member"),
        min_value=0,
        max_value=MOST_MINUTES,
        help_text=gettext_lazy("From 0, which lets everybody reply at will, to 1440, which is a day."),
    )


class MoveForm(forms.Form):
    """Another room for a thread, among those that the moderator answers for."""

    room = forms.ModelChoiceField(label=gettext_lazy("Room"), queryset=Room.objects.none())

    def __init__(self, *args: Any, user: User, thread: Thread, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rooms = Room.objects.permitting(user, Right.MODERATE).filter(is_archived=False).exclude(pk=thread.room_id)
        self.fields["room"].queryset = rooms.order_by("position", "pk")  # type: ignore[attr-defined]  # a ModelChoiceField


class MergeForm(forms.Form):
    """The thread that takes the posts of another one, by its number or address."""

    target = PlainField(
        label=gettext_lazy("Thread that stays"),
        max_length=300,
        help_text=gettext_lazy("Its address as the browser shows it, or the number in the address."),
    )

    def __init__(self, *args: Any, user: User, thread: Thread, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.thread = user, thread

    def clean_target(self) -> Thread:
        match = ADDRESS.fullmatch(self.cleaned_data["target"])
        threads = Thread.objects.visible_to(self.user).live().select_related("room")
        threads = threads.filter(room__in=Room.objects.permitting(self.user, Right.MODERATE))
        thread = threads.filter(pk=int(match[1])).first() if match else None
        if thread is None:
            raise forms.ValidationError(_("You moderate no open thread with this number."))
        if thread.pk == self.thread.pk:
            raise forms.ValidationError(_("Choose another thread: this one cannot be merged into itself."))
        return thread


class SplitForm(forms.Form):
    """Replies that begin a thread of their own."""

    title = PlainField(label=gettext_lazy("Title of the new thread"), max_length=160)
    posts = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Posts"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Choose at least one post."),
            "invalid_choice": gettext_lazy("Choose public posts of this thread: some of them are gone."),
        },
    )

    def __init__(self, *args: Any, posts: Iterable[Post], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["posts"].choices = [(post.pk, post) for post in posts]  # type: ignore[attr-defined]  # a choice field


class ReportForm(forms.Form):
    """What is wrong with a post."""

    reason = forms.ChoiceField(
        label=gettext_lazy("What is wrong with it"), choices=SAID_BY_PEOPLE, widget=forms.RadioSelect
    )
    text = PlainField(
        label=gettext_lazy("In a sentence"),
        max_length=300,
        help_text=gettext_lazy("Moderators of the room read it. Name no client here either."),
    )


class BanForm(forms.Form):
    """Where, until when and why somebody may not write."""

    ROOM, EVERYWHERE = "room", "everywhere"

    scope = forms.ChoiceField(
        label=gettext_lazy("Where"),
        choices=[(ROOM, gettext_lazy("In this room")), (EVERYWHERE, gettext_lazy("In the whole forum"))],
        initial=ROOM,
        widget=forms.RadioSelect,
    )
    until = forms.DateField(label=gettext_lazy("Through this day"), widget=DateInput)
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=SAID_BY_PEOPLE, widget=forms.RadioSelect)
    text = PlainField(
        label=gettext_lazy("Explanation"), max_length=200, help_text=gettext_lazy("The author of the post reads it.")
    )

    def __init__(self, *args: Any, whole: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not whole:
            del self.fields["scope"]

    def clean_until(self) -> dt.date:
        return _day_ahead(self.cleaned_data["until"])
