from django.urls import include, path

from accounts import views

own_patterns = [
    path("", views.overview, name="overview"),
    path("profile/", views.profile, name="profile"),
    path("verification/", views.verification, name="verification"),
]

urlpatterns = [
    path("", include((own_patterns, "accounts"))),
    path("", include("allauth.urls")),
]
