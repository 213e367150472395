from django.urls import path, re_path
from wagtail.urls import serve_pattern

from pages import feeds, views

app_name = "pages"

urlpatterns = [
    path("news/feed.xml", feeds.NewsFeed(), name="news_feed"),
    path("robots.txt", views.robots, name="robots"),
    # Forms below _util/ stay Wagtail's.
    re_path(serve_pattern.replace("^", "^(?!_util/)", 1), views.serve, name="serve"),
]
