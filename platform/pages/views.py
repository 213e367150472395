from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe
from wagtail.views import serve as wagtail_serve

from pages import services
from pages.models import NewsIndexPage, NewsPage


def serve(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a page that is found by its whole address in one look-up.

    Wagtail asks for site, locale and home page and then level by level, two queries each; a lesson is four levels deep.
    Its result is cached on the request under a documented name, so the page is put there and the rest (view
    restrictions, hooks) stays Wagtail's. What is not found this way is left to Wagtail's own routing.
    """
    page = services.find_page(path)
    if page is not None:
        request._wagtail_route_for_request = page.route(request, [])  # type: ignore[attr-defined]  # Wagtail's own name
    with services.remember_furniture():
        response: HttpResponseBase = wagtail_serve(request, path)
    return response


@require_safe
def news_index(request: HttpRequest, page: NewsIndexPage) -> HttpResponse:
    """Show the news, a page at a time; Wagtail's routing leads here through NewsIndexPage.serve."""
    paginator = Paginator(NewsPage.objects.for_list().child_of(page), NewsIndexPage.PAGE_SIZE)
    context = page.get_context(request)
    # Read only where the printed list is not in the cache.
    context["news"] = SimpleLazyObject(lambda: paginator.get_page(request.GET.get("page")))
    return render(request, page.template, context)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell crawlers what is public and where the sitemap is."""
    return render(request, "pages/robots.txt", content_type="text/plain; charset=utf-8")
