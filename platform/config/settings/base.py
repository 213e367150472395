"""Complete, production-safe settings; the overlays beside this file only change literals.

Everything that differs from machine to machine is read here, through `env`, and documented in `.env.example`.
Without any variable the embedded defaults apply: SQLite, Celery's filesystem transport and files under `var/`.
"""

from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

ROOT = Path(__file__).resolve().parents[3]

env = environ.Env()
if (ROOT / ".env").exists():
    env.read_env(str(ROOT / ".env"))

# What the platform writes while it runs; everything below it may be thrown away but media, private and the database.
VAR = Path(env.str("VAR_ROOT", default=str(ROOT / "var")))
VAR.mkdir(parents=True, exist_ok=True)

# Core

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = True

INSTALLED_APPS = [
    "ui",
    "accounts",
    "audit",
    "notifications",
    "pages",
    "members",
    "forum",
    "courses",
    "dashboard",
    "demo",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_filters",
    "import_export",
    "wagtail_localize",
    "wagtail_localize.locales",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.table_block",
    "wagtail.embeds",
    "wagtail.sites",
    "accounts.apps.AdminUsersConfig",  # wagtail.users with the fields of our people
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Before WhiteNoise: files that are not compressed beforehand (development) are compressed on the way.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ui.http.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "ui.http.MaintenanceMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.http.SessionActivityMiddleware",
    "accounts.http.TimeZoneMiddleware",
    "accounts.http.StaffSecondFactorMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]

# Cache, sessions and the broker: one Redis in production, files under var/ without it

REDIS_URL = env.str("REDIS_URL", default="")

if REDIS_URL:
    CACHES = {"default": {"BACKEND": "config.cache.RedisCache", "LOCATION": REDIS_URL}}
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": VAR / "cache",
            "OPTIONS": {"MAX_ENTRIES": 10_000},
        }
    }

# Database

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR / 'platform.sqlite3'}")}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # writers queue at BEGIN instead of failing at their first write
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }

# E-mail

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Central Asian League of Lawyers <noreply@example.org>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 10  # seconds

# Files

MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(VAR / "media"))()
MEDIA_URL = env.str("MEDIA_URL", default="/media/")
PRIVATE_ROOT = env.path("PRIVATE_ROOT", default=str(VAR / "private"))()
STATIC_ROOT = env.path("STATIC_ROOT", default=str(VAR / "static"))()
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Files that only a permission check may hand out: never below MEDIA_URL.
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PRIVATE_ROOT, "base_url": None},
    },
    "staticfiles": {"BACKEND": "ui.storage.StaticStorage"},
}

# Languages and time: Russian first; people may choose any of accounts.choices.Language for themselves

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
WAGTAIL_I18N_ENABLED = True
USE_TZ = True
TIME_ZONE = "Asia/Almaty"

# Templates

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pages.context_processors.site",
                "dashboard.context_processors.member_menu",
                "notifications.context_processors.bell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "ui.templatetags.ui"],
        },
    },
]

# Security

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz/$", r"^readyz/$"]  # asked from beside the server, where there is no TLS
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
X_FRAME_OPTIONS = "DENY"  # Wagtail allows its own previews by themselves

# Every page of the site. Wagtail's admin has a policy of its own: ui.http.ADMIN_POLICY.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # the masthead's ornament is a data: image inside our stylesheet
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    }
}

# People

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "members.backends.OfficeBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard:home"

ACCOUNT_ADAPTER = "notifications.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_FORMS = {
    "login": "accounts.forms.signin.LoginForm",
    "signup": "accounts.forms.signin.SignupForm",
    "reset_password": "accounts.forms.signin.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.signin.ResetPasswordKeyForm",
    "change_password": "accounts.forms.signin.ChangePasswordForm",
    "add_email": "accounts.forms.signin.AddEmailForm",
    "reauthenticate": "accounts.forms.signin.ReauthenticateForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a letter after each change of password, address or second factor
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # only in the browser where the person has just signed up
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # the outbox writes to people, and an address without an account is nobody's
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_FORMS = {
    "authenticate": "accounts.forms.signin.AuthenticateForm",
    "reauthenticate": "accounts.forms.signin.ReauthenticateCodeForm",
    "activate_totp": "accounts.forms.signin.ActivateTOTPForm",
    "add_webauthn": "accounts.forms.signin.AddWebAuthnForm",
    "edit_webauthn": "accounts.forms.signin.EditWebAuthnForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Central Asian League of Lawyers"
MFA_TOTP_TOLERANCE = 1  # half a minute either way: clocks of old phones
USERSESSIONS_TRACK_ACTIVITY = False  # accounts.http.SessionActivityMiddleware writes far less often
SESSION_COOKIE_AGE = 30 * 24 * 60 * 60  # for those who ask to be remembered

# How many proxies stand before the server: rate limits must see people's addresses, not the proxy's.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

# Whoever may open Wagtail's admin needs a second factor. Off only in the demo.
REQUIRE_STAFF_MFA = env.bool("REQUIRE_STAFF_MFA", default=True)

# Wagtail

WAGTAIL_SITE_NAME = "Central Asian League of Lawyers"
WAGTAILADMIN_BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000")
WAGTAILADMIN_LOGIN_URL = "account_login"
WAGTAIL_FRONTEND_LOGIN_URL = "account_login"
WAGTAIL_PAGE_MODEL = "wagtailcore.Page"
WAGTAILIMAGES_IMAGE_MODEL = "pages.SiteImage"
WAGTAILDOCS_DOCUMENT_MODEL = "pages.SiteDocument"
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAILEMBEDS_RESPONSIVE_HTML = True
WAGTAIL_HEADLESS_PREVIEW = False

# Celery

CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
if not REDIS_URL:
    QUEUE_FOLDER = VAR / "queue"
    for name in ("messages", "processed", "control"):
        (QUEUE_FOLDER / name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE_FOLDER / "messages"),
        "data_folder_out": str(QUEUE_FOLDER / "messages"),
        "processed_folder": str(QUEUE_FOLDER / "processed"),
        "control_folder": str(QUEUE_FOLDER / "control"),
        "store_processed": False,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SOFT_TIME_LIMIT = 60  # seconds
CELERY_TASK_TIME_LIMIT = 90  # seconds
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "close-overdue-attempts": {"task": "courses.tasks.close_overdue_attempts", "schedule": 300},
    "settle-courses": {"task": "courses.tasks.settle_courses", "schedule": 3600},
    "clear-expired-sessions": {"task": "accounts.tasks.clear_expired_sessions", "schedule": 86_400},
    "render-missing-certificates": {"task": "courses.tasks.render_missing_certificates", "schedule": 300},
    "move-applications": {"task": "members.tasks.applications.move_applications", "schedule": 3600},
    "seal-audit-log": {"task": "audit.tasks.seal_log", "schedule": 60, "options": {"expires": 60}},
    "build-data-exports": {
        "task": "members.tasks.personal_data.build_waiting_exports",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "apply-retention": {"task": "members.tasks.personal_data.apply_retention", "schedule": 86_400},
    "forget-old-notifications": {"task": "notifications.tasks.forget_old", "schedule": 86_400},
    "make-missing-receipts": {"task": "members.tasks.dues.make_missing_receipts", "schedule": 300},
    "refresh-standings": {"task": "members.tasks.dues.refresh_standings", "schedule": 3600},
    "remind-of-dues": {"task": "members.tasks.dues.remind_of_dues", "schedule": 3600},
    "settle-silent-transfers": {"task": "members.tasks.transfers.settle_silent_transfers", "schedule": 3600},
    "sweep-files-of-members": {"task": "members.tasks.records.sweep_files", "schedule": 60, "options": {"expires": 60}},
    "find-duplicates": {"task": "members.tasks.records.find_duplicates", "schedule": 300, "options": {"expires": 300}},
    # Every hour of the League begins with that of UTC, its day too: the first to come in a day notes it.
    "note-day-of-forum": {"task": "forum.tasks.note_day", "schedule": crontab(minute=1)},
    # Of UTC: the small hours in the region.
    "recount-forum": {"task": "forum.tasks.recount_forum", "schedule": crontab(hour=22, minute=30)},
    # A sweep that no worker took before the next one is due would only pile up.
    "sweep-notifications": {"task": "notifications.tasks.sweep", "schedule": 10, "options": {"expires": 10}},
}

# Notifications

# How much of a thing may leave the site in letters and push, whatever people choose: 2 all, 1 titles, 0 nothing.
NOTIFICATIONS_FLOOR = env.int("NOTIFICATIONS_FLOOR", default=2)
NOTIFICATIONS_BROADCASTS_PER_MINUTE = 600  # letters of one announcement
# The key pair of browser push (RFC 8292), made by `manage.py make_vapid_keys`; without it there is no push.
VAPID_PUBLIC_KEY = env.str("VAPID_PUBLIC_KEY", default="")
VAPID_PRIVATE_KEY = env.str("VAPID_PRIVATE_KEY", default="")
VAPID_CONTACT = env.str("VAPID_CONTACT", default="office@example.org")
# Where `manage.py process_bounces` finds the letters that came back, unless it is told otherwise.
BOUNCES_IMAP_URL = env.str("BOUNCES_IMAP_URL", default="")

# Dues

# Who takes payments: a class with the members of `members.channels.base.PaymentProvider`.
PAYMENT_PROVIDER = "members.channels.manual.ManualProvider"

# The site itself

# Shown on every page when the office works on the server: a 503 with Retry-After. See docs/operations.md.
MAINTENANCE = env.bool("MAINTENANCE", default=False)
MAILBOX_ENABLED = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"tokens": {"()": "members.http.MaskTokens"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["tokens"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # One line for each page saved, and three more for its indexes: noise beside what an operator looks for.
    "loggers": {
        **{name: {"level": "WARNING"} for name in ("wagtail", "django_tasks", "kombu")},
        # The development server names every address: through the same filter.
        "django.server": {"handlers": ["console"], "propagate": False},
    },
}
