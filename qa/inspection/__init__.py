"""How a file was read: its outline, what is wrong with it and what was left out, before it is indexed."""

from qa.inspection.inspecting import DroppedGroup, Inspection, inspect, inspection_as_dict
from qa.inspection.page import write_page

__all__ = ["DroppedGroup", "Inspection", "inspect", "inspection_as_dict", "write_page"]
