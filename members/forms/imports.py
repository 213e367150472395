"""Uploading a file of members and asking for one."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from members.choices import ExportFormat, Standing
from members.models import Chapter, import_chapters
from members.services.exports import COLUMNS, SENSITIVE, reachable_chapters
from members.services.imports import reading


class ImportForm(forms.Form):
    """The file and whose members it holds."""

    file = forms.FileField(label=gettext_lazy("File"), allow_empty_file=True)
    chapter = forms.ModelChoiceField(
        Chapter.objects.none(),
        label=gettext_lazy("Chapter"),
        help_text=gettext_lazy("Rows of other chapters are refused."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _("CSV or XLSX, at most %(megabytes)s MB and %(rows)s rows.") % {
            "megabytes": reading.MAX_BYTES // 1024 // 1024,
            "rows": reading.MAX_ROWS,
        }
        field = self.fields["chapter"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- for the type checker
        scope = import_chapters(user)
        chapters = Chapter.objects.order_by("country", "parent_id", "pk")
        if None in scope:
            field.queryset = chapters
            field.required = False
            field.empty_label = _("The whole League")
        else:
            field.queryset = chapters.within({pk for pk in scope if pk is not None})
            field.empty_label = None


class ExportForm(forms.Form):
    """What is exported, of whom, and what for."""

    purpose = forms.CharField(
        label=gettext_lazy("Purpose"),
        min_length=10,
        max_length=300,
        help_text=gettext_lazy("What the file is for, and who will see it. It stays in the audit log."),
    )
    chapters = forms.ModelMultipleChoiceField(
        Chapter.objects.none(), label=gettext_lazy("Chapters"), widget=forms.CheckboxSelectMultiple
    )
    standings = forms.MultipleChoiceField(
        label=gettext_lazy("Standing"),
        choices=Standing.choices[1:],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: everybody."),
    )
    columns = forms.MultipleChoiceField(label=gettext_lazy("Columns"), widget=forms.CheckboxSelectMultiple)
    file_format = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=ExportFormat.choices, initial=ExportFormat.XLSX, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        chapters, columns = self.fields["chapters"], self.fields["columns"]
        assert isinstance(chapters, forms.ModelMultipleChoiceField)  # noqa: S101 -- for the type checker
        assert isinstance(columns, forms.MultipleChoiceField)  # noqa: S101 -- the same
        chapters.queryset = Chapter.objects.filter(
            pk__in=[chapter.pk for chapter in reachable_chapters(user)]
        ).order_by("country", "parent_id", "pk")
        has_sensitive = bool(reachable_chapters(user, list(SENSITIVE)))
        columns.choices = [
            (name, _(label))
            for name, (label, _reader, is_sensitive) in COLUMNS.items()
            if has_sensitive or not is_sensitive
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse addresses and licences of chapters of which the person is no officer."""
        data: dict[str, Any] = super().clean() or {}
        reach = {chapter.pk for chapter in reachable_chapters(self.user, data.get("columns", []))}
        if not {chapter.pk for chapter in data.get("chapters", [])} <= reach:
            self.add_error(
                "columns", _("E-mail and licences are exported by the registrar or the chapter’s officer only.")
            )
        return data
