# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of the cloud in memory, changed as the service does it."""

from __future__ import annotations

from support.json_object import Json


def change_tags(resources: dict[str, Json], body: Json) -> None:
    """Do what the body of a call asks for; ids that do not exist are left out."""
    ((operation, spec),) = body.items()
    keys = {tag["key"] for tag in spec["tags"]}
    for resource_id in [each for group in spec["resources"] for each in group["resourceId"] if each in resources]:
        tags = resources[resource_id].get("tags") or []
        if operation == "tagResources":
            resources[resource_id]["tags"] = [*(tag for tag in tags if tag["key"] not in keys), *spec["tags"]]
        else:
            resources[resource_id]["tags"] = [tag for tag in tags if tag not in spec["tags"]]
