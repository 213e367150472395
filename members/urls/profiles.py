from django.urls import path

from members.views import privacy, profiles

app_name = "profiles"

urlpatterns = [
    path("", profiles.home, name="home"),
    path("edit/", profiles.edit, name="edit"),
    path("photo/", profiles.photo, name="photo"),
    path("photo/remove/", profiles.photo_remove, name="photo_remove"),
    path("audiences/", privacy.audiences, name="audiences"),
    path("visibility/", privacy.visibility, name="visibility"),
    path("messages/", profiles.message_list, name="message_list"),
    path("messages/<int:message_id>/", profiles.message_detail, name="message_detail"),
    path("messages/<int:message_id>/report/", profiles.message_report, name="message_report"),
    path("messages/<int:message_id>/block/", profiles.message_block, name="message_block"),
    path("messages/blocked/<int:block_id>/remove/", profiles.block_remove, name="block_remove"),
]
