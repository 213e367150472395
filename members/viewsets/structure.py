"""The League's structure in its office: chapters and terms of office; every change is in the audit log."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from members.models import Chapter, OfficeTerm
from members.services import structure as services


class StructureCreateView(generic.CreateView):
    @transaction.atomic
    def save_instance(self) -> Any:
        thing = super().save_instance()
        services.note_added(thing, actor=self.request.user, at=timezone.now())
        return thing


class StructureEditView(generic.EditView):
    @transaction.atomic
    def save_instance(self) -> Any:
        before = services.stored_values(self.form.instance)
        thing = super().save_instance()
        services.note_changed(thing, before=before, actor=self.request.user, at=timezone.now())
        return thing


class StructureDeleteView(generic.DeleteView):
    @transaction.atomic
    def delete_action(self) -> None:
        services.note_removed(self.object, actor=self.request.user, at=timezone.now())
        super().delete_action()


class StructureViewSet(ModelViewSet):
    add_view_class = StructureCreateView
    edit_view_class = StructureEditView
    delete_view_class = StructureDeleteView
    copy_view_enabled = False


class ChapterViewSet(StructureViewSet):
    model = Chapter
    icon = "site"
    form_fields = ["country", "name_ru", "name_en", "city", "founded_on"]
    list_display = ["name_ru", "country", "city"]
    inspect_view_enabled = True


class OfficeTermViewSet(StructureViewSet):
    model = OfficeTerm
    icon = "group"
    form_fields = ["user", "role", "chapter", "starts_on", "ends_on"]
    list_display = ["user", "role", "chapter", "starts_on", "ends_on"]
    list_filter = ["role", "chapter"]
