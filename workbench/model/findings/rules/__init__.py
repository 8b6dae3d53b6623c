"""The rules by what they are about; each registers itself when its module is imported.

The order of the modules, and of the rules in them, is that of weight: of two findings as grave, the first one leads.
"""

from importlib import import_module

from workbench.model.findings.rule import RULES

MODULES = (
    *("lengths", "sending", "asking", "connecting", "sharing"),
    *("ending", "datagrams", "waiting", "text", "pace"),
)

for _module in MODULES:
    import_module(f"{__name__}.{_module}")

__all__ = ["MODULES", "RULES"]
