"""Menus name pages: whatever changes a page's address or its being public makes the cached menus stale."""

from typing import Any

from django.dispatch import receiver
from wagtail.signals import page_published, page_slug_changed, page_unpublished, post_page_move

from pages import services


@receiver([page_published, page_unpublished, page_slug_changed, post_page_move])
def forget_furniture(**_kwargs: Any) -> None:
    services.forget_furniture()
