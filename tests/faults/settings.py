"""The engines of production for the fault harness and the benchmark; real letters to a server of their own."""

from config.settings.test import *
from config.settings.test import INSTALLED_APPS, REDIS_URL, env

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults"]


class NoMigrations:
    """Create every table from its model at once: some of these databases live for seconds."""

    def __contains__(self, label: str) -> bool:
        return True

    def __getitem__(self, label: str) -> None:
        return None


MIGRATION_MODULES = NoMigrations()

# Without Redis a message for a worker goes nowhere at all: the sweeper alone has to do.
CELERY_BROKER_URL = REDIS_URL or "memory://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
CELERY_TASK_ALWAYS_EAGER = False
CELERY_TASK_EAGER_PROPAGATES = False
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "notifications.tasks.sweep", "schedule": 1, "options": {"expires": 2}}}
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "config.cache.RedisCache", "LOCATION": REDIS_URL}}

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = env.int("SINK_PORT", default=0)
EMAIL_TIMEOUT = 2  # seconds
LANGUAGE_CODE = "en"
