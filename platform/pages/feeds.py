from datetime import UTC, datetime, time
from functools import reduce
from operator import or_

from django.contrib.syndication.views import Feed
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.contrib.sitemaps import Sitemap
from wagtail.models import Page
from wagtail.query import PageQuerySet

from pages import services
from pages.models import NewsPage


class NewsFeed(Feed[NewsPage, None]):
    """The latest news in the language of the address, as Atom (RFC 4287)."""

    feed_type = Atom1Feed
    ITEMS = 20

    def title(self) -> str:
        text = services.site_furniture()["text"]
        return text["name"] if text else _("Central Asian League of Lawyers")

    subtitle = gettext_lazy("News of the League")

    def link(self) -> str:
        return services.home_url(services.active_language())

    def items(self) -> list[NewsPage]:
        return list(NewsPage.objects.for_list()[: self.ITEMS])

    def item_title(self, item: NewsPage) -> str:
        return item.title

    def item_description(self, item: NewsPage) -> str:
        return item.summary

    def item_link(self, item: NewsPage) -> str:
        return item.get_url()

    def item_pubdate(self, item: NewsPage) -> datetime:
        return datetime.combine(item.published_on, time(), tzinfo=UTC)

    def item_updateddate(self, item: NewsPage) -> datetime:
        return item.last_published_at or self.item_pubdate(item)


class PageSitemap(Sitemap):
    """The public pages of every language: Wagtail's own only knows the tree of the site's root page."""

    def items(self) -> PageQuerySet:
        homes = self.get_wagtail_site().root_page.get_translations(inclusive=True)
        trees = reduce(or_, (Page.objects.descendant_of_q(home, inclusive=True) for home in homes))
        return Page.objects.filter(trees).live().public().order_by("path").defer_streamfields().specific()
