from django.urls import path

from members.views import cpd as views

app_name = "cpd"

urlpatterns = [
    path("membership/cpd/", views.ledger, name="ledger"),
    path("membership/cpd/claims/", views.claim_list, name="claim_list"),
    path("membership/cpd/claims/new/", views.claim_create, name="claim_create"),
    path("membership/cpd/claims/<int:claim_id>/evidence/", views.claim_evidence, name="claim_evidence"),
    path("membership/cpd/transcripts/", views.transcript_list, name="transcript_list"),
    path("membership/cpd/transcripts/<str:public_id>.pdf", views.transcript_pdf, name="transcript_pdf"),
    path("membership/cpd/transcripts/<str:public_id>/withdraw/", views.transcript_revoke, name="transcript_revoke"),
    path("cpd/<str:public_id>/", views.transcript_verify, name="verify"),
]
