# The commands of a clone. They need Python 3.11+ with pip, and make: no database, Redis or Docker.
# PYTHON=python3.12 chooses another Python; ARGS="…" goes on to pytest, the story and the bench.

PYTHON ?= python3
TESTERS ?= 2
BIN := .venv/bin
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help run test check story bench docs reset

help: ## 列出这些命令
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

run: .venv/.runtime ## 启动整个平台 (PORT=8000), Ctrl-C 停止, 再次执行接着用同一份数据
	@$(BIN)/python -m backend.devstack.run

story: .venv/.runtime ## 在运行中的平台上, 用 HTTP 走完一件事从申请到办结的全过程
	@$(BIN)/python -m backend.devstack.story $(ARGS)

test: .venv/.dev ## 用自带的数据库与沙箱运行全部测试
	@$(BIN)/python -m backend.devstack.testing --sets $(TESTERS) -- \
		pytest -n $(TESTERS) --dist loadscope $(ARGS)

check: .venv/.dev ## 检查写法、类型、分层、迁移与接口文档
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
	$(BIN)/python manage.py problems --check

bench: .venv/.runtime ## 造一百万件办件并测速 (ARGS="--scale 0.1" 为十分之一)
	@$(BIN)/python -m benchmarks $(ARGS)

docs: .venv/.dev ## 重新生成 docs/problems.md 与 docs/openapi.yaml
	@$(BIN)/python manage.py problems
	@$(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

reset: ## 清空本目录的数据 (平台运行时拒绝)
	@$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m backend.devstack.reset

.venv/.runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "✗ 需要 Python 3.11 或更高版本 ($(PYTHON) 不是)。已装在别处时: make PYTHON=python3.12 …"; \
		exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		echo "建立 .venv ……"; rm -rf .venv; $(PYTHON) -m venv .venv; }
	@echo "安装运行所需的依赖 (首次约半分钟) ……"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	@echo "安装测试与检查所需的依赖 ……"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements-dev.txt
	@touch $@
