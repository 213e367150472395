from django.urls import path

from members.views import committees as views

app_name = "committee"

urlpatterns = [
    path("", views.committee_list, name="list"),
    path("<int:committee_id>/", views.committee_detail, name="detail"),
    path("<int:committee_id>/members/add/", views.member_add, name="member_add"),
    path("<int:committee_id>/members/<int:seat_id>/remove/", views.member_remove, name="member_remove"),
]
