from django.urls import path

from members.views import cards as views

app_name = "card"

urlpatterns = [
    path("membership/card/", views.card_detail, name="detail"),
    path("membership/card/card.pdf", views.card_pdf, name="pdf"),
    path("membership/card/replace/", views.card_replace, name="replace"),
    path("membership/card/name/", views.card_name, name="show_name"),
    path("card/<str:token>/", views.card_check, name="check"),
]
