"""Flagged words in the office: every change is in the audit log."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from forum.models import FlaggedWord
from forum.services import rooms as services


class WordCreateView(generic.CreateView):
    def save_instance(self) -> Any:
        return services.save_word(self.form.instance, actor=self.request.user, at=timezone.now())


class WordEditView(generic.EditView):
    def save_instance(self) -> Any:
        return services.save_word(self.form.instance, actor=self.request.user, at=timezone.now())


class WordDeleteView(generic.DeleteView):
    def delete_action(self) -> None:
        services.delete_word(self.object, actor=self.request.user, at=timezone.now())


class FlaggedWordViewSet(ModelViewSet):
    model = FlaggedWord
    name = "forum_word"
    url_prefix = "forum/words"
    icon = "warning"
    menu_label = gettext_lazy("Flagged words")
    form_fields = ["word"]
    list_display = ["word"]
    ordering = ["word"]
    add_view_class = WordCreateView
    edit_view_class = WordEditView
    delete_view_class = WordDeleteView
    copy_view_enabled = False
