from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoursesConfig(AppConfig):
    name = "courses"
    verbose_name = _("Courses")

    def ready(self) -> None:
        from courses import receivers  # noqa: F401, PLC0415 -- connects the signals
        from courses.services.achievements import list_achievements  # noqa: PLC0415 -- needs the models
        from members.registry.certificates import register_achievements  # noqa: PLC0415 -- the same

        register_achievements(list_achievements)
