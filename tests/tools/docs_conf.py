# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of Sphinx for the site that docs.py builds. Neither the build nor the pages need anything from the network."""

from __future__ import annotations

from typing import Any

from docutils import nodes

project = "jdcloud.cloud"
author = "The jdcloud.cloud authors"
project_copyright = "The jdcloud.cloud authors"
html_title = "jdcloud.cloud: JD Cloud machines, safely out of service"
html_short_title = "jdcloud.cloud"

extensions = ["myst_parser", "sphinx_antsibull_ext"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
default_role = "any"
myst_heading_anchors = 3

html_theme = "sphinx_rtd_theme"
html_theme_options = {"collapse_navigation": False, "style_external_links": True}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
html_use_index = False
pygments_style = "ansible"
highlight_language = "YAML+Jinja"

ANSIBLE = "https://docs.ansible.com/ansible/latest"
ELSEWHERE = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
"""Labels of Ansible's own documentation that antsibull-docs refers to. So no list of labels is fetched from there."""


def link_elsewhere(app: Any, env: Any, node: Any, content: Any) -> nodes.reference | None:
    """A link to Ansible's documentation where a label or a variable of the environment is described there."""
    target = str(node["reftarget"])
    if node["reftype"] == "envvar" and target.startswith("ANSIBLE_"):
        address = f"reference_appendices/config.html#envvar-{target}"
    elif target in ELSEWHERE:
        address = ELSEWHERE[target]
    else:
        return None
    return nodes.reference("", "", content, refuri=f"{ANSIBLE}/{address}", internal=False)


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("missing-reference", link_elsewhere)
