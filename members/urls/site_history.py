"""In the place of Wagtail's own addresses, whose names lead here."""

from django.urls import path
from django.views.decorators.cache import never_cache

from members.viewsets.site_history import site_history, site_history_results

urlpatterns = [
    path("", never_cache(site_history)),
    path("results/", never_cache(site_history_results)),
]
