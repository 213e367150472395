"""Menus and printed lists name pages: whatever changes a page's address or who may see it makes them stale."""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from wagtail.models import PageViewRestriction
from wagtail.signals import page_published, page_slug_changed, page_unpublished, post_page_move

from pages import services


@receiver([page_published, page_unpublished, page_slug_changed, post_page_move])
@receiver([post_save, post_delete], sender=PageViewRestriction)
def forget_furniture(**_kwargs: Any) -> None:
    services.forget_furniture()
