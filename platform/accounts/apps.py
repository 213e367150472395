from django.apps import AppConfig
from wagtail.users.apps import WagtailUsersAppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default = True

    def ready(self) -> None:
        import accounts.receivers  # noqa: F401, PLC0415 -- connects them; models are ready only now


class AdminUsersConfig(WagtailUsersAppConfig):
    """Wagtail's management of people, with the fields our people have."""

    user_viewset = "accounts.wagtail_hooks.PersonViewSet"
