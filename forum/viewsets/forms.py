"""A room and its rules as the office fills them in."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forum.choices import Audience, Right
from forum.models import Room, RoomRule
from forum.services.rooms import fingerprint
from members.choices import OFFICE_GROUPS

MOST_RULES = 40
EMPTY_ROWS = 3


class RoomForm(forms.ModelForm):
    """A room; its address is given once, because links lead there."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Room
        fields = [
            "slug",
            "kind",
            "name_ru",
            "name_en",
            "description_ru",
            "description_en",
            "guidelines_ru",
            "guidelines_en",
            "parent",
            "position",
            "level_default",
            "floor",
            "holds_first_posts",
            "is_archived",
        ]
        help_texts = {
            "slug": gettext_lazy(
                "Latin letters, digits and hyphens, for example criminal-procedure. It never changes any more."
            ),
            "kind": gettext_lazy("A word for the list. Who may do what in the room is said by the rules alone."),
            "parent": gettext_lazy(
                "Rooms have two levels. A room takes no rules from the one above it: give it its own."
            ),
            "position": gettext_lazy("Rooms stand in the order of these numbers, the lowest first."),
            "floor": gettext_lazy("What letters and push messages about this room may contain at most."),
            "is_archived": gettext_lazy("Nobody writes here any more. Who may read the room goes on reading it."),
        }
        widgets = {name: forms.Textarea(attrs={"rows": 6}) for name in ("guidelines_ru", "guidelines_en")}
        widgets |= {name: forms.Textarea(attrs={"rows": 2}) for name in ("description_ru", "description_en")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = fingerprint(self.instance)
        parent = self.fields["parent"]
        parent.queryset = Room.objects.filter(parent=None).exclude(pk=self.instance.pk).order_by("position", "pk")  # type: ignore[attr-defined]
        parent.error_messages["invalid_choice"] = _(
            "Rooms have two levels: choose a room that stands on the first, and not the room itself."
        )
        if self.instance.pk is not None:
            del self.fields["slug"]

    def clean_parent(self) -> Room | None:
        """Refuse a third level from below: the room that gets one above it may have none under it."""
        parent: Room | None = self.cleaned_data["parent"]
        if parent is not None and self.instance.pk is not None and self.instance.children.exists():
            raise forms.ValidationError(
                _("Other rooms stand below this one, and rooms have two levels: leave this empty, or move those first.")
            )
        return parent


class RuleForm(forms.ModelForm):
    """One rule: who may do what."""

    class Meta:
        model = RoomRule
        fields = ["audience", "chapter", "committee", "group", "right"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = Group.objects.exclude(name__in=OFFICE_GROUPS.values()).order_by("name")
        self.fields["group"].queryset = groups  # type: ignore[attr-defined]  # offices are an audience of their own

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        audience = self.cleaned_data.get("audience")
        if audience:
            self._check_whom(Audience(audience))
        return cleaned

    def _check_whom(self, audience: Audience) -> None:
        """Say what the audience needs, and what it cannot have: a name left over would seem to narrow the rule."""
        missing = {
            "chapter": _("Name the chapter whose members the rule is about."),
            "committee": _("Name the committee or working group that the rule is about."),
            "group": _("Name the group of the site that the rule is about."),
        }
        needs = {Audience.CHAPTER: "chapter", Audience.COMMITTEE: "committee", Audience.GROUP: "group"}
        takes = {needs.get(audience), "chapter" if audience == Audience.OFFICERS else None}
        for name, sentence in missing.items():
            if name == needs.get(audience) and self.cleaned_data.get(name) is None and name not in self.errors:
                self.add_error(name, sentence)
            if name not in takes and self.cleaned_data.get(name) is not None:
                self.add_error(name, _("“%(who)s” does not need this: leave it empty.") % {"who": audience.label})


class BaseRuleFormSet(forms.BaseFormSet[RuleForm]):
    """The rules of a room together."""

    def clean(self) -> None:
        if any(self.errors):
            return
        seen = set()
        for rule in self.rules():
            whom = (rule.audience, rule.chapter_id, rule.committee_id, rule.group_id)
            if whom in seen:
                raise forms.ValidationError(
                    _("Two rules are about the same people (%(who)s): keep the one that says what they may do.")
                    % {"who": rule.get_audience_display()}
                )
            seen.add(whom)

    def rules(self) -> list[RoomRule]:
        """Return the rules that are filled in and stay."""
        filled = [form for form in self.forms if form.has_changed() or form.initial]
        return [form.instance for form in filled if not form.cleaned_data.get("DELETE")]

    def would_wait_for_ever(self) -> bool:
        """Whether somebody writes and nobody moderates: what waits for a moderator would wait for ever."""
        rights = [rule.right for rule in self.rules()]
        return max(rights, default=0) in {Right.REPLY, Right.START}


RuleFormSet = forms.formset_factory(
    RuleForm,
    formset=BaseRuleFormSet,
    extra=EMPTY_ROWS,
    can_delete=True,
    max_num=MOST_RULES,
    absolute_max=MOST_RULES,
    validate_max=True,
)


def rules_form(room: Room, data: Any = None) -> BaseRuleFormSet:
    """Return the rules of a room as rows of a form, with empty rows for more."""
    rules = RoomRule.objects.filter(room=room.pk).order_by("-right", "pk") if room.pk is not None else ()
    initial = [
        {
            "audience": rule.audience,
            "chapter": rule.chapter_id,
            "committee": rule.committee_id,
            "group": rule.group_id,
            "right": rule.right,
        }
        for rule in rules
    ]
    formset: BaseRuleFormSet = RuleFormSet(data, prefix="rules", initial=initial)  # type: ignore[assignment]  # made of it
    return formset
