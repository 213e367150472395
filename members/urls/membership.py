from django.urls import path

from members.views import membership as views

app_name = "membership"

urlpatterns = [
    path("", views.home, name="home"),
    path("leave/", views.resign, name="resign"),
    path("stay/", views.take_back, name="take_back"),
    path("transfer/", views.transfer, name="transfer"),
    path("transfer/<int:transfer_id>/cancel/", views.transfer_cancel, name="transfer_cancel"),
]
