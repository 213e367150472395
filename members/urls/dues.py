from django.urls import path

from members.views import dues as views

app_name = "dues"

urlpatterns = [
    path("", views.home, name="home"),
    path("renew/", views.renewal_create, name="renewal_create"),
    path("provider/", views.provider_notice, name="provider_notice"),
    path("invoices/<int:invoice_id>/", views.invoice_detail, name="invoice_detail"),
    path("invoices/<int:invoice_id>/pdf/", views.invoice_pdf, name="invoice_pdf"),
    path("invoices/<int:invoice_id>/pay/", views.invoice_pay, name="invoice_pay"),
    path("invoices/<int:invoice_id>/hardship/", views.hardship_create, name="hardship_create"),
    path("receipts/<int:receipt_id>/pdf/", views.receipt_pdf, name="receipt_pdf"),
]
