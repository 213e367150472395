"""The platform on one's own machine: no HTTPS, mail caught in a folder and shown at /mailbox/."""

from config.settings.base import *
from config.settings.base import MIDDLEWARE, VAR, env

DEBUG = True
SECRET_KEY = env.str("SECRET_KEY", default="development-only-key-that-protects-nothing-at-all")
ALLOWED_HOSTS = ["*"]
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 0
CSRF_COOKIE_SECURE = False
SESSION_COOKIE_SECURE = False
REQUIRE_STAFF_MFA = env.bool("REQUIRE_STAFF_MFA", default=False)
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = env.str("MAILBOX_FOLDER", default=str(VAR / "mail"))
MAILBOX_ENABLED = True
# What is compressed on the way gets a weak ETag, which WhiteNoise would not know again: a file would never be cached.
MIDDLEWARE = ["django.middleware.http.ConditionalGetMiddleware", *MIDDLEWARE]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
