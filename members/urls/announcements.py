from django.urls import path

from members.views import announcements as views

app_name = "members"

urlpatterns = [
    path("", views.announcement_list, name="announcement_list"),
    path("<int:announcement_id>/", views.announcement_detail, name="announcement_detail"),
]
