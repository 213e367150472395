"""The forum's office in Wagtail's admin: rooms with their rules, tags, flagged words. No text of posts is shown."""

from django.utils.translation import gettext_lazy
from wagtail.admin.viewsets.model import ModelViewSetGroup

from forum.viewsets.rooms import RoomViewSet
from forum.viewsets.tags import TagViewSet
from forum.viewsets.words import FlaggedWordViewSet


class ForumViewSetGroup(ModelViewSetGroup):
    menu_label = gettext_lazy("Forum")
    menu_icon = "comment"
    menu_order = 280
    items = (RoomViewSet, TagViewSet, FlaggedWordViewSet)
