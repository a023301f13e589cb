from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "backend.residents"
    label = "residents"
    verbose_name = "居民"
