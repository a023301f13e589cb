from django.apps import AppConfig


class SeedsConfig(AppConfig):
    name = "backend.seeds"
    label = "seeds"
    verbose_name = "初始数据"
