from django.urls import path

from demo import views

app_name = "mailbox"

urlpatterns = [
    path("", views.mailbox_index, name="index"),
    path("empty/", views.mailbox_empty, name="empty"),
    path("<slug:message_id>/", views.mailbox_message, name="message"),
    path("<slug:message_id>/html/", views.mailbox_html, name="html"),
]
