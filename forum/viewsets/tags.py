"""Tags in the office: every change is in the audit log."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from forum.models import Tag
from forum.services import rooms as services


class TagCreateView(generic.CreateView):
    def save_instance(self) -> Any:
        return services.save_tag(self.form.instance, actor=self.request.user, at=timezone.now())


class TagEditView(generic.EditView):
    def save_instance(self) -> Any:
        return services.save_tag(self.form.instance, actor=self.request.user, at=timezone.now())


class TagDeleteView(generic.DeleteView):
    def delete_action(self) -> None:
        services.delete_tag(self.object, actor=self.request.user, at=timezone.now())


class TagViewSet(ModelViewSet):
    model = Tag
    name = "forum_tag"
    url_prefix = "forum/tags"
    icon = "tag"
    menu_label = gettext_lazy("Tags of threads")
    form_fields = ["slug", "name_ru", "name_en"]
    list_display = ["name_ru", "name_en", "slug"]
    ordering = ["slug"]
    add_view_class = TagCreateView
    edit_view_class = TagEditView
    delete_view_class = TagDeleteView
    copy_view_enabled = False
