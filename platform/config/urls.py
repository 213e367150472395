"""One line per app; Wagtail, which takes what is left, last."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.conf.urls.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.contrib.sitemaps.views import sitemap
from wagtail.documents import urls as wagtaildocs_urls

from notifications.views import push_worker
from notifications.views.health import healthz, readyz
from pages.feeds import PageSitemap

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz/", healthz, name="healthz"),
    path("readyz/", readyz, name="readyz"),
    path("admin/reports/site-history/", include("members.urls.site_history")),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("push-worker.js", push_worker, name="push_worker"),
    path("sitemap.xml", sitemap, {"sitemaps": {"pages": PageSitemap}}, name="sitemap"),
]

if settings.MAILBOX_ENABLED:
    urlpatterns += [path("mailbox/", include("demo.urls"))]

if settings.DEBUG:
    urlpatterns += [path("ui/", include("ui.urls")), *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)]

urlpatterns += i18n_patterns(
    path("account/data/", include("members.urls.personal_data")),
    path("account/", include("accounts.urls")),
    path("home/", include("dashboard.urls")),
    path("notifications/", include("notifications.urls")),
    path("announcements/", include("members.urls.announcements")),
    path("membership/mine/", include("members.urls.membership")),
    path("membership/", include("members.urls.applications")),
    path("members/", include("members.urls.directory")),
    path("membership/profile/", include("members.urls.profiles")),
    path("membership/dues/", include("members.urls.dues")),
    path("", include("members.urls.cards")),
    path("", include("members.urls.cpd")),
    path("committees/", include("members.urls.committees")),
    path("forum/", include("forum.urls")),
    path("", include("courses.urls")),
    # Wagtail's own sign-in for restricted pages asks for a password alone: everybody goes through our door.
    path("_util/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("", include("pages.urls")),
    path("", include(wagtail_urls)),
    prefix_default_language=False,
)

handler400 = "ui.views.bad_request"
handler403 = "ui.views.permission_denied"
handler404 = "ui.views.page_not_found"
handler500 = "ui.views.server_error"
