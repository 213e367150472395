from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail import hooks
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet

from pages import permissions, services
from pages.models import SiteDocument, SiteText


class SiteTextViewSet(SnippetViewSet):
    model = SiteText
    icon = "globe"
    menu_order = 800
    add_to_settings_menu = True
    list_display = ["name", "locale", "contact_email"]


register_snippet(SiteTextViewSet)


@hooks.register("after_create_snippet")
@hooks.register("after_edit_snippet")
def forget_furniture_after_edit(request: HttpRequest, instance: object) -> None:
    """A changed menu shows on the next page."""
    if isinstance(instance, SiteText):
        services.forget_furniture()


@hooks.register("before_serve_document")
def check_document(document: SiteDocument, request: HttpRequest) -> HttpResponse | None:
    """The permission check before every file."""
    return None if permissions.can_download(request.user, document) else permissions.refuse_download(request)


@hooks.register("insert_global_admin_css")
def admin_css() -> SafeString:
    """The League's colours and mark in the admin."""
    return format_html('<link rel="stylesheet" href="{}">', static("pages/admin.css"))
