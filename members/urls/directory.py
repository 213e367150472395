from django.urls import path, register_converter

from members.views import directory as views


class PhotoSizeConverter:
    """The two sizes in which a photograph is kept."""

    regex = "small|large"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PhotoSizeConverter, "photo_size")

app_name = "directory"

urlpatterns = [
    path("", views.member_list, name="member_list"),
    path("<uuid:public_id>/", views.member_detail, name="member_detail"),
    path("<uuid:public_id>/contact/", views.member_contact, name="member_contact"),
    path("<uuid:public_id>/photo/<photo_size:size>/", views.member_photo, name="member_photo"),
]
