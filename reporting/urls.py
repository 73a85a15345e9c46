"""The pages of one client that show its numbers and its policy."""

from django.urls import path

from reporting.views import arr, home, jump, months, policy, teams

urlpatterns = [
    path("", home.client_home, name="client_home"),
    path("arr/", arr.arr, name="arr"),
    path("arr/rows/", arr.arr_rows, name="arr_rows"),
    path("arr/bridge.csv", arr.arr_bridge_csv, name="arr_bridge_csv"),
    path("arr/bridge.pdf", arr.arr_bridge_pdf, name="arr_bridge_pdf"),
    path("arr/teams/", teams.team_bridge, name="team_bridge"),
    path("arr/teams/bridge.csv", teams.team_csv, name="team_bridge_csv"),
    path("jump/", jump.jump, name="jump"),
    path("months/", months.months, name="months"),
    path("months/<str:month>/close/", months.month_close_view, name="month_close"),
    path("months/<str:month>/restate/", months.month_restate_view, name="month_restate"),
    path("months/<str:month>/<int:revision>/", months.month_detail, name="month"),
    path("policy/", policy.policy, name="policy"),
    path("policy/change/", policy.policy_edit, name="policy_edit"),
    path("policy/<int:number>/", policy.policy_version, name="policy_version"),
]
