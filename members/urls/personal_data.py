from django.urls import path

from members.views import personal_data as views

app_name = "personal_data"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("export/", views.export, name="export"),
    path("export/<int:request_id>/file/", views.export_file, name="export_file"),
    path("erasure/", views.erasure, name="erasure"),
    path("erased/", views.erased, name="erased"),
]
