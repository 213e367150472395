"""The suite: the engines that the environment names, fast hashing, tasks in the same process."""

from config.settings.base import *
from config.settings.base import CACHES, REDIS_URL, env

SECRET_KEY = "test-only-key-that-protects-nothing-at-all-1234567890"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 0
CSRF_COOKIE_SECURE = False
SESSION_COOKIE_SECURE = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
ACCOUNT_RATE_LIMITS = False
if REDIS_URL:
    # Every process of the suite empties its cache between tests: each has a Redis database of its own.
    CACHES["default"]["LOCATION"] = (
        f"{REDIS_URL.rsplit('/', 1)[0]}/{8 + int(env.str('PYTEST_XDIST_WORKER', 'gw0')[2:])}"
    )
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# No test searches or counts references: without the two indexes publishing a page costs a fraction.
TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
