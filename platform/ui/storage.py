from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hash and compress static files, and follow the imports between our ES modules when doing so."""

    support_js_module_import_aggregation = True
