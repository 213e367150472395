"""The development settings without DEBUG: the error pages are the site's own, as in production."""

from config.settings.development import *  # noqa: F403 -- an overlay of settings

DEBUG = False
