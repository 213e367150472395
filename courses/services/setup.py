"""What a fresh installation needs before editors can start: the catalogue and the roles that work on it."""

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from courses.models import CourseIndexPage
from members.choices import OFFICE_GROUPS, OfficeRole
from members.services.setup import create_office_groups
from pages.models import HomePage

AUTHORS = "Course authors"
OFFICE = OFFICE_GROUPS[OfficeRole.REGISTRAR]
BOARD = OFFICE_GROUPS[OfficeRole.BOARD]
CHAPTER_OFFICERS = OFFICE_GROUPS[OfficeRole.CHAPTER_OFFICER]


@transaction.atomic
def create_catalogue(home_pages: dict[str, HomePage], titles: dict[str, str]) -> dict[str, CourseIndexPage]:
    """Create the catalogue below each home page, one in all languages, unless it exists; return them by language."""
    catalogues: dict[str, CourseIndexPage] = {}
    for code, home in home_pages.items():
        catalogue = CourseIndexPage.objects.child_of(home).first()
        if catalogue is None:
            catalogue = CourseIndexPage(title=titles[code], slug="courses", locale=home.locale, show_in_menus=True)
            source = catalogues.get(settings.LANGUAGE_CODE)
            if source is not None:
                catalogue.translation_key = source.translation_key
            home.refresh_from_db()
            home.add_child(instance=catalogue)
            catalogue.save_revision().publish()
        catalogues[code] = catalogue
    return catalogues


@transaction.atomic
def create_roles(catalogues: dict[str, CourseIndexPage]) -> None:
    """Create the groups of course authors and of the League's office with their permissions, unless they have them."""
    access = Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
    authors, _created = Group.objects.get_or_create(name=AUTHORS)
    translate = Permission.objects.get(content_type__app_label="wagtail_localize", codename="submit_translation")
    authors.permissions.add(access, translate, *_model_permissions("courses", "courserun", "view"))
    for page in catalogues.values():
        for codename in ("add_page", "change_page", "publish_page"):
            _grant_page(authors, page, codename)
    root = Collection.get_first_root_node()
    for app_label, model in (("pages", "siteimage"), ("pages", "sitedocument")):
        for permission in _model_permissions(app_label, model, "add", "change", "choose"):
            GroupCollectionPermission.objects.get_or_create(group=authors, collection=root, permission=permission)
    # A chapter's officer sees the League's structure and no member's records: those of other chapters are not theirs.
    groups = create_office_groups()
    officers, office = groups[CHAPTER_OFFICERS], groups[OFFICE]
    officers.permissions.add(*_model_permissions("members", "chapter", "view"))
    office.permissions.add(
        *_model_permissions("members", "announcement", "add", "change", "view", "publish"),
        *_model_permissions("notifications", "message", "change", "view"),
    )
    for app_label, model in (
        ("courses", "courserun"),
        ("courses", "enrolment"),
        ("courses", "certificate"),
        ("members", "chapter"),
    ):
        office.permissions.add(*_model_permissions(app_label, model, "add", "change", "view"))
    # Who keeps the rooms of the forum reads no more in them than anybody else: their rules say who reads.
    for group in (office, groups[BOARD]):
        for model in ("room", "tag", "flaggedword"):
            group.permissions.add(*_model_permissions("forum", model, "add", "change", "delete", "view"))
    # Offices alone decide about terms of office; what earlier versions gave goes.
    for group in (officers, office):
        group.permissions.remove(*_model_permissions("members", "officeterm", "add", "change", "view"))


def _model_permissions(app_label: str, model: str, *actions: str) -> list[Permission]:
    return list(
        Permission.objects.filter(
            content_type__app_label=app_label, codename__in=[f"{action}_{model}" for action in actions]
        )
    )


def _grant_page(group: Group, page: Page, codename: str) -> None:
    permission = Permission.objects.get(content_type__app_label="wagtailcore", codename=codename)
    GroupPagePermission.objects.get_or_create(group=group, page=page, permission=permission)
