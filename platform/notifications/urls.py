from django.urls import path

from notifications import views

app_name = "notifications"

urlpatterns = [
    path("", views.centre, name="centre"),
    path("read/", views.read_all, name="read_all"),
    path("read/pulled/", views.read_pulled, name="read_pulled"),
    path("pulse/", views.pulse, name="pulse"),
    path("settings/", views.settings, name="settings"),
    path("settings/mutes/<int:mute_id>/remove/", views.unmute, name="unmute"),
    path("deliveries/", views.deliveries, name="deliveries"),
    path("push/", views.add_browser, name="add_browser"),
    path("push/<int:subscription_id>/remove/", views.remove_browser, name="remove_browser"),
    path("address/", views.clear_cooling, name="clear_cooling"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("<int:item_id>/", views.open_item, name="open_item"),
    path("<int:item_id>/read/", views.read_item, name="read_item"),
    path("<int:item_id>/mute/", views.mute_item, name="mute_item"),
]
