from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from courses.services import setup
from members.services.setup import load_reference
from pages.services import create_home_pages, create_news_pages

HOME_TITLES = {"ru": "Центральноазиатская лига юристов", "en": "Central Asian League of Lawyers"}
CATALOGUE_TITLES = {"ru": "Курсы", "en": "Courses"}
NEWS_TITLES = {"ru": "Новости", "en": "News"}


class Command(BaseCommand):
    help = "Create home pages, news, catalogue, roles and reference data. Safe to run again: what exists is left alone."

    def handle(self, *args: Any, **options: Any) -> None:
        address = urlsplit(settings.WAGTAILADMIN_BASE_URL)
        port = address.port or (443 if address.scheme == "https" else 80)
        with transaction.atomic():
            homes = create_home_pages(HOME_TITLES, hostname=address.hostname or "localhost", port=port)
            create_news_pages(homes, NEWS_TITLES)
            setup.create_roles(setup.create_catalogue(homes, CATALOGUE_TITLES))
            load_reference()
        self.stdout.write("The site has its home pages, news, catalogue, roles and reference data.")
