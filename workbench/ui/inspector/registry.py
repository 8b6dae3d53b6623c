"""The tabs of the inspector, in the order in which they are shown."""

from __future__ import annotations

from workbench.ui.inspector.bytes_tab import BytesTab
from workbench.ui.inspector.findings_tab import FindingsTab
from workbench.ui.inspector.plot_tab import PlotTab
from workbench.ui.inspector.queue_tab import QueueTab
from workbench.ui.inspector.tab import Tab
from workbench.ui.inspector.why_tab import WhyTab

TABS: tuple[type[Tab], ...] = (BytesTab, WhyTab, QueueTab, PlotTab, FindingsTab)
