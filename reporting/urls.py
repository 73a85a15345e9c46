"""The pages of one client that show its numbers and its policy."""

from django.urls import path

from reporting.views import arr, home, policy

urlpatterns = [
    path("", home.client_home, name="client_home"),
    path("arr/", arr.arr, name="arr"),
    path("arr/bridge.csv", arr.arr_bridge_csv, name="arr_bridge_csv"),
    path("policy/", policy.policy, name="policy"),
    path("policy/change/", policy.policy_edit, name="policy_edit"),
    path("policy/<int:number>/", policy.policy_version, name="policy_version"),
]
