from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("notifications")

    def ready(self) -> None:
        """Let every app declare its kinds, and connect the signals."""
        from notifications import receivers  # noqa: F401, PLC0415 -- connects the signals

        autodiscover_modules("notifications")
