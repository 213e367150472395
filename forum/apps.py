from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ForumConfig(AppConfig):
    name = "forum"
    verbose_name = _("Forum")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Kinds of notifications, and what a person may take along or have erased, are declared when the app is ready.
        from forum import notifications, receivers  # noqa: F401, PLC0415 -- leaves
