from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from wagtail import hooks

from notifications.viewsets import NotificationsViewSetGroup


@hooks.register("register_admin_viewset")
def register_notifications() -> NotificationsViewSetGroup:
    return NotificationsViewSetGroup()


@hooks.register("register_permissions")
def register_permissions() -> QuerySet[Permission]:
    """Let groups be given what the office of notifications asks for."""
    return Permission.objects.filter(
        content_type__app_label="notifications", codename__in=["view_message", "change_message"]
    )
